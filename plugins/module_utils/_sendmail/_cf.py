# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Reads sendmail.cf: what is set in it, nothing understood yet.

Source: readcf(), translate_dollars() and setoption() in sendmail/readcf.c of sendmail 8.14 to 8.18, and "The Whole Scoop on the
Configuration File" in doc/op/op.me.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_MACRO: t.Final = re.compile(r"\$(?:\{(?P<long>[^}]{0,64})\}|(?P<short>[A-Za-z]))")
_DEFINITION: t.Final = re.compile(r"D(?:\{(?P<long>[^}]*)\}|(?P<short>.))(?P<value>.*)$", re.DOTALL)
_MAP: t.Final = re.compile(r"K\s*(?P<name>\S+)\s+(?P<type>\S+)\s*(?P<rest>.*)$", re.DOTALL)
_COMMENT: t.Final = re.compile(r"(?<![\\$])#.*")
_OLD_NAMES: t.Final = {"O": "DaemonPortOptions", "Q": "QueueDirectory", "L": "LogLevel"}
_DEEPEST: t.Final = 8
_MOST_REFERENCES: t.Final = 2000
_LONGEST: t.Final = 4 << 20


class Option(t.NamedTuple):
    """One O line: the name as written, the value as written, and the number of its line. A blank or a tab at either end of
    the name is part of it, and keeps sendmail from starting. The end of a line within the value is part of that.
    """

    name: str
    value: str
    line: int


class Map(t.NamedTuple):
    """One K line: the name in rulesets, the kind of the database, flags, and the file or whatever names the data."""

    name: str
    kind: str
    flags: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class ConfigurationFile:
    """What a sendmail.cf sets. `macros` are those of D lines, `environment` what E lines set,
    `rulesets` the names of S lines.
    """

    options: tuple[Option, ...]
    macros: t.Mapping[str, str]
    environment: t.Mapping[str, str]
    maps: tuple[Map, ...]
    level: str = ""
    rulesets: frozenset[str] = frozenset()

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of an option that may be given more than once, expanded, in order."""
        expand = _Expansion(self.macros)
        return tuple(expand(one) for one in self._written(name))

    def value(self, name: str) -> str | None:
        """The value of an option that is in force: the last one, expanded; None if it is not set."""
        found = self._written(name)
        return self.expand(found[-1]) if found else None

    def expand(self, text: str) -> str:
        """The text with the macros of D lines in place; what only a running sendmail knows becomes empty. Beyond some thousand
        references, or some megabytes, nothing more is put in.
        """
        return _Expansion(self.macros)(text)

    def _written(self, name: str) -> list[str]:
        wanted = name.lower()
        return [one.value for one in self.options if one.name.lower() == wanted]


class _Expansion:
    """Puts macros into texts; what all of them together may cost is bounded, however macros name each other."""

    def __init__(self, macros: t.Mapping[str, str]) -> None:
        self._macros = macros
        self._references = _MOST_REFERENCES
        self._characters = _LONGEST

    def __call__(self, text: str, depth: int = 0) -> str:
        if "$" not in text or depth > _DEEPEST:
            return text

        def known(found: re.Match[str]) -> str:
            value = self._macros.get(found["long"] or found["short"] or "", "")
            self._references -= 1
            self._characters -= len(value)
            spent = self._references < 0 or self._characters < 0
            return "" if spent else self(value, depth + 1)

        return _MACRO.sub(known, text)


def logical_lines(text: str) -> t.Iterator[tuple[int, str]]:
    """(number, line) with what is continued on lines that begin with a blank; comments and empty lines are left out."""
    number, line = 0, ""
    for position, raw in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if raw[:1] in (" ", "\t") and line:
            line += "\n" + raw
            continue
        if line and not line.startswith("#"):
            yield number, line
        number, line = position, raw
    if line and not line.startswith("#"):
        yield number, line


def _option(number: int, line: str) -> Option | None:
    if line[1:2].isspace():
        name, _equals, value = line[2 if line[1] == " " else 1 :].partition("=")
        return Option(name.rstrip(" "), value.lstrip(" "), number) if name.strip() else None
    old = _OLD_NAMES.get(line[1:2])
    return Option(old, line[2:].strip(), number) if old else None


def _map(line: str) -> Map | None:
    found = _MAP.match(line)
    if not found:
        return None
    words = found["rest"].split()
    flags = tuple(word for word in words if word.startswith("-"))
    rest = [word for word in words if not word.startswith("-")]
    return Map(found["name"], found["type"], flags, rest[-1] if rest else "")


def _without_comment(line: str) -> str:
    """Without what stands behind a number sign that has no backslash before it, and without blanks at the end."""
    if "#" in line:
        line = "\n".join(_uncommented(part) for part in line.split("\n"))
    return line.rstrip()


def _uncommented(part: str) -> str:
    before = _COMMENT.sub("", part)
    return (before if before == part else before.rstrip()).replace("\\#", "#")


def parse_cf(text: str) -> ConfigurationFile:
    """Read the text of a sendmail.cf; lines that mean nothing to TLS are left out."""
    options: list[Option] = []
    macros: dict[str, str] = {}
    environment: dict[str, str] = {}
    maps: list[Map] = []
    level, rulesets = "", set()
    for number, written in logical_lines(text):
        line = _without_comment(written)
        kind = line[:1]
        if kind == "O" and (option := _option(number, line)):
            options.append(option)
        elif kind == "D" and (found := _DEFINITION.match(line)):
            macros[found["long"] or found["short"] or ""] = found["value"].strip('"')
        elif kind == "E" and "=" in line:
            name, _equals, value = line[1:].partition("=")
            environment[name.strip()] = value.strip()
        elif kind == "K" and (one := _map(line)):
            maps.append(one)
        elif kind == "S" and (words := re.split(r"[=\s]", line[1:].strip())):
            rulesets.add(words[0])
        elif kind == "V":
            level = line[1:].strip()
    return ConfigurationFile(
        tuple(options), macros, environment, tuple(maps), level, frozenset(rulesets)
    )


__all__ = ["ConfigurationFile", "Map", "Option", "logical_lines", "parse_cf"]
