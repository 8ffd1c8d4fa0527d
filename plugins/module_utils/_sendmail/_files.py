# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which files sendmail would load: it refuses those that others than their owner could have changed or read.

Source: safefile() and safedirpath() in libsmutil/safefile.c, as inittls() in sendmail/tls.c calls them, and
"DontBlameSendmail" in doc/op/op.me.
"""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_ROOT: t.Final = 0


@dataclass(frozen=True)
class Standards:
    """How strict a sendmail is: the words of DontBlameSendmail in lower case, and the users who may own a file."""

    waived: frozenset[str] = frozenset()
    owners: frozenset[int] = frozenset({_ROOT})

    @classmethod
    def of(cls, dont_blame: str, owners: t.Iterable[int]) -> Standards:
        words = dont_blame.replace(",", " ").lower().split()
        return cls(frozenset(words), frozenset({_ROOT, *owners}))


def _of_directories(path: str, standards: Standards) -> str | None:
    directory = os.path.realpath(os.path.dirname(path))
    while True:
        mode = os.stat(directory).st_mode
        sticky = "truststickybit" in standards.waived and mode & stat.S_ISVTX
        if mode & stat.S_IWOTH and not sticky:
            return f"everybody may write to {directory}"
        group = mode & stat.S_IWGRP and "groupwritabledirpathsafe" not in standards.waived
        if group and not sticky:
            return f"the group may write to {directory}"
        if directory == "/":
            return None
        directory = os.path.dirname(directory)


def _of_file(path: str, standards: Standards, *, secret: bool) -> str | None:
    status = os.stat(path)
    mode = status.st_mode
    forbidden = [
        (not stat.S_ISREG(mode), "it is not a regular file"),
        (mode & stat.S_IWGRP, "its group may write to it"),
        (mode & stat.S_IWOTH, "everybody may write to it"),
    ]
    if secret:
        group = mode & stat.S_IRGRP and "groupreadablekeyfile" not in standards.waived
        forbidden += [
            (group, "its group may read it"),
            (mode & stat.S_IROTH, "everybody may read it"),
        ]
    owned = status.st_uid in standards.owners or "certowner" in standards.waived
    forbidden += [
        (not owned, f"user {status.st_uid} owns it"),
        (not mode & stat.S_IRUSR, "its owner may not read it"),
    ]
    return next((reason for bad, reason in forbidden if bad), None)


def unsafe(path: str, standards: Standards, *, secret: bool = False) -> str | None:
    """Why sendmail would not load a file, or None; a file that this user cannot look at counts as safe."""
    try:
        return _of_directories(path, standards) or _of_file(path, standards, secret=secret)
    except PermissionError:
        return None
    except OSError as error:
        return (error.strerror or "it cannot be read").lower()


__all__ = ["Standards", "unsafe"]
