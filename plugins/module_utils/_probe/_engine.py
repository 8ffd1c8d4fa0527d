# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Probes from their targets to their results, all in one process."""

from __future__ import annotations

import resource
import socket
import time
import typing as t
from collections import deque

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._probe import _target
from ansible_collections.postmaster.tls.plugins.module_utils._probe._aside import Aside
from ansible_collections.postmaster.tls.plugins.module_utils._probe._pace import Pace
from ansible_collections.postmaster.tls.plugins.module_utils._probe._reactor import Reactor
from ansible_collections.postmaster.tls.plugins.module_utils._probe._session import Session
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Endpoint, Target
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._dialogue import Dialogue
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import Survey, survey

_USUAL_CONCURRENCY: t.Final = 256
#: Files of the interpreter and its caller, and the sockets of those who resolve names.
_OTHER_FILES: t.Final = 192
_OWN_NAME_PATIENCE: t.Final = 3.0
_SILENCE: t.Final = frozenset(("no-banner", "closed", "reset", "timeout"))


@dataclass(frozen=True)
class Probe:
    """What came of probing one target.

    C(reached) is False when no connection came about, None when one did and the server said nothing, or when none was
    tried before the time was over. C(failure) is why there was no handshake, or why the probe ended early. C(survey) is
    None when no handshake could begin. C(addresses) are all that the name has; C(cuts) is how many questions the server
    answered by cutting the connection each time.
    """

    target: Target
    reached: bool | None
    address: str | None = None
    failure: NotDetermined | None = None
    dialogue: Dialogue | None = None
    early: bytes = b""
    survey: Survey | None = None
    connections: int = 0
    throttled: bool = False
    seconds: float = 0.0
    addresses: tuple[str, ...] = ()
    cuts: int = 0


#: Takes the position of a target, the number of its address where each is probed for itself, and what came of it.
Tell = t.Callable[[int, int, Probe], None]
Clock = t.Callable[[], float]


def probe(target: Target, clock: Clock = time.monotonic) -> Probe:
    """Ask one server, at the first of its addresses that answers; an unreachable one is a result, no error."""
    found: list[Probe] = []
    probe_all([target], tell=lambda _position, _part, result: found.append(result), clock=clock)
    return found[0]


def probe_all(
    targets: t.Sequence[Target],
    *,
    tell: Tell,
    concurrency: int | None = None,
    clock: Clock = time.monotonic,
) -> None:
    """Ask all servers, with at most C(concurrency) connections at once; each is told as it finishes, and forgotten.

    Raises InvalidInput when the process may not open that many connections.
    """
    most = most_connections(concurrency)
    _Fleet(targets, tell=tell, concurrency=most, clock=clock).run()


def most_connections(wanted: int | None, *, files: int | None = None) -> int:
    """How many connections at once, of those wanted (None: the usual), this process can have with so many open files."""
    if files is None:
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        files = 1 << 20 if soft == resource.RLIM_INFINITY else soft
    possible = max(1, files - _OTHER_FILES)
    if wanted is None:
        return min(_USUAL_CONCURRENCY, possible)
    if wanted < 1:
        raise InvalidInput(f"The concurrency {wanted} is not a number of connections from 1 up.")
    if wanted > possible:
        raise InvalidInput(
            f"The concurrency {wanted} is more than the {possible} connections that {files} open files leave room for: "
            "lower it, or raise the limit (ulimit -n) where the module runs."
        )
    return wanted


class _Job:
    """A target whose name is being resolved."""

    def __init__(self, position: int, target: Target, started: float) -> None:
        self.position = position
        self.target = target
        self.started = started
        self.alarm: t.Hashable = None
        self.settled = False


class _Fleet:
    def __init__(
        self, targets: t.Sequence[Target], *, tell: Tell, concurrency: int, clock: Clock
    ) -> None:
        self._waiting = deque(enumerate(targets))
        self._patience = min((target.timeout for target in targets), default=0.0)
        self._tell = tell
        self._most = concurrency
        self._clock = clock
        self._reactor = Reactor(clock, concurrency=concurrency)
        self._aside: Aside | None = None
        self._paces: dict[str, Pace] = {}
        self._own: str | None = None
        self._active = 0
        self._admitting = False

    def run(self) -> None:
        if all(target.ehlo_name for _position, target in self._waiting):
            self._own = ""
        else:
            self._learn_own_name()
        self._admit()
        try:
            self._reactor.run(lambda: bool(self._active or self._waiting))
        finally:
            if self._aside is not None:
                self._aside.close()

    def _beside(self, work: t.Callable[[], t.Any], tell: t.Callable[[t.Any], None]) -> None:
        if self._aside is None:
            self._aside = Aside()
            self._reactor.watch(self._aside.socket, self._aside.collect)
        self._aside.call(work, tell)

    def _learn_own_name(self) -> None:
        """A name that is full already needs no resolver."""
        self._own = _target.full_name(socket.gethostname) or None
        if self._own is None:
            patience = min(_OWN_NAME_PATIENCE, self._patience)
            alarm = self._reactor.at(self._clock() + patience, lambda: self._know_own_name(""))
            self._beside(_target.full_name, lambda name: self._know_own_name(name, alarm))

    def _know_own_name(self, name: str, alarm: t.Hashable = None) -> None:
        self._reactor.cancel(alarm)
        if self._own is None:
            self._own = name
            self._admit()

    def _admit(self) -> None:
        if self._admitting or self._own is None:
            return
        self._admitting = True
        while self._waiting and self._active < self._most:
            position, target = self._waiting.popleft()
            self._active += 1
            self._resolve(_Job(position, target, self._clock()))
        self._admitting = False

    def _resolve(self, job: _Job) -> None:
        target = job.target
        if all(_target.is_address(name) for name in target.names):
            self._resolved(job, _target.resolve(target))
            return
        waited = next(name for name in target.names if not _target.is_address(name))
        detail = f"The name {waited} was not resolved within {target.timeout:g} seconds."
        late = NotDetermined("unresolvable", detail)
        job.alarm = self._reactor.at(
            job.started + target.timeout, lambda: self._resolved(job, late)
        )
        self._beside(lambda: _target.resolve(target), lambda found: self._resolved(job, found))

    def _resolved(
        self, job: _Job, found: tuple[Endpoint | NotDetermined, ...] | NotDetermined
    ) -> None:
        if job.settled:
            return
        job.settled = True
        self._reactor.cancel(job.alarm)
        told = (found,) if isinstance(found, NotDetermined) else found
        endpoints = tuple(one for one in told if isinstance(one, Endpoint))
        addresses = tuple(endpoint.address for endpoint in endpoints)
        parts = told if job.target.every_address or not endpoints else (endpoints,)
        self._active += len(parts) - 1
        for part, one in enumerate(parts):
            if isinstance(one, NotDetermined):
                seconds = self._clock() - job.started
                unresolved = Probe(
                    job.target, False, failure=one, seconds=seconds, addresses=addresses
                )
                self._finish(job, part, unresolved)
            else:
                self._start(job, part, (one,) if isinstance(one, Endpoint) else one, addresses)

    def _start(
        self, job: _Job, part: int, endpoints: tuple[Endpoint, ...], addresses: tuple[str, ...]
    ) -> None:
        target = job.target
        session = Session(
            target,
            endpoints,
            survey(
                target.asked,
                server_name=target.server_name,
                policy=target.policy,
                senders=target.profiles,
                starttls=not target.implicit,
            ),
            ehlo_name=target.ehlo_name or self._own or _target.literal(endpoints[0]),
            now=job.started,
            pace_of=self._pace_of,
        )

        def on_done() -> None:
            seconds = self._clock() - job.started
            self._finish(job, part, _outcome(target, session, seconds, addresses))

        self._reactor.add(session, on_done)

    def _finish(self, job: _Job, part: int, result: Probe) -> None:
        self._active -= 1
        self._tell(job.position, part, result)
        self._admit()

    def _pace_of(self, address: str) -> Pace:
        return self._paces.setdefault(address, Pace())


def _outcome(target: Target, session: Session, seconds: float, addresses: tuple[str, ...]) -> Probe:
    contacted = session.standing.contacted
    return Probe(
        target,
        _reached(session),
        session.endpoint.address,
        _failure(target, session),
        session.dialogue,
        session.early,
        session.result if contacted else None,
        session.connections,
        session.standing.throttled,
        seconds,
        addresses,
        session.cuts if session.answered else 0,
    )


def _reached(session: Session) -> bool | None:
    talked = session.dialogue is not None and session.dialogue.transcript
    if session.standing.contacted or talked:
        return True
    return None if session.connected or not session.connections else False


def _failure(target: Target, session: Session) -> NotDetermined | None:
    """Why there was no handshake, with a hint where the mode seems to be the wrong one."""
    failure, contacted = session.failure, session.standing.contacted
    silent = not contacted and session.connected and failure and failure.reason in _SILENCE
    if failure and silent and target.wrong_mode:
        hint = (
            f" On port {target.port} TLS usually begins at once: probe it with tls_mode implicit."
        )
        return NotDetermined(failure.reason, failure.detail + hint)
    first = session.result.handshake if contacted else None
    if target.implicit and isinstance(first, NotDetermined) and first.reason == "not-tls":
        hint = " If it speaks SMTP, probe it with tls_mode starttls."
        return NotDetermined(first.reason, first.detail + hint)
    return failure


__all__ = ["Probe", "Tell", "most_connections", "probe", "probe_all"]
