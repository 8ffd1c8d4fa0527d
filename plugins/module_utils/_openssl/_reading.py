# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One way to read a file that a configuration names: it never waits for a writer, and never reads without an end."""

from __future__ import annotations

import errno
import os
import stat
import typing as t

MOST_BYTES = 8 * 1024 * 1024
_NO_FILE = "it is not a regular file"


def open_file(path: str) -> t.BinaryIO:
    """A regular file, opened for reading. Raises OSError, also for what is no regular file."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, _NO_FILE, path)
    return open(number, "rb")


def read_bytes(path: str, *, most: int = MOST_BYTES) -> bytes:
    """A regular file, at most so many bytes of it. Raises OSError, also for what is no regular file."""
    with open_file(path) as stream:
        return stream.read(most)


def read_file(path: str, *, encoding: str = "utf-8", most: int = MOST_BYTES) -> str:
    """The text of a regular file, at most so many bytes of it. Raises OSError, also for what is no regular file."""
    return read_bytes(path, most=most).decode(encoding, "replace")


def refuse_pipe(path: str) -> None:
    """Raises OSError for what a library would wait at, or read without an end: a named pipe, a device, a socket."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, _NO_FILE, path)


__all__ = ["MOST_BYTES", "open_file", "read_bytes", "read_file", "refuse_pipe"]
