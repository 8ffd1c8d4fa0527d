# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which suites a server accepts: by elimination, offer all and leave out what was picked."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

#: Alerts that say "nothing that you offer": handshake_failure, protocol_version, insufficient_security.
REFUSALS: t.Final = frozenset((40, 70, 71))
_CUT: t.Final = frozenset(("closed", "reset"))
_LONG: t.Final = 64
_KEYLESS: t.Final = frozenset(("anon", "PSK", "SRP", "KRB5", "ECCPWD"))

_Suites = tuple[int, ...]


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
    def __init__(self, protocol: Protocol, offer: Offer, stop_after: int | None) -> None:
        self.protocol = protocol
        self.offer = offer
        self.stop_after = stop_after
        self.accepted: list[int] = []
        self.rejected: dict[int, str] = {}
        self.undetermined: dict[int, str] = {}
        self.chains: dict[tuple[bytes, ...], None] = {}

    @property
    def enough(self) -> bool:
        return self.stop_after is not None and len(self.accepted) >= self.stop_after

    def accept(self, hello: ServerHello) -> None:
        self.accepted.append(hello.suite)
        if hello.certificates:
            self.chains[hello.certificates] = None

    def reject(self, suites: _Suites, reason: str) -> None:
        self.rejected.update(dict.fromkeys(suites, reason))

    def leave_open(self, suites: _Suites, reason: str) -> None:
        self.undetermined.update(dict.fromkeys(suites, reason))

    def result(self) -> SuiteScan:
        return SuiteScan(
            self.protocol,
            tuple(self.accepted),
            frozenset(self.rejected),
            frozenset(self.undetermined),
            {**self.rejected, **self.undetermined},
            tuple(self.chains),
        )


@dataclass(frozen=True)
class _Upset:
    """An offer that the server did not refuse as a whole, and did not pick from either."""

    suites: _Suites
    reason: str
    answered: bool


def accepted_suites(
    protocol: Protocol,
    candidates: t.Iterable[int],
    *,
    offer: Offer = Offer(),
    stop_after: int | None = None,
) -> t.Generator[ClientHello, Answer, SuiteScan]:
    """Ask for the candidates (code points) until the server refuses the rest, or C(stop_after) are accepted.

    A refusal of the whole offer rejects it. After any other alert (OpenSSL answers internal_error when its security
    level forbids the signature of old versions), and after a long offer that was cut, the offer is divided, since
    one suite can spoil it for the others; an alert to every part rejects them all. What nobody answered stays
    undetermined, never rejected. With C(stop_after), what was not asked any more stands in none of the sets.
    """
    tally = _Tally(protocol, offer, stop_after)
    upset = yield from _eliminate(tally, tuple(candidates))
    if upset is not None and upset.answered:
        yield from _divide(tally, upset)
    elif upset is not None:
        yield from _shorten(tally, upset)
    return tally.result()


def _eliminate(tally: _Tally, left: _Suites) -> t.Generator[ClientHello, Answer, _Upset | None]:
    while left and not tally.enough:
        answer = yield tally.offer.hello(tally.protocol, left)
        if isinstance(answer, ServerHello):
            left = _after_hello(tally, answer, left)
        elif isinstance(answer, Alert):
            reason = f"alert {answer.name}"
            if answer.after is not None and answer.after.suite in left:
                tally.reject((answer.after.suite,), reason)
                left = _without(left, answer.after.suite)
            elif answer.description in REFUSALS or len(left) == 1:
                tally.reject(left, reason)
                return None
            else:
                return _Upset(left, reason, answered=True)
        elif answer.reason in _CUT and len(left) > _LONG:
            return _Upset(left, answer.reason, answered=False)
        else:
            tally.leave_open(left, answer.reason)
            return None
    return None


def _after_hello(tally: _Tally, answer: ServerHello, left: _Suites) -> _Suites:
    if answer.version != tally.protocol:
        tally.reject(left, f"{answer.version.label} chosen")
        return ()
    if answer.suite not in left:
        tally.leave_open(left, "a suite chosen that was not offered")
        return ()
    tally.accept(answer)
    return _without(left, answer.suite)


def _divide(tally: _Tally, upset: _Upset) -> t.Generator[ClientHello, Answer, None]:
    parts = _by_key(upset.suites)
    if len(parts) == 1:
        parts = [upset.suites[::2], upset.suites[1::2]]
    again: list[_Upset] = []
    for part in parts:
        still = yield from _eliminate(tally, part)
        if still is not None and still.answered:
            again.append(still)
        elif still is not None:
            tally.leave_open(still.suites, still.reason)
    for still in again:
        if len(again) < len(parts):
            yield from _divide(tally, still)
        else:
            tally.reject(still.suites, still.reason)


def _shorten(tally: _Tally, upset: _Upset) -> t.Generator[ClientHello, Answer, None]:
    """Some old servers cut long offers; one that cuts a short one too is asked no more."""
    count = -(-len(upset.suites) // _LONG)
    parts = [upset.suites[start::count] for start in range(count)]
    for position, part in enumerate(parts):
        still = yield from _eliminate(tally, part)
        if still is not None:
            yield from _divide(tally, still)
        if tally.undetermined:
            for unasked in parts[position + 1 :]:
                tally.leave_open(unasked, upset.reason)
            return


def _by_key(codes: _Suites) -> list[_Suites]:
    """The suites by the key that the server must use; whether it can is a matter of the key, not of the suite."""
    parts: dict[str, list[int]] = {}
    for code in codes:
        suite = _suites.by_code(code)
        authentication = suite.authentication if suite is not None else ""
        kind = (
            "none" if authentication in _KEYLESS else "RSA" if authentication == "RSA" else "other"
        )
        parts.setdefault(kind, []).append(code)
    return [tuple(part) for part in parts.values()]


def _without(left: _Suites, suite: int) -> _Suites:
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
