# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Calls that may block for long, such as name resolution, each in a thread of its own; results come back by a socket.

The thread module is the low-level one: a probe of an address needs none, and one of a name should not pay for more.
"""

from __future__ import annotations

import _thread
import contextlib
import socket
import typing as t
from collections import deque

_MOST_THREADS: t.Final = 128

Hear = t.Callable[[t.Any], None]


class Aside:
    """Runs calls beside the caller's loop, which waits for C(socket) to be readable and then calls C(collect).

    A call that never returns holds up no other, but for the number of threads, and not the end of the process either.
    """

    def __init__(self) -> None:
        self.socket, self._far = socket.socketpair()
        self.socket.setblocking(False)
        self._waiting: deque[tuple[t.Callable[[], t.Any], Hear]] = deque()
        self._returned: deque[tuple[Hear, t.Any]] = deque()
        self._threads = 0

    def call(self, work: t.Callable[[], t.Any], hear: Hear) -> None:
        """Run C(work), which raises nothing, and give what it returns to C(hear), in the caller's own thread."""
        self._waiting.append((work, hear))
        self._start()

    def collect(self) -> None:
        """Tell all that has returned."""
        with contextlib.suppress(BlockingIOError, InterruptedError):
            self.socket.recv(4096)
        while self._returned:
            hear, value = self._returned.popleft()
            self._threads -= 1
            hear(value)
        self._start()

    def close(self) -> None:
        """Wait for nobody any more."""
        self._waiting.clear()
        self.socket.close()
        self._far.close()

    def _start(self) -> None:
        while self._waiting and self._threads < _MOST_THREADS:
            work, hear = self._waiting.popleft()
            self._threads += 1
            _thread.start_new_thread(self._run, (work, hear))

    def _run(self, work: t.Callable[[], t.Any], hear: Hear) -> None:
        self._returned.append((hear, work()))
        with contextlib.suppress(OSError):
            self._far.send(b".")


__all__ = ["Aside", "Hear"]
