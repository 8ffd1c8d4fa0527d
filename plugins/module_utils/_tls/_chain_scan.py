# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Every certificate chain that a server can serve: by the one kind of key that a client says it knows."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._broken_off import breaking_off
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import (
    CUT_AFTER_HELLO,
    Offer,
    reason_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sights import Sight, sight
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import Fork, Strategy

Chain = tuple[bytes, ...]
_CERTIFIED: t.Final = frozenset(("RSA", "DHE", "ECDHE"))
_ECDSA: t.Final = (0x0403, 0x0503, 0x0603, 0x081A, 0x081B, 0x081C, 0x0203)
_EDWARDS: t.Final = (0x0807, 0x0808)
_RSA_PSS: t.Final = (0x0809, 0x080A, 0x080B)
_RSA: t.Final = (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201)
_ML_DSA: t.Final = (0x0904, 0x0905, 0x0906)
_DSA: t.Final = (0x0402, 0x0202)
#: The kinds that a scan of all suites of TLS 1.2 shows in passing, by the authentication of a suite.
USUAL: t.Final[dict[str, tuple[int, ...]]] = {"RSA": _RSA, "ECDSA": _ECDSA, "DSS": _DSA}
#: Those that share the suites of a usual kind, so that only their schemes tell them apart (RFC 8422 section 5.1.1).
RARE: t.Final[dict[str, tuple[int, ...]]] = {"ECDSA": _EDWARDS, "RSA": _RSA_PSS}
_IN_TLS13: t.Final = (_RSA, _ECDSA, _EDWARDS, _RSA_PSS, _ML_DSA)
#: How the key of a certificate begins, by the schemes that it signs with: RFC 8017, 5480, 8410, 4055 and 9881.
_KEYS: t.Final[dict[bytes, tuple[int, ...]]] = {
    bytes.fromhex("06092a864886f70d010101050003"): _RSA,
    bytes.fromhex("06072a8648ce3d0201"): _ECDSA,
    bytes.fromhex("300506032b657003"): _EDWARDS,
    bytes.fromhex("300506032b657103"): _EDWARDS,
    bytes.fromhex("06092a864886f70d01010a"): _RSA_PSS,
}


#: SEC 2 version 2, section 2.4.2: a point that is surely on the curve.
_P256_BASE_POINT: t.Final = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


class ServedChains(t.NamedTuple):
    """The chains that were served, each once, with what else the flights showed, and the whole handshakes.

    C(doubts) are the details of questions without an answer; ending the connection over a hello is a refusal. C(broken) is
    the alert with which the server ended every handshake of TLS 1.3 that it had agreed to.
    """

    chains: tuple[Chain, ...] = ()
    sights: tuple[Sight, ...] = ()
    hellos: tuple[ServerHello, ...] = ()
    doubts: tuple[str, ...] = ()
    broken: Alert | None = None


def clear_chain(
    authentication: str, schemes: tuple[int, ...], *, offer: Offer
) -> t.Generator[ClientHello, Answer, ServedChains]:
    """The chain that is served, in whatever version up to TLS 1.2, to a client that knows one kind of key."""
    hello = clear_hello(authentication, schemes, offer=offer)
    answer = yield hello
    return served(hello, answer)


def clear_hello(authentication: str, schemes: tuple[int, ...], *, offer: Offer) -> ClientHello:
    """The hello of a client that knows one kind of key, up to TLS 1.2."""
    suites = tuple(
        suite.code
        for suite in _suites.in_version(Protocol.TLSv1_2)
        if suite.authentication == authentication and suite.key_exchange in _CERTIFIED
    )
    return replace(offer.hello(Protocol.TLSv1_2, suites), signature_algorithms=schemes)


def served(hello: ClientHello, answer: Answer) -> ServedChains:
    """What an answer to such a hello shows."""
    if isinstance(answer, ServerHello) and answer.certificates:
        return ServedChains((answer.certificates,), (sight(hello, answer),))
    return ServedChains(doubts=_doubt(answer))


def chains_of_tls13(seen: tuple[Chain, ...], *, offer: Offer) -> Strategy[ServedChains]:
    """What TLS 1.3 encrypts: beside the chains that were seen in clear, or all of them, by handshakes to their end."""
    return _unseen(seen, offer) if seen else _hidden(offer.server_name)


def without_name(
    seen: tuple[Chain, ...], *, offer: Offer, spoken: t.Collection[Protocol]
) -> Strategy[ServedChains]:
    """The other chains that a client gets without a server name, one for each kind of key that C(seen) has with one."""
    nameless = replace(offer, server_name=None)
    kinds = dict.fromkeys(_kind(chain[0]) or _RSA + _ECDSA for chain in seen)
    found = yield Fork(tuple(_nameless(schemes, nameless, spoken) for schemes in kinds))
    served = dict.fromkeys(chain for one in found for chain in one.chains if chain not in seen)
    doubts = tuple(doubt for one in found for doubt in one.doubts)
    return ServedChains(tuple(served), doubts=doubts)


def _nameless(
    schemes: tuple[int, ...], offer: Offer, spoken: t.Collection[Protocol]
) -> Strategy[ServedChains]:
    """In clear where the server has an older version than TLS 1.3 for such a key, else in a handshake to its end."""
    kinds = [kind for kind, usual in (*RARE.items(), *USUAL.items()) if usual == schemes]
    clear = ServedChains()
    if min(spoken) < Protocol.TLSv1_3:
        clear = yield from clear_chain((kinds or ["RSA"])[0], schemes, offer=offer)
    if clear.chains or Protocol.TLSv1_3 not in spoken:
        return clear
    answer = yield FullHandshake(signature_algorithms=schemes)
    if isinstance(answer, ServerHello) and answer.certificates:
        return ServedChains((answer.certificates,))
    return ServedChains(doubts=_doubt(answer))


def _hidden(server_name: str | None) -> Strategy[ServedChains]:
    """A handshake for each kind of key."""
    answers: list[Answer] = []
    for schemes in _IN_TLS13:
        answer = yield FullHandshake(server_name, signature_algorithms=schemes)
        answers.append(answer)
    hellos = tuple(one for one in answers if isinstance(one, ServerHello))
    doubts = dict.fromkeys(one.detail for one in answers if isinstance(one, NotDetermined))
    chains = dict.fromkeys(hello.certificates for hello in hellos if hello.certificates)
    broken = breaking_off(answers)
    return ServedChains(tuple(chains), hellos=hellos, doubts=tuple(doubts), broken=broken)


def breaks_off(server_name: str | None) -> Strategy[Alert | None]:
    """The alert with which a server ends all handshakes of TLS 1.3 that it agreed to; None at the first that has another end."""
    answers: list[Answer] = []
    for schemes in _IN_TLS13:
        answer = yield FullHandshake(server_name, signature_algorithms=schemes)
        answers.append(answer)
        if not isinstance(answer, Alert):
            break
    return breaking_off(answers)


def _unseen(seen: tuple[Chain, ...], offer: Offer) -> Strategy[ServedChains]:
    """A clear hello for all other kinds of key, which a server without one refuses; only what it agrees to is read whole."""
    kinds = [schemes for schemes in _IN_TLS13 if schemes not in {_kind(one[0]) for one in seen}]
    hellos: list[ServerHello] = []
    doubts: tuple[str, ...] = ()
    while kinds:
        schemes = tuple(scheme for kind in kinds for scheme in kind)
        answer = yield _with_shares(offer, schemes)
        if isinstance(answer, ServerHello) and answer.version >= Protocol.TLSv1_3:
            answer = yield FullHandshake(offer.server_name, signature_algorithms=schemes)
        if not isinstance(answer, ServerHello) or not answer.certificates:
            doubts = _doubt(answer)
            break
        hellos.append(answer)
        left = [kind for kind in kinds if answer.signature not in kind]
        if len(left) == len(kinds):
            break
        kinds = left
    chains = dict.fromkeys(hello.certificates for hello in hellos)
    return ServedChains(tuple(chains), hellos=tuple(hellos), doubts=doubts)


def _with_shares(offer: Offer, schemes: tuple[int, ...]) -> ClientHello:
    """Without a share a server asks for one before it looks at the schemes; nobody has the key of these shares."""
    suites = tuple(suite.code for suite in _suites.in_version(Protocol.TLSv1_3))
    shares = ((0x001D, os.urandom(32)), (0x0017, _P256_BASE_POINT))
    hello = offer.hello(Protocol.TLSv1_3, suites)
    return replace(hello, signature_algorithms=schemes, key_shares=shares)


def _doubt(answer: t.Any) -> tuple[str, ...]:
    if isinstance(answer, NotDetermined) and reason_of(answer) not in CUT_AFTER_HELLO:
        return (answer.detail,)
    return ()


def _kind(certificate: bytes) -> tuple[int, ...]:
    return next((kind for start, kind in _KEYS.items() if start in certificate), ())


__all__ = [
    "RARE",
    "USUAL",
    "Chain",
    "ServedChains",
    "breaks_off",
    "chains_of_tls13",
    "clear_chain",
    "clear_hello",
    "served",
    "without_name",
]
