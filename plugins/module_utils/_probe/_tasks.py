# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A strategy's questions in the order of their urgency, and where their answers go."""

from __future__ import annotations

import heapq
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import (
    Fork,
    Question,
    Width,
)

Generator = t.Generator[t.Any, t.Any, t.Any]


class _Task:
    """A strategy that runs, and the place in its parent's fork that waits for its result."""

    def __init__(self, strategy: Generator, parent: _Task | None, place: int) -> None:
        self.strategy = strategy
        self.parent = parent
        self.place = place
        self.path: tuple[int, ...] = () if parent is None else (*parent.path, place)
        self.results: list[t.Any] = []
        self.missing = 0


@dataclass
class Asked:
    """One question of a strategy; C(tries) counts the connections that were made for it."""

    task: _Task
    content: Question
    tries: int = 0


class Tasks:
    """Runs one strategy with all its forks. The earlier branches of a fork go first: they are the longest.

    C(width) tells how many questions can be asked at the same time. C(result) is the strategy's, as soon as C(done).
    """

    def __init__(self, strategy: Generator, width: t.Callable[[], int]) -> None:
        self._width = width
        self._queue: list[tuple[tuple[int, ...], int, Asked]] = []
        self._serial = 0
        self._refusal: NotDetermined | None = None
        self.result: t.Any = None
        self.done = False
        self._advance(_Task(strategy, None, 0), None)

    @property
    def waiting(self) -> bool:
        """Whether there is a question that nobody asks at the moment."""
        return bool(self._queue)

    def pop(self) -> Asked:
        """The most urgent question."""
        return heapq.heappop(self._queue)[2]

    def put_back(self, asked: Asked) -> None:
        """The question is still open."""
        self._serial += 1
        heapq.heappush(self._queue, (asked.task.path, self._serial, asked))

    def answer(self, asked: Asked, reply: t.Any) -> None:
        """The question is answered, and its strategy goes on."""
        self._advance(asked.task, reply)

    def give_up(self, reason: NotDetermined) -> None:
        """Every question from now on has this answer."""
        self._refusal = reason
        while self._queue:
            self._advance(self.pop().task, reason)

    def _advance(self, task: _Task, reply: t.Any) -> None:
        pending: list[tuple[_Task, t.Any]] = [(task, reply)]
        while pending:
            current, value = pending.pop()
            try:
                question = current.strategy.send(value)
            except StopIteration as stop:
                pending.extend(self._completed(current, stop.value))
                continue
            if isinstance(question, Fork):
                pending.extend(_forked(current, question))
            elif isinstance(question, Width):
                pending.append((current, self._width()))
            elif self._refusal is not None:
                pending.append((current, self._refusal))
            else:
                self.put_back(Asked(current, question))

    def _completed(self, task: _Task, result: t.Any) -> list[tuple[_Task, t.Any]]:
        parent = task.parent
        if parent is None:
            self.result = result
            self.done = True
            return []
        parent.results[task.place] = result
        parent.missing -= 1
        return [] if parent.missing else [(parent, tuple(parent.results))]


def _forked(task: _Task, fork: Fork) -> list[tuple[_Task, t.Any]]:
    task.results = [None] * len(fork.branches)
    task.missing = len(fork.branches)
    children = [_Task(branch, task, place) for place, branch in enumerate(fork.branches)]
    return [(child, None) for child in reversed(children)] or [(task, ())]


__all__ = ["Asked", "Tasks"]
