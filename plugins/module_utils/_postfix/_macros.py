# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Expansion of $name in parameter values, as Postfix does it (mac_expand(3), postconf(5))."""

from __future__ import annotations

import operator
import re
import typing as t

_NAME: t.Final = re.compile(r"\w+", re.ASCII)
_RELATION: t.Final = re.compile(r"(?P<sign>==|!=|<=|>=|<|>)(?P<level>level)?")
_OPERATORS: t.Final[dict[str, t.Callable[[t.Any, t.Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_MOST_REFERENCES: t.Final = 2000
_DEEPEST: t.Final = 100
_LONGEST: t.Final = 4 * 1024 * 1024
_LONGEST_NUMBER: t.Final = 19
_Path = tuple[str, ...]


def _closing(text: str, start: int) -> int:
    """Index of the bracket that closes the one at C(start), or the end of the text."""
    opening = text[start]
    closing = ")" if opening == "(" else "}"
    level = 0
    for index in range(start, len(text)):
        if text[index] == opening:
            level += 1
        elif text[index] == closing:
            level -= 1
            if level == 0:
                return index
    return len(text)


def _braced(text: str) -> tuple[str, str]:
    """Split '{inner} rest' into inner and rest; text without a brace is all inner."""
    stripped = text.lstrip()
    if not stripped.startswith("{"):
        return text, ""
    end = _closing(stripped, 0)
    return stripped[1:end].strip(), stripped[end + 1 :].lstrip()


def _level(text: str) -> tuple[int, ...]:
    numbers = [int(part) if _is_number(part) else 0 for part in text.strip().split(".")]
    return tuple([*numbers, 0, 0, 0][:3])


def _holds(left: str, sign: str, right: str, *, levels: bool) -> bool:
    if levels:
        return _OPERATORS[sign](_level(left), _level(right))
    if _is_number(left) and _is_number(right):
        return _OPERATORS[sign](int(left), int(right))
    return _OPERATORS[sign](left, right)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER


class Macros:
    """Expands values against one set of parameters: main.cf with the overrides of one service on top.

    An undefined name expands to nothing, as in Postfix; so does a name within its own value, which Postfix refuses.
    """

    def __init__(self, parameters: t.Mapping[str, str]) -> None:
        self._parameters = parameters
        self._left = _MOST_REFERENCES
        self._depth, self._grown = 0, 0

    def value(self, name: str) -> str:
        """The expanded value of a parameter; empty if it is not defined."""
        return self.expand(self._parameters.get(name, "")).strip()

    def expand(self, text: str) -> str:
        """The text with every reference replaced; beyond some thousand references nothing more is put in."""
        self._left = _MOST_REFERENCES
        self._depth, self._grown = 0, 0
        return self._expand(text, ())

    def _expand(self, text: str, path: _Path) -> str:
        """What would grow without an end, by depth or by length, is left out: postconf(1) refuses it before."""
        result, position = [], 0
        self._depth += 1
        self._grown += len(text)
        if self._depth > _DEEPEST or self._grown > _LONGEST:
            position = len(text)
        while position < len(text):
            character = text[position]
            if character != "$":
                result.append(character)
                position += 1
                continue
            replacement, position = self._reference(text, position + 1, path)
            result.append(replacement)
        self._depth -= 1
        return "".join(result)

    def _reference(self, text: str, position: int, path: _Path) -> tuple[str, int]:
        following = text[position : position + 1]
        if following == "$":
            return "$", position + 1
        if following in ("{", "(") and following:
            end = _closing(text, position)
            return self._expression(text[position + 1 : end], path), end + 1
        found = _NAME.match(text, position)
        if not found:
            return "", position
        return self._named(found.group(), path), found.end()

    def _named(self, name: str, path: _Path) -> str:
        self._left -= 1
        if name in path or self._left < 0 or len(path) > _DEEPEST:
            return ""
        return self._expand(self._parameters.get(name, ""), (*path, name))

    def _expression(self, text: str, path: _Path) -> str:
        body = text.strip()
        if body.startswith("{"):
            return self._relational(body, path)
        found = _NAME.match(body)
        if not found:
            return ""
        rest = body[found.end() :].lstrip()
        value = self._named(found.group(), path)
        if not rest:
            return value
        return self._choose(rest, chosen=bool(value), path=path)

    def _choose(self, rest: str, *, chosen: bool, path: _Path) -> str:
        if rest[0] == ":":
            return "" if chosen else self._expand(_braced(rest[1:])[0], path)
        if rest[0] != "?":
            return ""
        yes, after = _braced(rest[1:])
        if chosen:
            return self._expand(yes, path)
        return self._expand(_braced(after[1:])[0], path) if after.startswith(":") else ""

    def _relational(self, body: str, path: _Path) -> str:
        left, rest = _braced(body)
        found = _RELATION.match(rest)
        if not found:
            return ""
        right, rest = _braced(rest[found.end() :])
        holds = _holds(
            self._expand(left, path),
            found["sign"],
            self._expand(right, path),
            levels=bool(found["level"]),
        )
        if not rest:
            return "bool:true" if holds else ""
        return self._choose(rest, chosen=holds, path=path)


__all__ = ["Macros"]
