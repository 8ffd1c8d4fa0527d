# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The lines of a configuration file that change, and no other: the neighbours may hold passwords."""

from __future__ import annotations

import difflib
import os
import re
import typing as t

_HUNK: t.Final = re.compile(r"@@ -\S+ \+(?P<first>\d+)\S* @@")


def changed_lines(path: str, before: str, after: str) -> str:
    """A unified diff without context. In master.cf every hunk says in which service it lies, as diff -p does."""
    old, new = before.split("\n"), after.split("\n")
    lines = difflib.unified_diff(old, new, path, path, "", "", 0, "")
    if os.path.basename(path) != "master.cf":
        return "".join(f"{line}\n" for line in lines)
    return "".join(f"{line}{_service(line, new)}\n" for line in lines)


def _service(line: str, lines: t.Sequence[str]) -> str:
    """The name and type of the service above the hunk that a line begins; empty for any other line."""
    match = _HUNK.fullmatch(line)
    if match is None:
        return ""
    for above in reversed(lines[: int(match["first"])]):
        if above and not above[0].isspace() and not above.startswith("#"):
            return " " + "/".join(above.split()[:2])
    return ""


__all__ = ["changed_lines"]
