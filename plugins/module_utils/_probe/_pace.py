# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""How fast one address may be asked: fewer connections and longer pauses as soon as it shows a limit.

A mail server's listen queue can be as short as its process limit (Postfix) or ten (sendmail); beyond it a connection
opens and no banner ever comes. So there are never more than eight at once, and the first stall already halves them.
Everybody who asks the same address shares its pace.
"""

from __future__ import annotations

import typing as t
from enum import Enum

MOST_CONNECTIONS: t.Final = 8
FIRST_PAUSE: t.Final = 0.25
LONGEST_PAUSE: t.Final = 15.0
_TRUST: t.Final = 8


class Trouble(Enum):
    """How a connection failed before the handshake."""

    STALL = "no sign of life"
    LIMIT = "the server asked to come back later"
    REFUSAL = "refused, cut or unreachable"


class Pace:
    """The connections of all sessions to one address; all times are of the caller's clock, in seconds.

    Sessions that found no room wait in a line; whoever frees some wakes the first.
    """

    def __init__(self) -> None:
        self._limit = self._ceiling = MOST_CONNECTIONS
        self._pause = 0.0
        self._last_failure = -1.0
        self._in_a_row = 0
        self.not_before = 0.0
        self.live = 0
        self._waiting: dict[t.Any, None] = {}

    @property
    def limit(self) -> int:
        """How many connections may be open at once."""
        return self._limit

    def room(self, now: float) -> bool:
        """Whether another connection may begin."""
        return self.live < self._limit and now >= self.not_before

    def started(self, now: float, *, interval: float) -> None:
        """A connection begins, and the next one C(interval) later at the earliest."""
        self.live += 1
        self.not_before = max(self.not_before, now + interval)

    def ended(self) -> None:
        """A connection is over, however it ended."""
        self.live -= 1

    def wait(self, session: t.Hashable) -> None:
        """The session wants to know when there is room."""
        self._waiting[session] = None

    def woken(self) -> t.Any:
        """The first session that waits, which does so no more; None when there is no room or nobody waits."""
        if self.live >= self._limit or not self._waiting:
            return None
        session = next(iter(self._waiting))
        del self._waiting[session]
        return session

    def succeeded(self) -> None:
        """A connection came as far as the handshake; after some of them, more may be open at once again."""
        self._pause = 0.0
        self._in_a_row += 1
        if self._in_a_row >= _TRUST and self._limit < self._ceiling:
            self._limit += 1
            self._in_a_row = 0

    def failed(self, trouble: Trouble, *, started: float, now: float, width: int) -> bool:
        """A connection failed that was one of at most C(width); whether it says anything new.

        Connections that began before the last failure count with it. The first stall is tried again at once, with half
        as many connections; a limit that the server names is never exceeded again.
        """
        if started < self._last_failure:
            return False
        self._last_failure = now
        self._in_a_row = 0
        self._limit = max(1, min(self._limit, width) // 2)
        if trouble is Trouble.LIMIT:
            self._ceiling = self._limit
        if self._pause or trouble is not Trouble.STALL:
            self.not_before = max(self.not_before, now + max(self._pause, FIRST_PAUSE))
        self._pause = min(max(2 * self._pause, 2 * FIRST_PAUSE), LONGEST_PAUSE)
        return True


__all__ = ["FIRST_PAUSE", "LONGEST_PAUSE", "MOST_CONNECTIONS", "Pace", "Trouble"]
