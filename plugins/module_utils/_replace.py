# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Files read, then replaced together: all or none, by rename, unless somebody else changed one; owners stay."""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._restorer import (
    copy_labels,
    sync_directory,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import open_file


@dataclass(frozen=True)
class Original:
    """A file as it was read: C(path) as named, C(target) with symbolic links resolved."""

    path: str
    target: str
    content: bytes
    status: os.stat_result

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Replacement:
    original: Original
    content: bytes


def read_original(path: str) -> Original:
    """Read a regular file, following symbolic links. Raises InvalidInput when it cannot be read."""
    target = os.path.realpath(path)
    try:
        with open_file(target) as stream:
            content, status = stream.read(), os.fstat(stream.fileno())
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    return Original(path, target, content, status)


def refuse_unwritable(original: Original) -> None:
    """Raise InvalidInput unless the file can be replaced by rename with its owner kept."""
    directory = os.path.dirname(original.target)
    if not os.access(original.target, os.W_OK) or not os.access(directory, os.W_OK):
        raise InvalidInput(f"{original.path} cannot be written as this user: run with become.")
    if os.geteuid() not in (0, original.status.st_uid):
        raise InvalidInput(f"{original.path} belongs to another user: run with become.")


def replace_all(replacements: t.Sequence[Replacement]) -> None:
    """Replace every file or none. Raises CommandFailed when one changed since it was read, or cannot be written.

    Each new file is complete on disk beside the old one before the first rename; should a rename fail, the files
    that were already renamed get their old content back.
    """
    staged: list[tuple[Replacement, str]] = []
    done: list[Original] = []
    try:
        for item in replacements:
            path = _staged(item.original, item.content)
            staged.append((item, path))
        for item in replacements:
            _refuse_changed(item.original)
        for item, path in staged:
            os.rename(path, item.original.target)
            done.append(item.original)
            sync_directory(os.path.dirname(item.original.target))
    except OSError as error:
        put_back(done)
        where = error.filename or "the disk"
        raise CommandFailed(
            f"{where} cannot be written: {error.strerror}; nothing was changed."
        ) from error
    finally:
        for _item, path in staged:
            with contextlib.suppress(OSError):
                os.unlink(path)


def write_backup(original: Original, suffix: str) -> str:
    """Keep a copy of the file as it was read, beside it; returns its path. Raises CommandFailed on a write error."""
    path = f"{original.target}.{suffix}"
    try:
        os.rename(_staged(original, original.content), path)
    except OSError as error:
        raise CommandFailed(
            f"{path} cannot be written: {error.strerror}; nothing was changed."
        ) from error
    return path


def _refuse_changed(original: Original) -> None:
    now = read_original(original.path)
    same = (now.target, now.status.st_mtime_ns, now.content) == (
        original.target,
        original.status.st_mtime_ns,
        original.content,
    )
    if not same:
        raise CommandFailed(
            f"{original.path} was changed by somebody else while this change was being checked; nothing was changed: "
            "find out who edits it, then run again."
        )


def _staged(original: Original, content: bytes) -> str:
    directory, name = os.path.split(original.target)
    handle, path = tempfile.mkstemp(prefix=f".{name}.", dir=directory)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchown(handle, original.status.st_uid, original.status.st_gid)
            os.fchmod(handle, original.status.st_mode & 0o7777)
            copy_labels(original.target, path)
            os.fsync(handle)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise
    return path


def put_back(originals: t.Sequence[Original]) -> None:
    """Give files the content, owner, mode and time that they were read with; what cannot be written stays."""
    for original in originals:
        with contextlib.suppress(OSError):
            path = _staged(original, original.content)
            os.utime(path, ns=(original.status.st_atime_ns, original.status.st_mtime_ns))
            os.rename(path, original.target)


__all__ = [
    "Original",
    "Replacement",
    "put_back",
    "read_original",
    "refuse_unwritable",
    "replace_all",
    "write_backup",
]
