# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a server does beside suites and chains, as far as it takes questions of their own."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._features import Asked, Verdict
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import Fork, Strategy

_FALLBACK_SCSV: t.Final = 0x5600
_ALPN: t.Final = 16
_PROTOCOL_NAMES: t.Final = b"\x00\x0e\x04smtp\x08http/1.1"
_COMPRESSIONS: t.Final = (1, 64, 0)
_INAPPROPRIATE_FALLBACK, _NO_APPLICATION_PROTOCOL = 86, 120


def asked_features(versions: t.Collection[Protocol], *, offer: Offer) -> Strategy[Asked]:
    """Ask a server that accepts these versions for what no flight shows.

    At most: one hello for compression and ALPN, one for the fallback, two handshakes for each kind of resumption and one
    for the renegotiation.
    """
    older = [version for version in versions if Protocol.SSLv3 < version < Protocol.TLSv1_3]
    branches: list[Strategy[Asked]] = []
    if older:
        newest = max(older)
        branches.append(_unusual(newest, offer))
        branches.append(_renegotiation(newest, offer))
        branches.append(_resumption("resumption_ticket", newest, offer, tickets=True))
        branches.append(_resumption("resumption_id", newest, offer, tickets=False))
        if max(versions) > min(older):
            below = max(version for version in older if version < max(versions))
            branches.append(_fallback(below, offer))
    if Protocol.TLSv1_3 in versions:
        branches.append(_resumption("resumption_tls13", Protocol.TLSv1_3, offer, tickets=True))
    parts = yield Fork(tuple(branches))
    verdicts: dict[str, Verdict] = {}
    reasons: dict[str, str] = {}
    for part in parts:
        verdicts.update(part.verdicts)
        reasons.update(part.reasons)
    return Asked(verdicts, reasons, tuple(hello for part in parts for hello in part.hellos))


def _usual_suites(version: Protocol) -> tuple[int, ...]:
    return tuple(
        suite.code
        for suite in _suites.in_version(version)
        if suite.authentication in ("RSA", "ECDSA", "DSS", "anon")
    )


def _unusual(version: Protocol, offer: Offer) -> Strategy[Asked]:
    """A hello with every compression method and with protocol names (RFC 3749, RFC 7301)."""
    hello = replace(
        offer.hello(version, _usual_suites(version)),
        compressions=_COMPRESSIONS,
        extra=((_ALPN, _PROTOCOL_NAMES),),
    )
    answer = yield hello
    if isinstance(answer, ServerHello):
        named = _ALPN in answer.extensions
        return Asked({"compression": answer.compression != 0, "alpn": named}, {})
    alpn = True if _is(answer, _NO_APPLICATION_PROTOCOL) else None
    reason = _reason(answer)
    return Asked({"compression": None, "alpn": alpn}, {"compression": reason, "alpn": reason})


def _fallback(version: Protocol, offer: Offer) -> Strategy[Asked]:
    """A hello below what the server speaks, with TLS_FALLBACK_SCSV (RFC 7507)."""
    answer = yield offer.hello(version, (*_usual_suites(version), _FALLBACK_SCSV))
    if _is(answer, _INAPPROPRIATE_FALLBACK):
        return Asked({"fallback_scsv": True}, {})
    if isinstance(answer, ServerHello):
        return Asked({"fallback_scsv": False}, {})
    return Asked({"fallback_scsv": None}, {"fallback_scsv": _reason(answer)})


def _renegotiation(version: Protocol, offer: Offer) -> Strategy[Asked]:
    name = "client_renegotiation"
    answer = yield FullHandshake(offer.server_name, version, purpose="renegotiation")
    if isinstance(answer, HandshakeResult):
        reasons = {name: answer.reason} if answer.renegotiation is None else {}
        return Asked({name: answer.renegotiation}, reasons, (answer.hello,))
    return Asked({name: None}, {name: _reason(answer)})


def _resumption(name: str, version: Protocol, offer: Offer, *, tickets: bool) -> Strategy[Asked]:
    first = FullHandshake(offer.server_name, version, purpose="resumption", tickets=tickets)
    answer = yield first
    if not isinstance(answer, HandshakeResult):
        return Asked({name: None}, {name: _reason(answer)})
    verdicts: dict[str, Verdict] = {}
    given = answer.resumption
    if version >= Protocol.TLSv1_3:
        verdicts["early_data"] = given is not None and given.early_data > 0
    wanted = {"resumption_tls13": "tls13", "resumption_ticket": "ticket", "resumption_id": "id"}
    if given is None or given.kind != wanted[name]:
        return Asked({**verdicts, name: False}, {}, (answer.hello,))
    again = yield replace(first, session=given)
    if isinstance(again, HandshakeResult):
        return Asked({**verdicts, name: again.resumed}, {}, (answer.hello,))
    return Asked({**verdicts, name: None}, {name: _reason(again)}, (answer.hello,))


def _is(answer: t.Any, description: int) -> bool:
    return isinstance(answer, Alert) and answer.description == description


def _reason(answer: t.Any) -> str:
    if isinstance(answer, Alert):
        return f"alert {answer.name}"
    return answer.reason if isinstance(answer, NotDetermined) else "another answer"


__all__ = ["asked_features"]
