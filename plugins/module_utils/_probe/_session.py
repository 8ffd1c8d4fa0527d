# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One server's probe: a strategy's questions become connections, and their outcomes its answers."""

from __future__ import annotations

import typing as t
from collections import deque
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._probe._connection import (
    Connection,
    Outcome,
    Patience,
    Stage,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._pace import Pace
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Endpoint, Target
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._dialogue import Dialogue
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    NotDetermined,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import Fork, Question

_CONNECT: t.Final = 10.0
_BANNER: t.Final = 30.0
_ANSWER: t.Final = 15.0
_WHOLE: t.Final = 45.0
_TRIES_AFTER_HELLO: t.Final = 2
_SILENT: t.Final = frozenset(("closed", "reset", "timeout"))
_MAY_PASS: t.Final = frozenset(("throttled", "starttls-unavailable", "closed", "reset"))


class _Task:
    """A strategy that runs, and the place in its parent's fork that waits for its result."""

    def __init__(
        self, strategy: t.Generator[t.Any, t.Any, t.Any], parent: _Task | None, place: int
    ) -> None:
        self.strategy = strategy
        self.parent = parent
        self.place = place
        self.results: list[t.Any] = []
        self.missing = 0


@dataclass
class _Question:
    task: _Task
    content: Question
    tries: int = 0


class Session:
    """Runs one strategy on one server; the reactor calls C(begin), C(finished) and C(expire) and reads C(done).

    C(failure) says why the server gave no handshake, or why the probe ended early; C(dialogue) is the talk that came
    furthest; C(connected) whether any connection came about.
    """

    def __init__(
        self,
        target: Target,
        endpoints: t.Sequence[Endpoint],
        strategy: t.Generator[t.Any, t.Any, t.Any],
        *,
        ehlo_name: str,
        now: float,
    ) -> None:
        self._target = target
        self._endpoints = list(endpoints)
        self._ehlo_name = ehlo_name
        self._pace = Pace(connections=target.connections, interval=target.interval)
        self._deadline = now + target.timeout
        self._queue: deque[_Question] = deque()
        self._live: dict[Connection, _Question] = {}
        self._root = _Task(strategy, None, 0)
        self.result: t.Any = None
        self.done = False
        self.failure: NotDetermined | None = None
        self.dialogue: Dialogue | None = None
        self.early = b""
        self.connected = False
        self.connections = 0
        self._advance(self._root, None)

    @property
    def endpoint(self) -> Endpoint:
        """The address in use: the first that accepted a connection, or the last that was tried."""
        return self._endpoints[0]

    @property
    def contacted(self) -> bool:
        """Whether a connection came as far as the handshake."""
        return self._pace.contacted

    @property
    def throttled(self) -> bool:
        """Whether the server showed a limit."""
        return self._pace.throttled

    def wake_at(self) -> float:
        """When the session wants to act although no connection reports: to begin the next one, or to expire."""
        if self._queue and len(self._live) < self._pace.limit:
            return min(self._deadline, self._pace.not_before)
        return self._deadline

    def begin(self, now: float) -> list[Connection]:
        """The connections that may begin now."""
        begun: list[Connection] = []
        while self._queue and len(self._live) < self._pace.limit and now >= self._pace.not_before:
            question = self._queue.popleft()
            dialogue = None if self._target.implicit else Dialogue(self._ehlo_name)
            connection = Connection(
                self.endpoint,
                question.content.exchange(),
                dialogue=dialogue,
                patience=self._patience(now),
                now=now,
            )
            self.connections += 1
            question.tries += 1
            self._pace.started(now)
            self._live[connection] = question
            begun.append(connection)
        return begun

    def finished(self, connection: Connection, now: float) -> None:
        """A connection is done."""
        question = self._live.pop(connection)
        outcome = t.cast(Outcome, connection.outcome)
        self.connected = self.connected or outcome.stage > Stage.CONNECT
        self._remember(outcome.dialogue)
        if outcome.stage >= Stage.HELLO:
            self._after_hello(question, outcome)
        else:
            self._before_hello(question, outcome, now)

    def expire(self, now: float) -> list[Connection]:
        """End everything if the time of the probe is over; the connections that were abandoned."""
        if now < self._deadline or self.done:
            return []
        reason = NotDetermined(
            "timeout", f"The probe ended after {self._target.timeout:g} seconds."
        )
        abandoned = list(self._live)
        for connection in abandoned:
            connection.abandon(reason)
            outcome = t.cast(Outcome, connection.outcome)
            self.connected = self.connected or outcome.stage > Stage.CONNECT
            self._remember(outcome.dialogue)
        self._queue.extend(self._live.values())
        self._live.clear()
        self._give_up(reason)
        return abandoned

    def _patience(self, now: float) -> Patience:
        left = self._deadline - now
        banner = self._pace.banner_patience(min(_BANNER, left))
        return Patience(
            connect=min(_CONNECT, left), banner=banner, answer=_ANSWER, whole=min(_WHOLE, left)
        )

    def _remember(self, dialogue: Dialogue | None) -> None:
        if dialogue is None:
            return
        self.early = self.early or dialogue.early
        if self.dialogue is None or len(dialogue.transcript) > len(self.dialogue.transcript):
            self.dialogue = dialogue

    def _after_hello(self, question: _Question, outcome: Outcome) -> None:
        self._pace.succeeded(outcome.banner_after)
        answer = outcome.answer
        silent = isinstance(answer, NotDetermined) and answer.reason in _SILENT
        if silent and question.tries < _TRIES_AFTER_HELLO:
            self._queue.append(question)
            return
        self._advance(question.task, answer)

    def _before_hello(self, question: _Question, outcome: Outcome, now: float) -> None:
        answer = t.cast(NotDetermined, outcome.answer)
        if not self.contacted and outcome.stage is Stage.CONNECT and len(self._endpoints) > 1:
            self._endpoints.pop(0)
            self._queue.appendleft(question)
            return
        self._pace.failed(started=outcome.started, now=now, limited=answer.reason == "throttled")
        self._queue.appendleft(question)
        hopeless = not self.contacted and answer.reason not in _MAY_PASS
        if hopeless or self._pace.exhausted:
            self._give_up(answer)

    def _give_up(self, reason: NotDetermined) -> None:
        self.failure = reason
        while self._queue:
            self._advance(self._queue.popleft().task, reason)

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
                pending.extend(self._forked(current, question))
            else:
                self._ask(current, question, pending)

    def _ask(
        self,
        task: _Task,
        question: Question,
        pending: list[tuple[_Task, t.Any]],
    ) -> None:
        if self.failure is not None:
            pending.append((task, self.failure))
        else:
            self._queue.append(_Question(task, question))

    def _forked(self, task: _Task, fork: Fork) -> list[tuple[_Task, t.Any]]:
        task.results = [None] * len(fork.branches)
        task.missing = len(fork.branches)
        children = [_Task(branch, task, place) for place, branch in enumerate(fork.branches)]
        return [(child, None) for child in reversed(children)] or [(task, ())]

    def _completed(self, task: _Task, result: t.Any) -> list[tuple[_Task, t.Any]]:
        parent = task.parent
        if parent is None:
            self.result = result
            self.done = True
            return []
        parent.results[task.place] = result
        parent.missing -= 1
        return [] if parent.missing else [(parent, tuple(parent.results))]


__all__ = ["Session"]
