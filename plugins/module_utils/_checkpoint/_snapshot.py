# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Takes the snapshot of a checkpoint: complete on disk before it is called armed, or nothing is left of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint import (
    _record,
    _restorer,
    _watcher,
)
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._record import (
    Entry,
    Manifest,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)


@dataclass(frozen=True)
class Plan:
    """What is to be armed: C(timeout) in seconds, C(command) as an argument list."""

    name: str
    paths: tuple[str, ...]
    command: tuple[str, ...]
    timeout: float


def examine(paths: t.Sequence[str]) -> tuple[Entry, ...]:
    """What is at these paths now, each file once. Raises InvalidInput for what is neither a regular file nor absent."""
    entries: dict[str, Entry] = {}
    for path in paths:
        if not os.path.isabs(path):
            raise InvalidInput(
                f"{path} is not an absolute path: a checkpoint needs absolute paths."
            )
        entry = _examined(os.path.normpath(path))
        entries.setdefault(entry.path, entry)
    return tuple(entries.values())


def take(root: str, plan: Plan, *, token: str) -> Manifest:
    """Write the snapshot and the watcher's script below C(root); the manifest says where everything lies.

    Raises CommandFailed, with nothing left behind, when the disk is full or something cannot be read or written.
    """
    temporary = os.path.join(root, f".{plan.name}.new")
    final = os.path.join(root, plan.name)
    entries = tuple(
        _placed(entry, index, plan.name) for index, entry in enumerate(examine(plan.paths))
    )
    manifest = Manifest(
        name=plan.name,
        token=token,
        boot=_record.boot_identity(),
        armed_clock=_record.clock(),
        armed_at=time.time(),
        timeout=plan.timeout,
        command=plan.command,
        boot_files=_watcher.boot_files(plan.name),
        entries=entries,
    )
    try:
        _write(temporary, manifest)
        shutil.rmtree(final, ignore_errors=True)
        os.rename(temporary, final)
        _sync(root, final, manifest)
    except OSError as error:
        discard(temporary, manifest)
        discard(final, manifest)
        where = error.filename or root
        raise CommandFailed(
            f"{where} cannot be written: {error.strerror}; nothing was armed."
        ) from error
    return manifest


def discard(directory: str, manifest: Manifest) -> None:
    """Remove everything that belongs to a checkpoint."""
    _restorer.remove_copies(directory, manifest)
    shutil.rmtree(directory, ignore_errors=True)


def _examined(path: str) -> Entry:
    target = os.path.realpath(path)
    link = os.readlink(path) if os.path.islink(path) else None
    try:
        status = os.stat(target)
    except FileNotFoundError:
        return Entry(path, target, link, present=False)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    if stat.S_ISDIR(status.st_mode):
        raise InvalidInput(f"{path} is a directory: name the files in it that are to be restored.")
    if not stat.S_ISREG(status.st_mode):
        raise InvalidInput(f"{path} is not a regular file: a checkpoint cannot restore it.")
    return Entry(
        path=path,
        target=target,
        link=link,
        present=True,
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        mtime_ns=status.st_mtime_ns,
    )


def _placed(entry: Entry, index: int, name: str) -> Entry:
    if not entry.present:
        return entry
    parent, base = os.path.split(entry.target)
    staged = os.path.join(parent, f".{base}.{name}-{index}.checkpoint")
    digest = _restorer.file_digest(entry.target)
    if digest is None:
        raise InvalidInput(f"{entry.path} cannot be read: run with become.")
    return replace(entry, sha256=digest, staged=staged, copy=os.path.join("files", str(index)))


def _write(directory: str, manifest: Manifest) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(os.path.join(directory, "files"), mode=0o700)
    os.chmod(directory, 0o700)
    for entry in manifest.entries:
        if entry.present:
            _stage(directory, entry)
    room = _record.outcome_room([entry.path for entry in manifest.entries])
    _write_file(os.path.join(directory, _record.OUTCOME), b" " * room)
    _write_file(os.path.join(directory, _watcher.PROGRAM), _watcher.program())
    _write_file(os.path.join(directory, _record.ARMING), b"")
    _write_file(os.path.join(directory, _record.MANIFEST), _record.dump(manifest).encode("ascii"))


def _sync(root: str, directory: str, manifest: Manifest) -> None:
    """The names, too, must be on the disk before anybody changes a file: a power cut is no excuse."""
    parents = {os.path.dirname(entry.staged) for entry in manifest.entries if entry.staged}
    for place in (os.path.join(directory, "files"), directory, root, *parents):
        _restorer.sync_directory(place)


def finish(directory: str) -> None:
    """The watcher runs: from now on the checkpoint restores unless it is confirmed."""
    os.unlink(os.path.join(directory, _record.ARMING))
    _restorer.sync_directory(directory)


def _stage(directory: str, entry: Entry) -> None:
    for place in (os.path.join(directory, entry.copy), entry.staged):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)
        _restorer.copy_to(entry.target, place)
        if _restorer.file_digest(place) != entry.sha256:
            raise OSError(0, f"{entry.path} changed while it was being read", place)
    os.chown(entry.staged, entry.uid, entry.gid)
    os.chmod(entry.staged, entry.mode)


def _write_file(path: str, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def private_directory(path: str) -> None:
    """Make a directory for what only this user reads. Raises InvalidInput where others can read it, or put another in its place."""
    _record.make_directories(path, 0o700)
    _raise_on_open_parents(os.path.realpath(path))
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise InvalidInput(
            f"{path} must be a directory of this user with mode 0700: checkpoints hold private files."
        )


def _raise_on_open_parents(path: str) -> None:
    """Who can write to a directory above can put another one in its place, and root runs a program from there.

    The owner of / is trusted as root is: in a container it may be nobody that the container knows.
    """
    top = os.stat("/")
    users, groups = {0, os.geteuid(), top.st_uid}, {0, os.getegid(), top.st_gid}
    while (parent := os.path.dirname(path)) != path:
        status = os.stat(parent)
        writing = status.st_mode & (0o002 if status.st_gid in groups else 0o022)
        if status.st_uid not in users or (writing and not status.st_mode & stat.S_ISVTX):
            raise InvalidInput(
                f"{parent} can be written by others, who could put a program of theirs below it in place of the one that"
                " restores: let root own it with mode 0755, or name another state_directory."
            )
        path = parent


__all__ = ["Plan", "discard", "examine", "finish", "private_directory", "take"]
