# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Hosts of which the same is said stand together, so that the page on a large fleet stays one that people read."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Data = Mapping[str, t.Any]
#: Up to so many hosts each has a row and a section of its own; of more, so many groups have.
MOST_GROUPS: t.Final = 50
MOST_NAMES: t.Final = 10


@dataclass(frozen=True)
class Group:
    """Reports that differ in nothing that the page tells but the host; ``text`` is what it tells of the first."""

    reports: tuple[Data, ...]
    text: tuple[str, ...]

    @property
    def first(self) -> Data:
        return self.reports[0]

    @property
    def title(self) -> str:
        more = len(self.reports) - 1
        return f"{self.first['host']} and {more} more" if more else str(self.first["host"])

    @property
    def names(self) -> str:
        return some([one["host"] for one in self.reports])


def grouped(
    reports: Sequence[Data],
    text: Callable[[Data], list[str]],
    *,
    row: Callable[[Data], Sequence[t.Any]],
) -> list[Group]:
    """The groups of the same text and row, in the order of their first hosts; each host for itself where there are few."""
    found: dict[str, list[tuple[Data, list[str]]]] = {}
    for number, report in enumerate(reports):
        lines = text(report)
        kind = str(number)
        if len(reports) > MOST_GROUPS:
            kind = without_name("\n".join([*lines, *map(str, row(report))]), report["host"])
        found.setdefault(kind, []).append((report, lines))
    return [Group(tuple(one for one, _text in of), tuple(of[0][1])) for of in found.values()]


def without_name(text: str, host: str) -> str:
    """A text of a host as that of any host."""
    return text.replace(host, "\N{HORIZONTAL ELLIPSIS}") if host else text


def some(hosts: Sequence[str]) -> str:
    """The first few hosts, and how many more there are."""
    more = len(hosts) - MOST_NAMES
    return ", ".join(hosts[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


__all__ = ["MOST_GROUPS", "MOST_NAMES", "Group", "grouped", "some", "without_name"]
