# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The whole job on one server: which questions there are, and which of them can be asked at the same time."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _group_scan,
    _groups,
    _scan,
    _suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer, SuiteScan
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import Fork, Strategy

CHECKS: t.Final = ("handshake", "protocols", "ciphers", "groups", "certificates")
PROTOCOLS: t.Final = tuple(protocol for protocol in Protocol if protocol >= Protocol.SSLv3)
_CHAINS: t.Final[dict[Protocol, int]] = {
    Protocol.TLSv1_2: 4,
    Protocol.TLSv1_1: 2,
    Protocol.TLSv1: 2,
}

Chain = tuple[bytes, ...]
_Branch = t.Generator[t.Any, t.Any, t.Any]


@dataclass(frozen=True)
class ProtocolScan:
    """One version: C(accepted) is None where it could not be found out, and C(reason) says why it is not True.

    C(complete) tells whether every suite was asked for, or only one that is accepted. C(preference) is C(server) or
    C(client), None with fewer than two suites or where it was not asked.
    """

    protocol: Protocol
    accepted: bool | None
    reason: str
    suites: SuiteScan
    complete: bool
    preference: str | None = None


@dataclass(frozen=True)
class ServedChains:
    """The chains, none or one, that were served to one hello."""

    chains: tuple[Chain, ...] = ()


@dataclass(frozen=True)
class Survey:
    """Everything that was found out about a server; a check that was not asked for leaves its part empty."""

    handshake: Answer
    protocols: tuple[ProtocolScan, ...] = ()
    groups: tuple[_group_scan.GroupScan, ...] = ()
    chains: tuple[Chain, ...] = ()


def survey(checks: t.Collection[str], *, server_name: str | None = None) -> Strategy[Survey]:
    """Ask for what the checks (of CHECKS) need, beginning with the one handshake that a sender of today would try."""
    offer = Offer(server_name)
    modern = modern_hello(offer)
    handshake = yield modern
    if isinstance(handshake, ServerHello) and handshake.version not in modern.versions:
        detail = f"The server chose {handshake.version.label}, which no sender of today knows."
        handshake = NotDetermined(f"{handshake.version.label} chosen", detail)
    branches = _branches(frozenset(checks), offer)
    results: tuple[t.Any, ...] = ()
    if branches:
        results = yield Fork(tuple(branches))
    protocols = tuple(result for result in results if isinstance(result, ProtocolScan))
    groups = tuple(result for result in results if isinstance(result, _group_scan.GroupScan))
    served = [result.chains for result in results if isinstance(result, ServedChains)]
    if "certificates" in checks:
        served += [scan.suites.chains for scan in protocols]
    chains = dict.fromkeys(chain for found in served for chain in found)
    if "certificates" in checks and not chains and _speaks_tls13(handshake, protocols):
        answer = yield FullHandshake(server_name)
        if isinstance(answer, ServerHello) and answer.certificates:
            chains[answer.certificates] = None
    return Survey(handshake, protocols, groups, tuple(chains))


def _speaks_tls13(handshake: Answer, protocols: tuple[ProtocolScan, ...]) -> bool:
    if isinstance(handshake, ServerHello) and handshake.version >= Protocol.TLSv1_3:
        return True
    return any(scan.accepted for scan in protocols if scan.protocol >= Protocol.TLSv1_3)


def _branches(checks: frozenset[str], offer: Offer) -> list[_Branch]:
    branches: list[_Branch] = []
    if "ciphers" in checks:
        branches += [protocol_scan(protocol, offer=offer) for protocol in reversed(PROTOCOLS)]
    elif "protocols" in checks:
        branches += [protocol_alone(protocol, offer=offer) for protocol in reversed(PROTOCOLS)]
    if "certificates" in checks and "ciphers" not in checks:
        branches += [served_chains(kind, offer=offer) for kind in ("RSA", "ECDSA")]
    if "groups" in checks:
        versions = (Protocol.TLSv1_3, Protocol.TLSv1_2)
        branches += [_group_scan.accepted_groups(version, offer=offer) for version in versions]
    return branches


def modern_hello(offer: Offer) -> ClientHello:
    """What a sender of today offers: TLS 1.2 and 1.3, forward-secret AEAD suites first, and AES-CBC for old servers."""
    suites = [suite for suite in _suites.ALL if suite.minimum == Protocol.TLSv1_3]
    wanted = (("ECDHE", "AES"), ("ECDHE", "CHACHA20"), ("DHE", "AES"), ("RSA", "AES"))
    for exchange, cipher in wanted:
        suites += [
            suite
            for suite in _suites.in_version(Protocol.TLSv1_2)
            if suite.key_exchange == exchange
            and f"_{cipher}" in suite.iana
            and suite.authentication in ("RSA", "ECDSA")
            and "_OLD" not in suite.iana
        ]
    return ClientHello(
        (Protocol.TLSv1_3, Protocol.TLSv1_2, Protocol.TLSv1_1, Protocol.TLSv1),
        tuple(suite.code for suite in suites),
        _groups.USUAL,
        server_name=offer.server_name,
    )


def protocol_alone(
    protocol: Protocol, *, offer: Offer
) -> t.Generator[ClientHello, Answer, ProtocolScan]:
    """Whether a version is accepted at all."""
    codes = [suite.code for suite in _suites.in_version(protocol)]
    scan = yield from _scan.accepted_suites(protocol, codes, offer=offer, stop_after=1)
    return _protocol_result(scan, complete=False)


def protocol_scan(protocol: Protocol, *, offer: Offer) -> Strategy[ProtocolScan]:
    """A version with all its suites: one chain in the server's order, parallel chains where the client decides.

    Who decides shows in the picks from the whole list and from its reverse; both picks count as accepted suites.
    """
    codes = [suite.code for suite in _suites.in_version(protocol)]
    first = yield from _scan.accepted_suites(protocol, codes, offer=offer, stop_after=1)
    if not first.accepted:
        return _protocol_result(first, complete=True)
    backwards = codes[::-1]
    second = yield from _scan.accepted_suites(protocol, backwards, offer=offer, stop_after=1)
    picks = tuple(dict.fromkeys(first.accepted + second.accepted))
    left = [code for code in codes if code not in picks]
    chains = 1 if len(picks) == 1 else _CHAINS.get(protocol, 1)
    parts = yield Fork(
        tuple(
            _scan.accepted_suites(protocol, left[start::chains], offer=offer)
            for start in range(chains)
        )
    )
    known = SuiteScan(protocol, picks, chains=first.chains + second.chains)
    scan = _scan.merged(known, *parts)
    decides = None
    if len(scan.accepted) > 1 and second.accepted:
        decides = "server" if len(picks) == 1 else "client"
    return _protocol_result(scan, complete=True, decides=decides)


def _protocol_result(
    scan: SuiteScan, *, complete: bool, decides: str | None = None
) -> ProtocolScan:
    if scan.accepted:
        return ProtocolScan(scan.protocol, True, "", scan, complete, decides)
    doubts = sorted({scan.reasons[code] for code in scan.undetermined})
    if doubts:
        return ProtocolScan(scan.protocol, None, ", ".join(doubts), scan, complete)
    refusals = sorted(set(scan.reasons.values()))
    return ProtocolScan(scan.protocol, False, ", ".join(refusals), scan, complete)


def served_chains(
    authentication: str, *, offer: Offer
) -> t.Generator[ClientHello, Answer, ServedChains]:
    """The chain that is served, in whatever version up to TLS 1.2, to a client that knows one kind of key."""
    suites = tuple(
        suite.code
        for suite in _suites.in_version(Protocol.TLSv1_2)
        if suite.authentication == authentication and suite.key_exchange in ("RSA", "DHE", "ECDHE")
    )
    answer = yield offer.hello(Protocol.TLSv1_2, suites)
    if isinstance(answer, ServerHello) and answer.certificates:
        return ServedChains((answer.certificates,))
    return ServedChains()


__all__ = [
    "CHECKS",
    "PROTOCOLS",
    "Chain",
    "ProtocolScan",
    "ServedChains",
    "Survey",
    "modern_hello",
    "protocol_alone",
    "protocol_scan",
    "served_chains",
    "survey",
]
