# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which signature schemes a server signs its handshakes with: by elimination, from its picks."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _signatures, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer, reason_of
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import (
    Fork,
    Question,
    Strategy,
)

Chain = tuple[bytes, ...]
_SIGNED: t.Final = frozenset(("DHE", "ECDHE"))


class SignatureScan(t.NamedTuple):
    """Every scheme that was asked for stands in exactly one of the three; C(accepted) in the order of the picks.

    C(chains) are those that were served with the signatures, C(hellos) the handshakes to their end.
    """

    protocol: Protocol
    accepted: tuple[int, ...] = ()
    rejected: frozenset[int] = frozenset()
    undetermined: frozenset[int] = frozenset()
    reason: str = ""
    chains: tuple[Chain, ...] = ()
    hellos: tuple[ServerHello, ...] = ()


def accepted_signatures(protocol: Protocol, *, offer: Offer) -> Strategy[SignatureScan]:
    """The schemes of TLS 1.2 or 1.3.

    TLS 1.2 shows them in the ServerKeyExchange; each kind of key has its own suites there, and is asked for by itself,
    since OpenSSL may choose a suite of a key before it finds that no scheme is left for it. TLS 1.3 encrypts the
    CertificateVerify, so each question is a handshake to its end. A server that signs with what was not offered has none
    of what was.
    """
    if protocol >= Protocol.TLSv1_3:
        return (yield from _eliminate(protocol, "", _signatures.IN_TLS13, offer))
    parts = yield Fork(
        tuple(
            _eliminate(protocol, kind, schemes, offer)
            for kind, schemes in _by_authentication().items()
        )
    )
    return SignatureScan(
        protocol,
        tuple(code for part in parts for code in part.accepted),
        frozenset().union(*(part.rejected for part in parts)),
        frozenset().union(*(part.undetermined for part in parts)),
        ", ".join(dict.fromkeys(part.reason for part in parts if part.reason)),
        tuple(dict.fromkeys(chain for part in parts for chain in part.chains)),
    )


def _by_authentication() -> dict[str, tuple[int, ...]]:
    kinds: dict[str, list[int]] = {"RSA": [], "ECDSA": [], "DSS": []}
    for code in _signatures.IN_TLS12:
        key_type = _signatures.key_type_of(code)
        kind = "RSA" if key_type.startswith("RSA") else "DSS" if key_type == "DSA" else "ECDSA"
        kinds[kind].append(code)
    return {kind: tuple(codes) for kind, codes in kinds.items()}


def _eliminate(
    protocol: Protocol, authentication: str, schemes: tuple[int, ...], offer: Offer
) -> Strategy[SignatureScan]:
    left, accepted = list(schemes), list[int]()
    hellos: list[ServerHello] = []
    while left:
        answer = yield _question(protocol, authentication, tuple(left), offer)
        if isinstance(answer, ServerHello) and answer.certificates:
            hellos.append(answer)
        verdict = _picked(answer, protocol)
        if isinstance(verdict, int) and verdict in left:
            accepted.append(verdict)
            left.remove(verdict)
            continue
        open_ones = frozenset(left) if isinstance(verdict, NotDetermined) else frozenset()
        return SignatureScan(
            protocol,
            tuple(accepted),
            frozenset(left) - open_ones,
            open_ones,
            _why(verdict),
            _chains(hellos),
            tuple(hellos) if protocol >= Protocol.TLSv1_3 else (),
        )
    return SignatureScan(protocol, tuple(accepted), chains=_chains(hellos))


def _chains(hellos: list[ServerHello]) -> tuple[Chain, ...]:
    return tuple(dict.fromkeys(hello.certificates for hello in hellos))


def _question(
    protocol: Protocol, authentication: str, schemes: tuple[int, ...], offer: Offer
) -> Question:
    if protocol >= Protocol.TLSv1_3:
        return FullHandshake(offer.server_name, signature_algorithms=schemes)
    suites = [
        suite.code
        for suite in _suites.in_version(protocol)
        if suite.key_exchange in _SIGNED and suite.authentication == authentication
    ]
    return replace(offer.hello(protocol, suites), signature_algorithms=schemes)


def _picked(answer: t.Any, protocol: Protocol) -> int | str | NotDetermined:
    if isinstance(answer, NotDetermined):
        return answer
    if isinstance(answer, Alert):
        return f"alert {answer.name}"
    if answer.version != protocol:
        return f"{answer.version.label} chosen"
    if answer.signature is None:
        return NotDetermined("no-signature", "The server answered without naming a scheme.")
    return t.cast(int, answer.signature)


def _why(verdict: int | str | NotDetermined) -> str:
    if isinstance(verdict, int):
        return f"{_signatures.name_of(verdict)} chosen, which was not offered"
    return verdict if isinstance(verdict, str) else reason_of(verdict)


__all__ = ["SignatureScan", "accepted_signatures"]
