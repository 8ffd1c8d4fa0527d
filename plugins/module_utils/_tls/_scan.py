# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which suites a server accepts: by elimination, offer all and leave out what was picked."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

#: Alerts that say "nothing that you offer": handshake_failure, protocol_version, insufficient_security.
REFUSALS: t.Final = frozenset((40, 70, 71))
_HALVES_WHEN_CUT: t.Final = 64
_MOST_DOUBTS: t.Final = 16


@dataclass(frozen=True)
class Offer:
    """What every hello of a scan has in common."""

    server_name: str | None = None
    groups: tuple[int, ...] = _groups.USUAL

    def hello(self, protocol: Protocol, suites: t.Sequence[int]) -> ClientHello:
        """A hello for one version only."""
        return ClientHello((protocol,), tuple(suites), self.groups, server_name=self.server_name)


@dataclass(frozen=True)
class SuiteScan:
    """Every candidate stands in exactly one of C(accepted), C(rejected) and C(undetermined).

    C(accepted) is in the order of the picks: the server's own order where the server decides. C(reasons) says why, for
    the rejected and the undetermined: C(alert handshake_failure), C(TLSv1.2 chosen), or the reason of a NotDetermined.
    C(chains) are the certificate chains that were served, each once.
    """

    protocol: Protocol
    accepted: tuple[int, ...] = ()
    rejected: frozenset[int] = frozenset()
    undetermined: frozenset[int] = frozenset()
    reasons: t.Mapping[int, str] = field(default_factory=dict)
    chains: tuple[tuple[bytes, ...], ...] = ()


class _Tally:
    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.accepted: list[int] = []
        self.rejected: dict[int, str] = {}
        self.undetermined: dict[int, str] = {}
        self.chains: dict[tuple[bytes, ...], None] = {}
        self.doubts = 0

    def accept(self, hello: ServerHello) -> None:
        self.accepted.append(hello.suite)
        if hello.certificates:
            self.chains[hello.certificates] = None

    def result(self) -> SuiteScan:
        return SuiteScan(
            self.protocol,
            tuple(self.accepted),
            frozenset(self.rejected),
            frozenset(self.undetermined),
            {**self.rejected, **self.undetermined},
            tuple(self.chains),
        )


def accepted_suites(
    protocol: Protocol,
    candidates: t.Iterable[int],
    *,
    offer: Offer = Offer(),
    stop_after: int | None = None,
) -> t.Generator[ClientHello, Answer, SuiteScan]:
    """Ask for the candidates (code points) until the server refuses the rest, or C(stop_after) are accepted.

    A refusal of the whole offer rejects it. Any other alert, and a connection cut after a long offer, is looked into by
    halves, since one suite can spoil an offer for the others. What nobody answered stays undetermined, never rejected;
    with C(stop_after), what was not asked any more stands in none of the sets.
    """
    tally = _Tally(protocol)
    stack = [tuple(candidates)]
    while stack:
        left = stack.pop()
        while left and (stop_after is None or len(tally.accepted) < stop_after):
            answer = yield offer.hello(protocol, left)
            left, halves = _judge(tally, answer, left)
            stack.extend(halves)
    return tally.result()


_Left = tuple[int, ...]


def _judge(tally: _Tally, answer: Answer, left: _Left) -> tuple[_Left, tuple[_Left, ...]]:
    if isinstance(answer, ServerHello):
        return _judge_hello(tally, answer, left), ()
    if isinstance(answer, Alert):
        reason = f"alert {answer.name}"
        if answer.after is not None and answer.after.suite in left:
            tally.rejected[answer.after.suite] = reason
            return _without(left, answer.after.suite), ()
        if answer.description in REFUSALS or len(left) == 1:
            tally.rejected.update(dict.fromkeys(left, reason))
            return (), ()
        return (), _halves(tally, left, reason)
    if answer.reason in ("closed", "reset") and len(left) > _HALVES_WHEN_CUT:
        return (), _halves(tally, left, answer.reason)
    tally.undetermined.update(dict.fromkeys(left, answer.reason))
    return (), ()


def _judge_hello(tally: _Tally, answer: ServerHello, left: _Left) -> _Left:
    if answer.version != tally.protocol:
        tally.rejected.update(dict.fromkeys(left, f"{answer.version.label} chosen"))
        return ()
    if answer.suite not in left:
        tally.undetermined.update(dict.fromkeys(left, "a suite chosen that was not offered"))
        return ()
    tally.accept(answer)
    return _without(left, answer.suite)


def _halves(tally: _Tally, left: _Left, reason: str) -> tuple[_Left, ...]:
    tally.doubts += 1
    if tally.doubts > _MOST_DOUBTS:
        tally.undetermined.update(dict.fromkeys(left, reason))
        return ()
    middle = len(left) // 2
    return left[middle:], left[:middle]


def _without(left: _Left, suite: int) -> _Left:
    return tuple(code for code in left if code != suite)


def merged(first: SuiteScan, *others: SuiteScan) -> SuiteScan:
    """Scans of disjoint candidates in one version, as one."""
    scans = (first, *others)
    chains = {chain: None for scan in scans for chain in scan.chains}
    return SuiteScan(
        first.protocol,
        tuple(code for scan in scans for code in scan.accepted),
        frozenset().union(*(scan.rejected for scan in scans)),
        frozenset().union(*(scan.undetermined for scan in scans)),
        {code: reason for scan in scans for code, reason in scan.reasons.items()},
        tuple(chains),
    )


__all__ = ["REFUSALS", "Offer", "SuiteScan", "accepted_suites", "merged"]
