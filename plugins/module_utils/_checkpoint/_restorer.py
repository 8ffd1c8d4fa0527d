# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Restores a checkpoint, and is the watcher's program: it runs on the host by itself, long after Ansible has gone.

It must therefore import the standard library and _record.py only. The first copies of the files lie staged beside
them, so that restoring is a rename and works on a full disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._record import (
    LOCK_SECONDS,
    Busy,
    Entry,
    Manifest,
    Outcome,
    RestorerError,
    clock,
    is_overdue,
    is_pending,
    is_unfinished,
    load_manifest,
    locked,
    make_directories,
    outcome_of,
    parting_of,
    write_outcome,
)

PID: t.Final = "watcher.pid"
COMMAND_SECONDS: t.Final = 120.0
#: Postfix's commands print the values of parameters that they do not know, which may be passwords.
_VALUE_OF_UNUSED: t.Final = re.compile(r"(: unused parameter: [^\s=]+)=.*")
_PAUSES: t.Final = (5.0, 15.0, 60.0, 300.0, 900.0)
#: After so many, cron leaves the host to its administrator.
_ATTEMPTS: t.Final = 30


def file_digest(path: str) -> str | None:
    """SHA-256 of a regular file, lower-case hex; None if there is no readable regular file."""
    digest = hashlib.sha256()
    try:
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as stream:
            for chunk in iter(lambda: stream.read(1 << 20), b""):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()


def differs(entry: Entry) -> bool:
    """True unless the path is exactly as it was: link, existence, content, owner and mode."""
    link = os.readlink(entry.path) if os.path.islink(entry.path) else None
    if link != entry.link:
        return True
    if not entry.present:
        return os.path.lexists(entry.target)
    if file_digest(entry.target) != entry.sha256:
        return True
    try:
        status = os.stat(entry.target)
    except OSError:
        return True
    return (status.st_mode & 0o7777, status.st_uid, status.st_gid) != (
        entry.mode,
        entry.uid,
        entry.gid,
    )


def restore(
    directory: str,
    manifest: Manifest,
    *,
    reason: str,
    run_command: bool,
    earlier: Outcome | None = None,
) -> Outcome:
    """Put every file back, run the command, and record the outcome. To be called with the lock held.

    The second copies stay until the next arming, in case a change that came too late is written over what was restored.
    Goes on after a file that cannot be restored: `failures` names it. An attempt that follows an `earlier` one tries only
    what that one left, since somebody may have repaired the others by hand, and runs the command only after it put a file back.
    """
    tried = [
        entry
        for entry in manifest.entries
        if (earlier is None or entry.path in earlier.unrestored) and differs(entry)
    ]
    said = {entry.path: _failure(directory, entry) for entry in tried}
    failures = {path: failure for path, failure in said.items() if failure}
    before = earlier or Outcome(reason, 0, (), (), None, "", attempts=0)
    status, output = before.command_status, before.command_output
    if run_command and (status is None or len(failures) < len(said)):
        status, output = _run(manifest.command)
    outcome = Outcome(
        reason,
        time.time(),
        tuple(dict.fromkeys((*before.differed, *said))),
        tuple(failures.values()),
        status,
        output,
        before.attempts + 1,
        tuple(failures),
    )
    write_outcome(directory, outcome)
    if not failures:
        remove_waiting(manifest)
    return outcome


def remove_waiting(manifest: Manifest) -> None:
    """Remove the staged files and what waits for the next boot."""
    _remove(entry.staged for entry in manifest.entries if entry.staged)
    _remove(manifest.boot_files)


def _remove(paths: t.Iterable[str]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            os.unlink(path)


def remove_copies(directory: str, manifest: Manifest) -> None:
    """Remove staged files, second copies and what waits for the next boot."""
    remove_waiting(manifest)
    shutil.rmtree(os.path.join(directory, "files"), ignore_errors=True)


def copy_labels(source: str, destination: str) -> None:
    """Extended attributes: the SELinux context and access control lists, where the file system has them."""
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(destination, name, os.getxattr(source, name))


def copy_to(source: str, destination: str) -> None:
    """Copy bytes and labels to a new file, onto the disk. Readable by its owner only until its mode is set."""
    handle = os.open(destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out, open(source, "rb") as stream:
            shutil.copyfileobj(stream, out)
            out.flush()
            copy_labels(source, destination)
            os.fsync(out.fileno())
    except OSError as error:
        raise OSError(error.errno, error.strerror, destination) from error


def sync_directory(path: str) -> None:
    """Put what was renamed in a directory onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failure(directory: str, entry: Entry) -> str:
    """Put one file back; empty when it is as it was, else what went wrong."""
    try:
        _put_back(directory, entry)
        return f"{entry.path} still differs" if differs(entry) else ""
    except OSError as error:
        return f"{entry.path}: {error.strerror}"


def _put_back(directory: str, entry: Entry) -> None:
    if entry.link is not None and (
        not os.path.islink(entry.path) or os.readlink(entry.path) != entry.link
    ):
        _link_again(entry.path, entry.link)
    elif entry.link is None and os.path.islink(entry.path):
        os.unlink(entry.path)
    if not entry.present:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(entry.target)
        return
    source = entry.staged
    if file_digest(source) != entry.sha256:
        source = os.path.join(directory, entry.copy)
        if file_digest(source) != entry.sha256:
            raise OSError(0, "both copies of it are gone or damaged")
        source = _copied_beside(source, entry)
    os.chown(source, entry.uid, entry.gid)
    os.chmod(source, entry.mode)
    os.utime(source, ns=(entry.mtime_ns, entry.mtime_ns))
    os.rename(source, entry.target)
    sync_directory(os.path.dirname(entry.target))


def _link_again(path: str, text: str) -> None:
    temporary = f"{path}.postmaster-tls"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    os.symlink(text, temporary)
    os.rename(temporary, path)


def _copied_beside(source: str, entry: Entry) -> str:
    make_directories(os.path.dirname(entry.target))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(entry.staged)
    copy_to(source, entry.staged)
    return entry.staged


def _run(command: t.Sequence[str]) -> tuple[int | None, str]:
    """Exit status (127 if it cannot be started, 124 if it takes too long) and the end of what it printed.

    A command that takes too long is ended with what it started; what one that has ended left running is not, as that may be
    the mail server.
    """
    if not command:
        return None, ""
    try:
        process = _started(command)
    except OSError as error:
        return 127, error.strerror or str(error)
    try:
        output = process.communicate(timeout=COMMAND_SECONDS)[0]
    except subprocess.TimeoutExpired as late:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return 124, f"it did not end within {COMMAND_SECONDS:g} seconds"
        output = late.output or b""
    finally:
        if process.stdout:
            process.stdout.close()
    printed = _VALUE_OF_UNUSED.sub(r"\1", output.decode("utf-8", "replace"))
    return process.returncode, printed.strip()[-1000:]


def _started(command: t.Sequence[str]) -> subprocess.Popen[bytes]:
    path = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
    return subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with  # runs without Ansible
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={"PATH": path, "LC_ALL": "C"},
        start_new_session=True,
        umask=0o022,
    )


def restore_if_due(
    root: str,
    name: str,
    token: str,
    *,
    reason: str,
    run_command: bool,
    lock_seconds: float | None = LOCK_SECONDS,
) -> None:
    """The watcher's act: restore unless this very checkpoint was confirmed or restored in the meantime.

    Removes what an arming, a confirmation or a restoration that was killed has left waiting.
    """
    directory = os.path.join(root, name)
    with locked(root, name, lock_seconds):
        manifest = load_manifest(directory)
        if manifest is None:
            directory = parting_of(root, name, token)
            manifest = load_manifest(directory)
        if manifest is None or manifest.token != token:
            return
        if directory != os.path.join(root, name) or is_unfinished(directory):
            remove_waiting(manifest)
            return
        outcome = outcome_of(directory)
        if is_pending(outcome) and is_overdue(manifest) and not _is_given_up(outcome):
            outcome = restore(
                directory, manifest, reason=reason, run_command=run_command, earlier=outcome
            )
        if not is_pending(outcome):
            remove_waiting(manifest)
        elif _is_given_up(outcome):
            _remove(manifest.boot_files)


def _is_given_up(outcome: Outcome | None) -> bool:
    return outcome is not None and is_pending(outcome) and outcome.attempts >= _ATTEMPTS


def _detach() -> None:
    """Leave the session and the process group of the connection that started this process."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o022)
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _wait(root: str, name: str, token: str) -> None:
    """Sleep until the deadline, or until the checkpoint is over for another reason."""
    while (manifest := _waiting(root, name, token)) is not None:
        time.sleep(max(0.05, min(2.0, manifest.armed_clock + manifest.timeout - clock())))


def _waiting(root: str, name: str, token: str) -> Manifest | None:
    """The checkpoint while its deadline is to come; None when it is due, or over for another reason."""
    directory = os.path.join(root, name)
    manifest = load_manifest(directory)
    if manifest is None or manifest.token != token or is_overdue(manifest):
        return None
    return manifest if is_pending(outcome_of(directory)) else None


def main(arguments: t.Sequence[str]) -> int:
    """restorer.pyz timer|boot|cron|detached ROOT NAME TOKEN: 0 when there is nothing left to do.

    Tries again for a while after a failure, since nobody else will; but does not hold up a boot, and cron calls again, so
    many times. A soft reboot, which leaves the kernel as it is, has ended the timer: then the boot leaves a process that waits,
    as it does while another process works on the checkpoint. That other one is waited for however long it takes.
    """
    how, root, name, token = arguments
    if how == "boot":
        with contextlib.suppress(Busy):
            if not _succeeds(root, name, token, reason="reboot", run_command=False):
                return 1
            if _waiting(root, name, token) is None:
                return 0
    if how in ("detached", "boot"):
        _detach()
        with open(os.path.join(root, name, PID), "w", encoding="ascii") as stream:
            stream.write(f"{os.getpid()}\n")
        _wait(root, name, token)
    if how == "cron":
        with contextlib.suppress(Busy):
            return 0 if _succeeds(root, name, token, reason="overdue", run_command=True) else 1
        return 1
    for pause in (*_PAUSES, None):
        if _succeeds(root, name, token, reason="timeout", run_command=True, lock_seconds=None):
            return 0
        if pause:
            time.sleep(pause)
    return 1


def _succeeds(root: str, name: str, token: str, **how: t.Any) -> bool:
    """Raises Busy, since nothing was tried then."""
    try:
        restore_if_due(root, name, token, **how)
    except Busy:
        raise
    except (OSError, RestorerError) as error:
        sys.stderr.write(f"{error}\n")
        return False
    outcome = outcome_of(os.path.join(root, name))
    return outcome is None or not outcome.failures


__all__ = [
    "PID",
    "copy_labels",
    "copy_to",
    "differs",
    "file_digest",
    "locked",
    "main",
    "remove_copies",
    "remove_waiting",
    "restore",
    "restore_if_due",
    "sync_directory",
]
