# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""How fast one server may be asked: fewer connections and longer pauses as soon as it shows a limit.

A mail server's listen queue can be as short as its process limit (Postfix) or ten (sendmail); beyond it a connection
opens and no banner ever comes. So the pace never exceeds eight, and the first stall already halves it.
"""

from __future__ import annotations

import typing as t

_FIRST_PAUSE: t.Final = 0.25
_LONGEST_PAUSE: t.Final = 8.0
_MOST_FAILURES_BEFORE_CONTACT: t.Final = 3
_MOST_FAILURES: t.Final = 6
_LEAST_BANNER_PATIENCE: t.Final = 1.0


class Pace:
    """The governor of one server's connections; all times are of the caller's clock, in seconds."""

    def __init__(self, *, connections: int, interval: float) -> None:
        self._limit = connections
        self._interval = interval
        self._not_before = 0.0
        self._pause = _FIRST_PAUSE
        self._last_failure = -1.0
        self._failures = 0
        self._slowest_banner = 0.0
        self.contacted = False
        self.throttled = False

    @property
    def limit(self) -> int:
        """How many connections may be open at once: one until the server was reached."""
        return self._limit if self.contacted else 1

    @property
    def not_before(self) -> float:
        """When the next connection may begin."""
        return self._not_before

    @property
    def exhausted(self) -> bool:
        """Whether the server failed so often in a row that going on is of no use."""
        most = _MOST_FAILURES if self.contacted else _MOST_FAILURES_BEFORE_CONTACT
        return self._failures >= most

    def banner_patience(self, longest: float) -> float:
        """How long to wait for a banner, from what this server's banners took so far."""
        if not self.contacted:
            return longest
        return min(longest, _LEAST_BANNER_PATIENCE + 3 * self._slowest_banner)

    def started(self, now: float) -> None:
        """A connection begins."""
        self._not_before = max(self._not_before, now + self._interval)

    def succeeded(self, banner_after: float | None) -> None:
        """A connection came as far as the handshake."""
        self.contacted = True
        self._failures = 0
        self._pause = _FIRST_PAUSE
        self._slowest_banner = max(self._slowest_banner, banner_after or 0.0)

    def failed(self, *, started: float, now: float, limited: bool) -> None:
        """A connection did not come as far as the handshake; C(limited) when the server asked to come back later.

        Connections that began before the last failure count with it.
        """
        self.throttled = self.throttled or self.contacted or limited
        if started < self._last_failure:
            return
        self._last_failure = now
        self._failures += 1
        self._limit = max(1, self._limit // 2)
        self._not_before = max(self._not_before, now + self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)


__all__ = ["Pace"]
