# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Services of master.cf: read from `postconf -M` or from the file itself (master(5))."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import (
    dataclass,
    field,
    replace,
)

_FIELDS: t.Final = 8
_OVERRIDE: t.Final = re.compile(r"^\s*(?P<name>\w+)\s*=\s*(?P<value>.*?)\s*$", re.DOTALL)


@dataclass(frozen=True)
class Service:
    """One service: `name` is what `postconf -P` prints (smtp/inet); of equal -o parameters the last one counts."""

    name: str
    type: str
    command: str
    overrides: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """The first field of the line: a port, address:port, or a name below the queue directory."""
        return self.name.rpartition("/")[0]

    def with_overrides(self, changes: t.Mapping[str, str | None]) -> Service:
        """The service as it would be with these overrides; None removes one."""
        overrides = dict(self.overrides)
        for name, value in changes.items():
            if value is None:
                overrides.pop(name, None)
            else:
                overrides[name] = value
        return replace(self, overrides=overrides)


def _words(text: str) -> list[str]:
    """Split at blanks, but keep {a group} together without its braces, as argv_splitq(3) does."""
    words, position = [], 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        start = position
        if text[position] == "{":
            level = 0
            while position < len(text):
                level += {"{": 1, "}": -1}.get(text[position], 0)
                position += 1
                if level == 0:
                    break
            words.append(text[start + 1 : position - 1].strip())
            continue
        while position < len(text) and not text[position].isspace():
            position += 1
        words.append(text[start:position])
    return words


def _overrides(arguments: t.Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(arguments):
        word = arguments[position]
        position += 1
        if word == "-o" and position < len(arguments):
            text = arguments[position]
            position += 1
        elif word.startswith("-o") and len(word) > 2:
            text = word[2:]
        else:
            continue
        match = _OVERRIDE.match(text)
        if match:
            found[match["name"]] = match["value"]
    return found


def logical_lines(text: str) -> list[str]:
    """Lines of a Postfix configuration file, continuation lines joined, comments and empty lines left out."""
    lines: list[str] = []
    for raw in text.splitlines():
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        if raw[0].isspace() and lines:
            lines[-1] += " " + raw.strip()
        else:
            lines.append(raw.rstrip())
    return lines


def parse_master(text: str) -> tuple[Service, ...]:
    """Read the services of a master.cf, or of what `postconf -M` prints. A line that is too short is left out."""
    services = []
    for line in logical_lines(text):
        fields = line.split(None, _FIELDS - 1)
        if len(fields) < _FIELDS:
            continue
        endpoint, kind, *_attributes, rest = fields
        command, *arguments = _words(rest)
        services.append(
            Service(
                name=f"{endpoint}/{kind}",
                type=kind,
                command=command,
                overrides=_overrides(arguments),
            )
        )
    return tuple(services)


__all__ = ["Service", "logical_lines", "parse_master"]
