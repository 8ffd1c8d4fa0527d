# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What one session has seen of its server: how patient to be with it, and when going on is of no use."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._probe._pace import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MOST_CONNECTIONS,
    Trouble,
)

ON_A_LAN: t.Final = 4
_LONG_WAY: t.Final = 0.005
_LEAST_PATIENCE: t.Final = 0.5
_MOST_FAILURES: t.Final = 6
_MOST_BEFORE_CONTACT: t.Final = 3
#: Longer than the minute after which Postfix's anvil counts anew (anvil_rate_time_unit).
_LONGEST_BAN: t.Final = 75.0


class Standing:
    """All times are of the caller's clock, in seconds; C(contacted) when a connection came as far as the handshake.

    C(throttled) says whether the server showed a limit, C(round_trip) the quickest answer so far, C(stalls) how often in a
    row it gave no sign of life.
    """

    def __init__(self, *, connections: int | None) -> None:
        self._bound = connections
        self._failures = 0
        self.stalls = 0
        self._banned_since: float | None = None
        self._slowest_banner = 0.0
        self._pause = FIRST_PAUSE
        self.not_before = 0.0
        self.round_trip: float | None = None
        self.contacted = False
        self.throttled = False

    @property
    def width(self) -> int:
        """How many connections are of use: one until the server was reached, more where each takes long."""
        if not self.contacted:
            return 1
        if self._bound is not None:
            return self._bound
        far = self.round_trip is not None and self.round_trip > _LONG_WAY
        return MOST_CONNECTIONS if far else ON_A_LAN

    def patience(self, longest: float) -> float:
        """How long to wait for a connection or a banner, from what this server took so far; longer after each stall."""
        if not self.contacted:
            return longest
        usual = max(_LEAST_PATIENCE, 3 * self._slowest_banner, 5 * (self.round_trip or 0.0))
        return float(min(longest, usual * 4**self.stalls))

    def exhausted(self, now: float) -> bool:
        """Whether going on is of no use: the server failed often in a row, or for longer than any limit that it showed."""
        if self._banned_since is not None:
            return now - self._banned_since > _LONGEST_BAN
        return self._failures >= (_MOST_FAILURES if self.contacted else _MOST_BEFORE_CONTACT)

    def succeeded(self, *, banner_after: float | None, round_trip: float | None) -> None:
        """A connection came as far as the handshake."""
        self.contacted = True
        self._banned_since = None
        self._failures = self.stalls = 0
        self._slowest_banner = max(self._slowest_banner, banner_after or 0.0)
        if round_trip is not None:
            self.round_trip = min(round_trip, self.round_trip or round_trip)

    def failed(self, trouble: Trouble, *, now: float, repeated: bool) -> None:
        """A connection failed before the handshake, and not together with the one before it.

        One stall may be chance. C(repeated) when the same question met one before.
        """
        self._failures += 1
        if trouble is Trouble.LIMIT and self._banned_since is None:
            self._banned_since = now
        if trouble is Trouble.STALL:
            self.stalls = min(self.stalls + 1, 4)
        if trouble is Trouble.LIMIT or (
            self.contacted and (trouble is not Trouble.STALL or repeated)
        ):
            self.throttled = True
        if not self.contacted:
            self.not_before = now + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)


__all__ = ["ON_A_LAN", "Standing"]
