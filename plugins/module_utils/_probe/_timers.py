# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Deadlines of many owners in one heap, of which almost all are cancelled before they are due."""

from __future__ import annotations

import heapq
import typing as t

_SPARE: t.Final = 64

Owner = t.Hashable


class Timers:
    """Each owner has one time, in seconds of the caller's clock; a cancelled owner is not kept alive."""

    def __init__(self) -> None:
        self._heap: list[list[t.Any]] = []
        self._entries: dict[t.Any, list[t.Any]] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._entries)

    def schedule(self, owner: Owner, when: float) -> None:
        """Wake the owner at C(when), or before it if that was asked for earlier: the owner looks whether it is time."""
        entry = self._entries.get(owner)
        if entry is not None:
            if entry[0] <= when:
                return
            entry[2] = None
        self._serial += 1
        entry = [when, self._serial, owner]
        self._entries[owner] = entry
        heapq.heappush(self._heap, entry)

    def cancel(self, owner: Owner) -> None:
        """Forget the owner's time, if it has one."""
        entry = self._entries.pop(owner, None)
        if entry is None:
            return
        entry[2] = None
        if len(self._heap) > _SPARE + 4 * len(self._entries):
            self._heap = list(self._entries.values())
            heapq.heapify(self._heap)

    def next(self) -> float | None:
        """The earliest time that anybody waits for."""
        while self._heap and self._heap[0][2] is None:
            heapq.heappop(self._heap)
        return t.cast(float, self._heap[0][0]) if self._heap else None

    def due(self, now: float) -> t.Iterator[t.Any]:
        """The owners whose time has come, each once; they are scheduled no more."""
        while self._heap and self._heap[0][0] <= now:
            owner = heapq.heappop(self._heap)[2]
            if owner is not None:
                del self._entries[owner]
                yield owner


__all__ = ["Timers"]
