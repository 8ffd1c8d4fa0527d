# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which suites a server accepts: by elimination, offer all and leave out what was picked."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, field
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sights import (
    MOST,
    Sight,
    sight,
)

#: Reasons of NotDetermined that say "not this hello", from a server that answers another.
CUT_AFTER_HELLO: t.Final = frozenset(("closed after the hello", "reset after the hello"))
#: Alerts that say "nothing that you offer": handshake_failure, protocol_version, insufficient_security.
REFUSALS: t.Final = frozenset((40, 70, 71))
_CUT: t.Final = frozenset(("closed", "reset"))
#: More suites than this in one hello are too many for some old servers.
LONG: t.Final = 64
_MOST_CHAINS: t.Final = 16
_USUAL_IN_TLS13: t.Final = 3
#: Authentications for which a server needs no certificate.
KEYLESS: t.Final = frozenset(("anon", "PSK", "SRP", "KRB5", "ECCPWD"))
_UNSIGNED: t.Final = frozenset(("RSA", "DH", "ECDH", "RSAPSK", "GOST"))

_Suites = tuple[int, ...]
_Asked = t.Generator[ClientHello, Answer, t.Any]


@dataclass(frozen=True)
class Offer:
    """What every hello of a scan has in common."""

    server_name: str | None = None
    groups: tuple[int, ...] = _groups.USUAL
    extra: tuple[tuple[int, bytes], ...] = ()

    def hello(
        self, protocol: Protocol, suites: t.Sequence[int], groups: tuple[int, ...] | None = None
    ) -> ClientHello:
        """A hello for one version only."""
        return ClientHello(
            (protocol,),
            tuple(suites),
            self.groups if groups is None else groups,
            server_name=self.server_name,
            extra=self.extra,
        )


#: Nothing but the usual groups.
PLAIN: t.Final = Offer()


class Rotation:
    """Groups to offer, those first that were not chosen yet, so that a scan of suites shows groups in passing.

    Each hello offers them all: a refusal is about the suites, never about the groups. With C(alone), those that were
    chosen are left out, for servers with an order of their own, until the first refusal or until three suites are
    accepted: TLS 1.3, for which it is meant, seldom has more.
    """

    def __init__(self, groups: tuple[int, ...], *, alone: bool = False) -> None:
        self._left = list(groups)
        self._alone = alone
        self._suites: set[int] = set()
        self.seen: list[int] = []

    @property
    def offered(self) -> tuple[int, ...]:
        """The groups of the next hello."""
        return tuple(self._left) if self._withholds else (*self._left, *self.seen)

    @property
    def _withholds(self) -> bool:
        return self._alone and bool(self._left) and bool(self.seen)

    def widen(self) -> bool:
        """Leave out nothing from now on; whether anything was left out before, so that a refusal says nothing."""
        withheld, self._alone = self._withholds, False
        return withheld

    def saw(self, group: int | None, suite: int) -> None:
        """A server chose this group with this suite."""
        self._suites.add(suite)
        self._alone = self._alone and len(self._suites) < _USUAL_IN_TLS13
        if group in self._left:
            self._left.remove(group)
            self.seen.append(group)


@dataclass(frozen=True)
class Upset:
    """An offer that the server did not refuse as a whole, and did not pick from either."""

    suites: _Suites
    reason: str
    answered: bool


@dataclass(frozen=True)
class SuiteScan:
    """Every candidate stands in exactly one of C(accepted), C(rejected) and C(undetermined).

    C(accepted) is in the order of the picks: the server's own order where the server decides. C(reasons) says why, for
    the rejected and the undetermined: C(alert handshake_failure), C(TLSv1.2 chosen), or the reason of a NotDetermined.
    C(chains) are the certificate chains that were served, each once, C(sights) what else the flights showed. C(in_parts)
    tells of an offer that had to be divided: the picks of one part say nothing of those of another.
    """

    protocol: Protocol
    accepted: tuple[int, ...] = ()
    rejected: frozenset[int] = frozenset()
    undetermined: frozenset[int] = frozenset()
    reasons: t.Mapping[int, str] = field(default_factory=dict)
    chains: tuple[tuple[bytes, ...], ...] = ()
    sights: tuple[Sight, ...] = ()
    in_parts: bool = False


class Tally:
    """What a scan found so far; C(rotation) gives the groups of its hellos, else the offer does."""

    def __init__(
        self,
        protocol: Protocol,
        offer: Offer,
        *,
        rotation: Rotation | None = None,
        stop_after: int | None = None,
    ) -> None:
        self.protocol = protocol
        self.offer = offer
        self.rotation = rotation
        self.stop_after = stop_after
        self.accepted: list[int] = []
        self.rejected: dict[int, str] = {}
        self.undetermined: dict[int, str] = {}
        self.chains: dict[tuple[bytes, ...], None] = {}
        self.sights: dict[Sight, None] = {}
        self.in_parts = False

    @property
    def enough(self) -> bool:
        return self.stop_after is not None and len(self.accepted) >= self.stop_after

    def hello(self, suites: _Suites) -> ClientHello:
        groups = None if self.rotation is None else self.rotation.offered
        return self.offer.hello(self.protocol, suites, groups)

    def accept(self, hello: ClientHello, answer: ServerHello) -> None:
        self.accepted.append(answer.suite)
        if answer.certificates and len(self.chains) < _MOST_CHAINS:
            self.chains[answer.certificates] = None
        if len(self.sights) < MOST:
            self.sights[sight(hello, answer)] = None
        if self.rotation is not None:
            self.rotation.saw(answer.group, answer.suite)

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
            tuple(self.sights),
            self.in_parts,
        )


def accepted_suites(
    protocol: Protocol,
    candidates: t.Iterable[int],
    *,
    offer: Offer = PLAIN,
    rotation: Rotation | None = None,
    stop_after: int | None = None,
) -> t.Generator[ClientHello, Answer, SuiteScan]:
    """Ask for the candidates (code points) until the server refuses the rest, or C(stop_after) are accepted.

    A refusal of the whole offer rejects it. After any other alert (OpenSSL answers internal_error when its security
    level forbids the signature of old versions), and after a long offer that was cut, the offer is divided, since
    one suite can spoil it for the others; an alert to every part rejects them all. What nobody answered stays
    undetermined, never rejected. With C(stop_after), what was not asked any more stands in none of the sets.
    """
    tally = Tally(protocol, offer, rotation=rotation, stop_after=stop_after)
    upset = yield from eliminate(tally, tuple(candidates))
    if upset is not None:
        yield from settle(tally, upset)
    return tally.result()


def eliminate(
    tally: Tally, left: _Suites, begun: tuple[ClientHello, Answer] | None = None
) -> t.Generator[ClientHello, Answer, Upset | None]:
    """Fill the tally until the server refuses the rest, the tally has enough, or an offer upsets the server.

    C(begun) is a first hello that was asked already, and its answer.
    """
    while left and not tally.enough:
        if begun is not None:
            (hello, answer), begun = begun, None
        else:
            hello = tally.hello(left)
            answer = yield hello
        if isinstance(answer, ServerHello):
            left = _after_hello(tally, hello, answer)
        elif isinstance(answer, Alert):
            reason = f"alert {answer.name}"
            if tally.rotation is not None and tally.rotation.widen():
                continue
            if answer.after is not None and answer.after.suite in left:
                tally.reject((answer.after.suite,), reason)
                left = _without(left, answer.after.suite)
            elif answer.description in REFUSALS or len(left) == 1:
                tally.reject(left, reason)
                return None
            else:
                return Upset(left, reason, answered=True)
        elif answer.reason in _CUT and len(left) > LONG:
            return Upset(left, reason_of(answer), answered=False)
        else:
            tally.leave_open(left, reason_of(answer))
            return None
    return None


def reason_of(answer: NotDetermined) -> str:
    """The reason as scans keep it."""
    return f"{answer.reason} after the hello" if answer.after_hello else answer.reason


def settle(tally: Tally, upset: Upset, *, key_is_to_blame: bool = False) -> _Asked:
    """Ask in parts for an offer that upset the server, of those only that need no key if that is known to upset it."""
    tally.in_parts = True
    if upset.answered and key_is_to_blame:
        free = tuple(code for code in upset.suites if not needs_key(code))
        tally.reject(tuple(code for code in upset.suites if needs_key(code)), upset.reason)
        still = yield from eliminate(tally, free)
        if still is not None:
            yield from settle(tally, still)
    elif upset.answered:
        yield from _divide(tally, upset)
    else:
        yield from _shorten(tally, upset)


def _after_hello(tally: Tally, hello: ClientHello, answer: ServerHello) -> _Suites:
    if answer.version != tally.protocol:
        tally.reject(hello.suites, f"{answer.version.label} chosen")
        return ()
    if answer.suite not in hello.suites:
        tally.leave_open(hello.suites, "a suite chosen that was not offered")
        return ()
    tally.accept(hello, answer)
    return _without(hello.suites, answer.suite)


def _divide(tally: Tally, upset: Upset) -> _Asked:
    """One suite upsets one part; where disjoint parts are upset alike, it is not one suite, and they are refused."""
    parts = _by_key(upset.suites)
    if len(parts) == 1:
        parts = [upset.suites[::2], upset.suites[1::2]]
    again: list[Upset] = []
    for part in parts:
        still = yield from eliminate(tally, part)
        if still is not None and still.answered:
            again.append(still)
        elif still is not None:
            tally.leave_open(still.suites, still.reason)
    if len({still.reason for still in again}) == 1 < len(again):
        for still in again:
            tally.reject(still.suites, still.reason)
        return
    for still in again:
        yield from _divide(tally, still)


def _shorten(tally: Tally, upset: Upset) -> _Asked:
    """Some old servers cut long offers; one that cuts a short one too is asked no more."""
    count = -(-len(upset.suites) // LONG)
    parts = [upset.suites[start::count] for start in range(count)]
    for position, part in enumerate(parts):
        still = yield from eliminate(tally, part)
        if still is not None:
            yield from _divide(tally, still)
        if tally.undetermined:
            for unasked in parts[position + 1 :]:
                tally.leave_open(unasked, upset.reason)
            return


def _by_key(codes: _Suites) -> list[_Suites]:
    """The suites by what the server needs a key for: nothing, to decrypt, to sign with RSA, to sign with another."""
    parts: dict[str, list[int]] = {}
    for code in codes:
        parts.setdefault(_need(code), []).append(code)
    if parts.keys() > {"RSA", "other"}:
        parts["RSA"] += parts.pop("other")
    return [tuple(part) for part in parts.values()]


def needs_key(code: int) -> bool:
    """Whether a server needs a certificate and its key for a suite."""
    return _need(code) != "none"


def unsigned(codes: t.Iterable[int]) -> tuple[_Suites, _Suites]:
    """Those for which a server signs nothing: without a key, and with one that decrypts."""
    needs = [(code, _need(code)) for code in codes]
    none, decrypt = (tuple(c for c, need in needs if need == kind) for kind in ("none", "decrypt"))
    return none, decrypt


def _need(code: int) -> str:
    suite = _suites.by_code(code)
    if suite is None:
        return "other"
    if suite.authentication in KEYLESS:
        return "none"
    if suite.key_exchange in _UNSIGNED:
        return "decrypt"
    return "RSA" if suite.authentication == "RSA" else "other"


def _without(left: _Suites, suite: int) -> _Suites:
    place = left.index(suite)
    return left[:place] + left[place + 1 :]


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
        tuple(chains)[:_MOST_CHAINS],
        tuple(dict.fromkeys(seen for scan in scans for seen in scan.sights))[:MOST],
        any(scan.in_parts for scan in scans),
    )


__all__ = [
    "CUT_AFTER_HELLO",
    "KEYLESS",
    "LONG",
    "PLAIN",
    "REFUSALS",
    "Offer",
    "Rotation",
    "SuiteScan",
    "Tally",
    "Upset",
    "accepted_suites",
    "eliminate",
    "merged",
    "needs_key",
    "reason_of",
    "settle",
    "unsigned",
]
