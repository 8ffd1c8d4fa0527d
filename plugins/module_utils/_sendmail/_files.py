# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which files sendmail would load: it refuses those that others than their owner could have changed or read.

Source: safefile() and safedirpath() in libsmutil/safefile.c, as inittls() in sendmail/tls.c calls them, and
"DontBlameSendmail" in doc/op/op.me.
"""

from __future__ import annotations

import errno
import os
import stat
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_ROOT: t.Final = 0
_MOST_LINKS: t.Final = 20


@dataclass(frozen=True)
class Standards:
    """How strict a sendmail is: the words of DontBlameSendmail in lower case, and the users who may own a file.

    C(seen) is whether its files can be looked at at all: not those of another host.
    """

    waived: frozenset[str] = frozenset()
    owners: frozenset[int] = frozenset({_ROOT})
    seen: bool = True

    @classmethod
    def of(cls, dont_blame: str, owners: t.Iterable[int]) -> Standards:
        words = dont_blame.replace(",", " ").lower().split()
        return cls(frozenset(words), frozenset({_ROOT, *owners}))


def _directories(path: str, depth: int = 0) -> t.Iterator[str]:
    """Every directory on the way, with those that a link on the way leads through."""
    if depth > _MOST_LINKS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    current = "/"
    yield current
    for part in filter(None, path.split("/")):
        parent, current = current, os.path.join(current, part)
        if os.path.islink(current):
            yield from _directories(os.path.join(parent, os.readlink(current)), depth + 1)
        else:
            yield current


def _of_directories(path: str, standards: Standards) -> str | None:
    """What is wrong above the file; where the file is a link, sendmail does not look at the directories of its target."""
    for directory in _directories(os.path.dirname(path)):
        mode = os.stat(directory).st_mode
        if "truststickybit" in standards.waived and mode & stat.S_ISVTX:
            continue
        if mode & stat.S_IWOTH:
            return f"everybody may write to {directory}"
        if mode & stat.S_IWGRP and "groupwritabledirpathsafe" not in standards.waived:
            return f"the group may write to {directory}"
    return None


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
    if not standards.seen:
        return None
    try:
        return _of_directories(path, standards) or _of_file(path, standards, secret=secret)
    except PermissionError:
        return None
    except OSError as error:
        return (error.strerror or "it cannot be read").lower()


__all__ = ["Standards", "unsafe"]
