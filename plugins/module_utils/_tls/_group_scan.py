# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which key exchange groups a server accepts: by elimination, from its picks."""

from __future__ import annotations

import dataclasses
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer

_Asked = t.Generator[ClientHello, Answer, "GroupScan"]


@dataclass(frozen=True)
class GroupScan:
    """Every group that was asked for stands in exactly one of the three; C(accepted) in the order of the picks."""

    protocol: Protocol
    accepted: tuple[int, ...] = ()
    rejected: frozenset[int] = frozenset()
    undetermined: frozenset[int] = frozenset()
    reason: str = ""


def accepted_groups(protocol: Protocol, *, offer: Offer) -> _Asked:
    """The groups of a version from TLS 1.0 on.

    In TLS 1.3 the HelloRetryRequest names the group. Before, the ServerKeyExchange does, for suites that a server can
    use whatever the curve of its certificate is: those with RSA or without a certificate first. With an ECDSA
    certificate the hello must allow its curve too (RFC 8422 section 5.1), so that curve is offered last.
    """
    if protocol >= Protocol.TLSv1_3:
        suites = tuple(suite.code for suite in _suites.in_version(protocol))
        return (yield from _eliminate(protocol, suites, _groups.IN_TLS13, offer))
    free = yield from _eliminate(
        protocol, _ephemeral(protocol, "RSA", "anon"), _groups.IN_TLS12, offer
    )
    if free.accepted or free.undetermined:
        return free
    return (yield from _with_curve_of_certificate(protocol, offer))


def _ephemeral(protocol: Protocol, *authentications: str) -> tuple[int, ...]:
    return tuple(
        suite.code
        for suite in _suites.in_version(protocol)
        if suite.key_exchange == "ECDHE" and suite.authentication in authentications
    )


def _with_curve_of_certificate(protocol: Protocol, offer: Offer) -> _Asked:
    suites = _ephemeral(protocol, "ECDSA")
    scan = yield from _eliminate(protocol, suites, _groups.IN_TLS12, offer)
    if not scan.accepted or scan.undetermined:
        return scan
    curve = scan.accepted[-1]
    rest = tuple(group for group in _groups.IN_TLS12 if group in scan.rejected)
    more = yield from _eliminate(protocol, suites, rest, offer, last=curve)
    return dataclasses.replace(more, accepted=scan.accepted + more.accepted)


def _eliminate(
    protocol: Protocol,
    suites: tuple[int, ...],
    groups: tuple[int, ...],
    offer: Offer,
    last: int | None = None,
) -> _Asked:
    left = list(groups)
    accepted: list[int] = []
    reason = ""
    while left and not reason:
        offered = (*left, last) if last is not None else tuple(left)
        hello = dataclasses.replace(offer.hello(protocol, suites), groups=offered)
        answer = yield hello
        picked = _picked(answer, protocol)
        if isinstance(picked, int) and picked in left:
            accepted.append(picked)
            left.remove(picked)
        elif isinstance(picked, NotDetermined):
            return GroupScan(
                protocol, tuple(accepted), undetermined=frozenset(left), reason=picked.reason
            )
        elif isinstance(picked, int):
            detail = "the curve of the certificate was chosen each time"
            return GroupScan(protocol, tuple(accepted), undetermined=frozenset(left), reason=detail)
        else:
            reason = picked
    return GroupScan(protocol, tuple(accepted), frozenset(left), reason=reason)


def _picked(answer: Answer, protocol: Protocol) -> int | str | NotDetermined:
    if isinstance(answer, NotDetermined):
        return answer
    if isinstance(answer, Alert):
        return f"alert {answer.name}"
    hello: ServerHello = answer
    if hello.version != protocol:
        return f"{hello.version.label} chosen"
    if hello.group is None:
        return NotDetermined("no-group", "The server answered without naming a group.")
    return hello.group


__all__ = ["GroupScan", "accepted_groups"]
