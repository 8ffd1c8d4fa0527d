# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One server's probe: a strategy's questions become connections, and their outcomes its answers."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._probe._connection import (
    Connection,
    Outcome,
    Patience,
    Stage,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._pace import Pace, Trouble
from ansible_collections.postmaster.tls.plugins.module_utils._probe._standing import Standing
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Endpoint, Target
from ansible_collections.postmaster.tls.plugins.module_utils._probe._tasks import Asked, Tasks
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._dialogue import Dialogue
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined

_CONNECT: t.Final = 10.0
_BANNER: t.Final = 30.0
#: Where a server most probably waits for a hello of TLS.
_BANNER_OF_THE_WRONG_MODE: t.Final = 5.0
_ANSWER: t.Final = 15.0
_WHOLE: t.Final = 45.0
_TRIES_AFTER_HELLO: t.Final = 2
_SILENT: t.Final = frozenset(("closed", "reset", "timeout"))
_CUT: t.Final = frozenset(("closed", "reset"))
_MAY_PASS: t.Final = frozenset(("throttled", "starttls-unavailable", "closed", "reset"))


class Session:
    """Runs one strategy on one server; the reactor calls C(begin), C(finished) and C(expire) and reads C(done).

    C(failure) says why the server gave no handshake, or why the probe ended early; C(dialogue) is the talk that came
    furthest; C(connected) whether any connection came about; C(cuts) how many questions the server answered by cutting
    the connection each time, C(answered) whether it answered any otherwise; C(deadline) when the probe ends.
    C(pace_of) gives the pace of an address, which sessions share.
    """

    def __init__(
        self,
        target: Target,
        endpoints: t.Sequence[Endpoint],
        strategy: t.Generator[t.Any, t.Any, t.Any],
        *,
        ehlo_name: str,
        now: float,
        pace_of: t.Callable[[str], Pace] = lambda _address: Pace(),
    ) -> None:
        self._target = target
        self._endpoints = list(endpoints)
        self._ehlo_name = ehlo_name
        self._pace_of = pace_of
        self.pace = pace_of(self.endpoint.address)
        self.standing = Standing(connections=target.connections)
        self.deadline = now + target.timeout
        self._tasks = Tasks(strategy, lambda: self.standing.width)
        self._live: dict[Connection, Asked] = {}
        self.answered = False
        self._last_trouble: NotDetermined | None = None
        self.failure: NotDetermined | None = None
        self.dialogue: Dialogue | None = None
        self.early = b""
        self.connected = False
        self.connections = 0
        self.cuts = 0

    @property
    def endpoint(self) -> Endpoint:
        """The address in use: the first that accepted a connection, or the last that was tried."""
        return self._endpoints[0]

    @property
    def done(self) -> bool:
        """Whether the strategy came to its end."""
        return self._tasks.done

    @property
    def result(self) -> t.Any:
        """What the strategy returned."""
        return self._tasks.result

    def wake_at(self) -> float:
        """When the session wants to act although no connection reports: to begin the next one, or to expire."""
        if self._tasks.waiting and len(self._live) < self.standing.width:
            begin = max(self.pace.not_before, self.standing.not_before)
            if self.pace.live < self.pace.limit:
                return min(self.deadline, begin)
        return self.deadline

    def begin(self, now: float) -> Connection | None:
        """A connection that may begin now; None if there is no use or no room for another."""
        if not self._tasks.waiting or len(self._live) >= self.standing.width:
            return None
        if now < self.standing.not_before:
            return None
        if not self.pace.room(now):
            if self.pace.live >= self.pace.limit and not self._live:
                self.pace.wait(self)
            return None
        return self._begin(self._tasks.pop(), now)

    def finished(self, connection: Connection, now: float) -> None:
        """A connection is done."""
        asked = self._live.pop(connection)
        self.pace.ended()
        outcome = self._noted(connection)
        if outcome.stage >= Stage.HELLO:
            self._after_hello(asked, outcome)
        else:
            self._before_hello(asked, outcome, now)

    def expire(self, now: float) -> list[Connection]:
        """End everything if the time of the probe is over; the connections that were abandoned."""
        if now < self.deadline or self.done:
            return []
        seconds = f"{self._target.timeout:g} seconds"
        reason = NotDetermined("timeout", f"The probe ended after {seconds}.")
        if not self.connections:
            detail = f"The probe ended after {seconds}, before there was room to connect."
            reason = NotDetermined("not-asked", detail)
        elif self._last_trouble is not None:
            detail = f"{self._last_trouble.detail} So it was until the probe ended after {seconds}."
            reason = NotDetermined(self._last_trouble.reason, detail)
        abandoned = list(self._live)
        for connection, asked in self._live.items():
            connection.abandon(reason)
            self.pace.ended()
            self._noted(connection)
            self._tasks.put_back(asked)
        self._live.clear()
        self._give_up(reason)
        return abandoned

    def _begin(self, asked: Asked, now: float) -> Connection:
        content = asked.content
        dialogue = None
        if not self._target.implicit:
            dialogue = Dialogue(
                self._ehlo_name,
                lmtp=self._target.lmtp,
                injection=getattr(content, "purpose", None) == "injection",
            )
        connection = Connection(
            self.endpoint,
            content.exchange(),
            dialogue=dialogue,
            patience=self._patience(now),
            now=now,
        )
        self.connections += 1
        asked.tries += 1
        self.pace.started(now, interval=self._target.interval)
        self._live[connection] = asked
        return connection

    def _patience(self, now: float) -> Patience:
        left = self.deadline - now
        banner = _BANNER_OF_THE_WRONG_MODE if self._target.wrong_mode else _BANNER
        return Patience(
            connect=self.standing.patience(min(_CONNECT, left)),
            banner=self.standing.patience(min(banner, left)),
            answer=_ANSWER,
            whole=min(_WHOLE, left),
        )

    def _noted(self, connection: Connection) -> Outcome:
        outcome = t.cast(Outcome, connection.outcome)
        self.connected = self.connected or outcome.stage > Stage.CONNECT
        dialogue = outcome.dialogue
        if dialogue is not None:
            self.early = self.early or dialogue.early
            if self.dialogue is None or len(dialogue.transcript) > len(self.dialogue.transcript):
                self.dialogue = dialogue
        return outcome

    def _after_hello(self, asked: Asked, outcome: Outcome) -> None:
        self._last_trouble = None
        self.pace.succeeded()
        self.standing.succeeded(banner_after=outcome.banner_after, round_trip=outcome.round_trip)
        answer = outcome.answer
        silent = isinstance(answer, NotDetermined) and answer.reason in _SILENT
        if silent and asked.tries < _TRIES_AFTER_HELLO:
            self._tasks.put_back(asked)
            return
        if not silent:
            self.answered = True
        elif t.cast(NotDetermined, answer).reason in _CUT:
            self.cuts += 1
        self._tasks.answer(asked, answer)

    def _before_hello(self, asked: Asked, outcome: Outcome, now: float) -> None:
        answer = t.cast(NotDetermined, outcome.answer)
        standing = self.standing
        self._tasks.put_back(asked)
        if not standing.contacted and outcome.stage is Stage.CONNECT and len(self._endpoints) > 1:
            self._endpoints.pop(0)
            self.pace = self._pace_of(self.endpoint.address)
            return
        trouble = _trouble(answer)
        if trouble is Trouble.STALL and now >= self.deadline and self._last_trouble is not None:
            return
        self._last_trouble = answer
        new = True
        if standing.contacted or trouble is Trouble.LIMIT:
            new = self.pace.failed(trouble, started=outcome.started, now=now, width=standing.width)
        if new:
            standing.failed(trouble, now=now, repeated=asked.tries > 1)
        once_more = trouble is Trouble.STALL and standing.stalls == 1 and now < self.deadline
        hopeless = not standing.contacted and not (once_more or _may_pass(answer, outcome))
        if hopeless or standing.exhausted(now):
            self._give_up(answer)

    def _give_up(self, reason: NotDetermined) -> None:
        self.failure = reason
        self._tasks.give_up(reason)


def _trouble(answer: NotDetermined) -> Trouble:
    if answer.reason == "throttled":
        return Trouble.LIMIT
    if answer.reason in ("no-banner", "timeout"):
        return Trouble.STALL
    return Trouble.REFUSAL


def _may_pass(answer: NotDetermined, outcome: Outcome) -> bool:
    stop = outcome.dialogue.stop if outcome.dialogue is not None else None
    return answer.reason in _MAY_PASS or (stop is not None and stop.temporary)


__all__ = ["Session"]
