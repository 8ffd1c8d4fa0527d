# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Lookup tables whose entries can be read: from their source text, never from the compiled file (DATABASE_README, postmap(1)).

The compiled file of a table for server names has private keys in it; its source has only the names of files.
"""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import read_file
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._master import logical_lines
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

Entry = tuple[str, str]
ReadSource = t.Callable[[str], str]

_WITH_SOURCE: t.Final = frozenset(
    {"hash", "btree", "dbm", "sdbm", "cdb", "lmdb", "texthash", "cidr", "pcre", "regexp"}
)
_WRAPPERS: t.Final = ("proxy:", "debug:")
_MOST_BYTES: t.Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class Table:
    """One table of a parameter; `entries` is None if they cannot be listed, and `reason` says why."""

    name: str
    entries: tuple[Entry, ...] | None
    reason: str = ""


def _names(value: str) -> list[str]:
    """The tables of a parameter, {inline tables} in one piece."""
    names, current, depth = [], "", 0
    for character in value:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0 and character in " \t\r\n,":
            names.append(current)
            current = ""
        else:
            current += character
    return [name for name in [*names, current] if name]


def _unbraced(text: str) -> str:
    """Text without the braces around all of it, as extpar() takes them off; those within stay."""
    text = text.strip()
    return text[1:-1].strip() if text[:1] == "{" and text[-1:] == "}" else text


def _inline(text: str) -> tuple[Entry, ...]:
    found = []
    for part in _names(_unbraced(text)):
        key, separator, value = _unbraced(part).partition("=")
        if separator:
            found.append((key.strip(), value.strip()))
    return tuple(found)


def _entries(text: str) -> tuple[Entry, ...]:
    found = []
    for line in logical_lines(text):
        key, *rest = line.split(None, 1)
        if rest:
            found.append((key, rest[0].strip()))
    return tuple(found)


def read_source(path: str) -> str:
    """The text of a file of this host, as far as a table may be long. Raises OSError."""
    return read_file(path, most=_MOST_BYTES)


def read_table(name: str, read: ReadSource = read_source) -> Table:
    """The entries of one table, (key, value) in the order of its source."""
    kind, _colon, place = name.partition(":")
    for wrapper in _WRAPPERS:
        if name.startswith(wrapper):
            kind, _colon, place = name[len(wrapper) :].partition(":")
    if kind == "inline":
        return Table(name, _inline(place))
    if kind == "static":
        return Table(name, (("*", _unbraced(place)),))
    if kind not in _WITH_SOURCE:
        return Table(name, None, f"entries of a table of the type {kind} cannot be listed")
    try:
        return Table(name, _entries(read(place)))
    except OSError as error:
        return Table(name, None, f"{place}: {error.strerror}")


def tables_of(value: str, read: ReadSource = read_source) -> tuple[Table, ...]:
    """The tables of a parameter such as C(smtp_tls_policy_maps), expanded, each with its entries."""
    return tuple(read_table(name, read) for name in _names(value))


__all__ = ["Entry", "ReadSource", "Table", "read_source", "read_table", "tables_of"]
