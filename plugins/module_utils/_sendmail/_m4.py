# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Reads what an mc file calls, as m4(1) would meet it: quoted text, comments and what dnl discards are passed over.

Source: m4(1), "Quotes and comments"; cf/README of sendmail, "INTRODUCTION AND EXAMPLE"; cf/m4/cfhead.m4, which switches
comments off (changecom) as soon as cf.m4 is included. The manuals of GNU m4 and of m4(1) of FreeBSD for the built-in macros.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_WORD: t.Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REST_OF_LINE: t.Final = re.compile(r"[^\n]*\n?")
_CF_M4: t.Final = re.compile(r"(?:^|/)cf\.m4$")
INCLUDING: t.Final = ("include", "sinclude")
_ACTIVE: t.Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\(?|\$[0-9#*@]")
_BUILT_IN: t.Final = """\
__file__ __gnu__ __line__ __program__ __unix__ changecom changequote changeword debugfile debugmode divert divnum dnl
dumpdef esyscmd m4exit shift sinclude spaste syscmd sysval traceoff traceon undivert
"""
_WITHOUT_BRACKET: t.Final = frozenset(_BUILT_IN.split())


class Argument(t.NamedTuple):
    """One argument: what it says without its outer quotes, and where it stands."""

    text: str
    start: int
    stop: int


@dataclass(frozen=True)
class Call:
    """One macro outside of quotes, from its first letter to behind its closing bracket."""

    name: str
    arguments: tuple[Argument, ...]
    start: int
    stop: int

    def text(self, number: int) -> str:
        """What an argument says; empty if there are fewer."""
        return self.arguments[number].text if number < len(self.arguments) else ""


def quoted_end(text: str, start: int) -> int:
    """The position behind the quote that closes the one at C(start); the end of the text if none does."""
    depth = 0
    for position in range(start, len(text)):
        if text[position] == "`":
            depth += 1
        elif text[position] == "'":
            depth -= 1
            if not depth:
                return position + 1
    return len(text)


def _line_end(text: str, start: int) -> int:
    found = _REST_OF_LINE.match(text, start)
    return found.end() if found else len(text)


def _skip(text: str, position: int) -> tuple[int, str]:
    """The position behind one piece, and what it contributes to an argument."""
    if text[position] == "`":
        stop = quoted_end(text, position)
        return stop, text[position + 1 : stop - 1]
    word = _WORD.match(text, position)
    if word is None:
        return position + 1, text[position]
    if word[0] == "dnl":
        return _line_end(text, word.end()), ""
    return word.end(), word[0]


def _arguments(text: str, start: int) -> tuple[tuple[Argument, ...], int]:
    """The arguments behind the bracket at C(start), and the position behind its counterpart.

    Blanks before an argument are no part of it unless they are quoted; those behind it are (m4(1), "Macro arguments").
    """
    found: list[Argument] = []
    position = begin = start + 1
    words, depth, begun = "", 1, False
    while position < len(text):
        character = text[position]
        closing = character == ")" and depth == 1
        if closing or (character == "," and depth == 1):
            found.append(Argument(words, begin, position))
            words, begin, begun = "", position + 1, False
            if closing:
                return tuple(found), position + 1
            position += 1
            continue
        depth += {"(": 1, ")": -1}.get(character, 0)
        position, piece = _skip(text, position)
        begun = begun or character == "`" or bool(piece.strip())
        words += piece if begun else ""
    return tuple(found), len(text)


def active(text: str) -> str | None:
    """The first piece of a text that m4 would not pass on as it stands, however often it reads it: a word with a bracket right
    behind it, a built-in macro that needs none, or an argument such as C($1). None if there is none.

    Any word before a bracket counts: only m4 knows what the files that it includes define.
    """
    words = (found[0] for found in _ACTIVE.finditer(text))
    return next(
        (one for one in words if one[-1] == "(" or one[0] == "$" or one in _WITHOUT_BRACKET), None
    )


def calls(text: str, *, comments: bool = True) -> t.Iterator[Call]:
    """Every macro outside of quotes, in order. C(comments) tells whether # begins a comment at first: not where cf.m4 is
    read before the file.
    """
    position = 0
    while position < len(text):
        if comments and text[position] == "#":
            position = _line_end(text, position)
            continue
        word = _WORD.match(text, position)
        if word is None or word[0] == "dnl":
            position = _skip(text, position)[0]
            continue
        arguments: tuple[Argument, ...] = ()
        stop = word.end()
        if text[stop : stop + 1] == "(":
            arguments, stop = _arguments(text, stop)
        call = Call(word[0], arguments, position, stop)
        if call.name in INCLUDING and _CF_M4.search(call.text(0)):
            comments = False
        yield call
        position = stop


def includes(text: str, *, comments: bool = True) -> tuple[str, ...]:
    """The files that an mc file includes."""
    return tuple(call.text(0) for call in calls(text, comments=comments) if call.name in INCLUDING)


def cf_m4_of(text: str) -> str:
    """The cf.m4 of sendmail that an mc file includes; empty where it is read before the file, as on FreeBSD."""
    return next((path for path in includes(text) if _CF_M4.search(path)), "")


__all__ = [
    "INCLUDING",
    "Argument",
    "Call",
    "active",
    "calls",
    "cf_m4_of",
    "includes",
    "quoted_end",
]
