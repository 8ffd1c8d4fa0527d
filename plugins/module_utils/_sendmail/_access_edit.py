# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Edits of the access map's source, text to text: comments, order and everything that is not named stay.

Source: makemap(8): one key and its value a line, keys in any case, # begins a comment line.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._mc_edit import (
    Change,
    Edited,
)

_ENTRY: t.Final = re.compile(r"(?P<key>[^\s#]\S*)(?P<gap>[ \t]+)(?P<value>.*?)(?P<end>[ \t]*\n?)")
_LINE: t.Final = re.compile(r"[^\n]*\n|[^\n]+")


def edit_access(text: str, wanted: t.Mapping[str, str | None]) -> Edited:
    """The access map with these entries, or without them where the value is None.

    makemap takes the first of several equal keys; it is edited, the others go. Raises InvalidInput for a key or a value
    that the map cannot carry.
    """
    lines: list[str] = _LINE.findall(text)
    changes: list[Change] = []
    for key, value in wanted.items():
        _check(key, value)
        found = [number for number, line in enumerate(lines) if _key(line) == key.lower()]
        entry = _ENTRY.fullmatch(lines[found[0]]) if found else None
        before = entry["value"] if entry else None
        if before == value and len(found) < 2:
            continue
        kept = found[:1] if value is not None else []
        if entry and value is not None:
            lines[found[0]] = f"{entry['key']}{entry['gap']}{value}{entry['end']}"
        for number in reversed(found):
            if number not in kept:
                del lines[number]
        if value is not None and not found:
            if lines and not lines[-1].endswith("\n"):
                lines[-1] += "\n"
            lines.append(f"{key}\t{value}\n")
        changes.append(Change("access", key, before, value))
    return Edited("".join(lines), tuple(changes))


def _key(line: str) -> str | None:
    entry = _ENTRY.fullmatch(line)
    return entry["key"].lower() if entry else None


def _check(key: str, value: str | None) -> None:
    if not re.fullmatch(r"[^\s#]\S*", key):
        raise InvalidInput(
            f"'{key}' cannot be a key of the access map: expected one word such as Srv_Features:192.0.2.1."
        )
    if value is not None and (not value.strip() or re.search(r"[\n\r\0]", value)):
        raise InvalidInput(
            f"The access map's value for {key} must be text on one line: give null to remove the entry."
        )


__all__ = ["edit_access"]
