# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The loop that runs the sessions of any number of servers in one thread, over one selector.

Whatever happens concerns one session, and only that one is looked at: a turn costs the same among a thousand.
"""

from __future__ import annotations

import selectors
import time
import typing as t
from collections import deque

from ansible_collections.postmaster.tls.plugins.module_utils._probe._connection import Connection
from ansible_collections.postmaster.tls.plugins.module_utils._probe._pace import (
    MOST_CONNECTIONS,
    Pace,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._session import Session
from ansible_collections.postmaster.tls.plugins.module_utils._probe._timers import Timers

Call = t.Callable[[], None]

#: Far below what a selector can take, and no more than a look at the clock.
_LONGEST_WAIT: t.Final = 3600.0


class _Watched:
    """An open connection, and what the selector waits for on it."""

    __slots__ = ("connection", "events", "session")

    def __init__(self, session: Session, connection: Connection) -> None:
        self.session = session
        self.connection = connection
        self.events = 0


class _Alarm:
    """A call at a time."""

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call = call


class Reactor:
    """Runs sessions to their end, with at most C(concurrency) connections open at once.

    C(clock) is monotonic and in seconds, the same that the sessions were made with.
    """

    def __init__(
        self,
        clock: t.Callable[[], float] = time.monotonic,
        *,
        concurrency: int = MOST_CONNECTIONS,
    ) -> None:
        self._clock = clock
        self._free = concurrency
        self._selector = selectors.DefaultSelector()
        self._timers = Timers()
        self._watched: dict[Connection, _Watched] = {}
        self._running: dict[Session, Call] = {}
        self._ready: deque[Session] = deque()
        self._without_room: dict[Session, None] = {}

    def add(self, session: Session, on_done: Call) -> None:
        """Run the session, and call C(on_done) when it is done."""
        self._running[session] = on_done
        self._ready.append(session)

    def at(self, when: float, call: Call) -> t.Hashable:
        """Call at a time, unless C(cancel) is called with what this returns."""
        alarm = _Alarm(call)
        self._timers.schedule(alarm, when)
        return alarm

    def cancel(self, alarm: t.Hashable) -> None:
        """Do not call any more."""
        self._timers.cancel(alarm)

    def watch(self, source: t.Any, call: Call) -> None:
        """Call whenever the source can be read."""
        self._selector.register(source, selectors.EVENT_READ, call)

    def run(self, busy: t.Callable[[], bool] = lambda: False) -> None:
        """Return when every session is done, and nobody is C(busy) any more."""
        with self._selector:
            self._begin_ready()
            while self._running or busy():
                self._turn()

    def _turn(self) -> None:
        wake = self._timers.next()
        wait = None if wake is None else min(max(0.0, wake - self._clock()), _LONGEST_WAIT)
        for key, _events in self._selector.select(wait):
            watched = key.data
            if not isinstance(watched, _Watched):
                watched()
                continue
            watched.connection.on_ready(self._clock())
            self._update(watched)
        now = self._clock()
        for owner in self._timers.due(now):
            if isinstance(owner, _Watched):
                self._look_at(owner, now)
            elif isinstance(owner, Session):
                self._expire(owner, now)
            else:
                owner.call()
        self._begin_ready()

    def _look_at(self, watched: _Watched, now: float) -> None:
        if watched.connection.deadline <= now:
            watched.connection.on_deadline(now)
        self._update(watched)

    def _expire(self, session: Session, now: float) -> None:
        for connection in session.expire(now):
            self._release(self._watched[connection])
        self._ready.append(session)

    def _begin_ready(self) -> None:
        while self._ready:
            session = self._ready.popleft()
            if session in self._running:
                self._begin(session)

    def _begin(self, session: Session) -> None:
        now = self._clock()
        while self._free and not session.done:
            connection = session.begin(now)
            if connection is None:
                break
            self._free -= 1
            watched = self._watched[connection] = _Watched(session, connection)
            self._update(watched)
        if session.done:
            self._timers.cancel(session)
            self._without_room.pop(session, None)
            self._running.pop(session)()
        elif self._free:
            self._timers.schedule(session, session.wake_at())
        else:
            self._without_room[session] = None
            self._timers.schedule(session, session.deadline)
        self._pass_on(session)

    def _pass_on(self, session: Session) -> None:
        """What room is left is for those who wait for it: at the same address, and among all."""
        self._wake_neighbour(session.pace)
        if self._free and self._without_room:
            waiting = next(iter(self._without_room))
            del self._without_room[waiting]
            self._ready.append(waiting)

    def _wake_neighbour(self, pace: Pace) -> None:
        """Room is for somebody who still has a use for it."""
        neighbour = pace.woken()
        while neighbour is not None and (
            neighbour not in self._running or neighbour.pace is not pace
        ):
            neighbour = pace.woken()
        if neighbour is not None:
            self._ready.append(neighbour)

    def _update(self, watched: _Watched) -> None:
        connection = watched.connection
        if connection.done:
            self._release(watched)
            pace = watched.session.pace
            watched.session.finished(connection, self._clock())
            self._wake_neighbour(pace)
            self._ready.append(watched.session)
            return
        events = selectors.EVENT_WRITE if connection.wants_write else selectors.EVENT_READ
        if not watched.events:
            self._selector.register(connection.socket, events, watched)
        elif watched.events != events:
            self._selector.modify(connection.socket, events, watched)
        watched.events = events
        self._timers.schedule(watched, connection.deadline)

    def _release(self, watched: _Watched) -> None:
        """Give back what a connection had."""
        del self._watched[watched.connection]
        self._timers.cancel(watched)
        if watched.events:
            self._selector.unregister(watched.connection.socket)
        watched.connection.close()
        self._free += 1


__all__ = ["Reactor"]
