# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The words of one entry of master.cf and the overrides among them: for whoever reads the file and whoever edits it."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

BLANKS: t.Final = " \t\n\v\f\r"
FIELDS: t.Final = 8


@dataclass(frozen=True)
class Token:
    start: int
    stop: int
    text: str


@dataclass(frozen=True)
class Override:
    """One `-o name=value` of a service: the spans to delete, the span of the value token to replace."""

    name: str
    value: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Arguments:
    """The arguments of one service: overrides in order, and the token after which (or before which) to insert."""

    overrides: tuple[Override, ...]
    last_option: Token
    first_plain: Token | None


def tokens_of(text: str, *, braces: bool) -> list[Token]:
    """Split at blanks, but not inside braces (mystrtokq, since Postfix 3.0)."""
    tokens = []
    start, depth = -1, 0
    for index, character in enumerate(text + "\n"):
        if character in BLANKS and (depth <= 0 or index == len(text)):
            if start >= 0:
                tokens.append(Token(start, index, text[start:index]))
            start, depth = -1, 0
            continue
        start = index if start < 0 else start
        if braces:
            depth += (character == "{") - (character == "}")
    return tokens


def arguments_of(tokens: t.Sequence[Token]) -> Arguments:
    overrides = []
    last, plain = tokens[FIELDS - 1], None
    rest = list(tokens[FIELDS:])
    while rest:
        token = rest.pop(0)
        if not token.text.startswith("-") or token.text == "--":
            plain = token
            break
        last = token
        _flag, found, glued = token.text.partition("o")
        if not found:
            continue
        if glued:
            overrides.append(_parsed((token,), glued))
        elif rest:
            last = rest.pop(0)
            overrides.append(_parsed((token, last), last.text))
    return Arguments(tuple(overrides), last, plain)


def _parsed(tokens: tuple[Token, ...], text: str) -> Override:
    inner = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    name, _equals, value = inner.partition("=")
    joined = " ".join(part.strip(BLANKS) for part in value.split("\n"))
    return Override(name.strip(BLANKS), joined.strip(BLANKS), tokens)


__all__ = ["BLANKS", "FIELDS", "Arguments", "Override", "Token", "arguments_of", "tokens_of"]
