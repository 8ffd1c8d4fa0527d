# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The loop that runs the sessions of any number of servers in one thread, over one selector."""

from __future__ import annotations

import heapq
import itertools
import selectors
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._probe._connection import Connection
from ansible_collections.postmaster.tls.plugins.module_utils._probe._session import Session


@dataclass
class _Watched:
    session: Session
    events: int = 0
    deadline: float = 0.0


class Reactor:
    """Runs sessions to their end; C(clock) is monotonic and in seconds, the same that the sessions were made with."""

    def __init__(self, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._watched: dict[Connection, _Watched] = {}
        self._timers: list[tuple[float, int, Connection]] = []
        self._serial = itertools.count()

    def run(self, sessions: t.Sequence[Session]) -> None:
        """Return when every session is done."""
        running = list(sessions)
        with self._selector:
            while running:
                for session in running:
                    self._begin(session)
                running = [session for session in running if not session.done]
                if running:
                    self._turn(running)

    def _turn(self, running: list[Session]) -> None:
        for key, _events in self._selector.select(self._wait(running)):
            connection: Connection = key.data
            connection.on_ready(self._clock())
            self._update(connection)
        now = self._clock()
        while self._timers and self._timers[0][0] <= now:
            connection = heapq.heappop(self._timers)[2]
            if connection in self._watched and connection.deadline <= now:
                connection.on_deadline()
                self._update(connection)
        for session in running:
            for connection in session.expire(now):
                self._release(connection)

    def _wait(self, running: list[Session]) -> float:
        wake = min(session.wake_at() for session in running)
        if self._timers:
            wake = min(wake, self._timers[0][0])
        return max(0.0, wake - self._clock())

    def _begin(self, session: Session) -> None:
        while not session.done:
            begun = session.begin(self._clock())
            if not begun:
                return
            for connection in begun:
                self._watched[connection] = _Watched(session)
                self._update(connection)

    def _update(self, connection: Connection) -> None:
        if connection.done:
            watched = self._release(connection)
            watched.session.finished(connection, self._clock())
            return
        watched = self._watched[connection]
        events = selectors.EVENT_WRITE if connection.wants_write else selectors.EVENT_READ
        if not watched.events:
            self._selector.register(connection.socket, events, connection)
        elif watched.events != events:
            self._selector.modify(connection.socket, events, connection)
        watched.events = events
        if watched.deadline != connection.deadline:
            watched.deadline = connection.deadline
            heapq.heappush(self._timers, (connection.deadline, next(self._serial), connection))

    def _release(self, connection: Connection) -> _Watched:
        watched = self._watched.pop(connection)
        if watched.events:
            self._selector.unregister(connection.socket)
        connection.close()
        return watched


__all__ = ["Reactor"]
