# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which key exchange groups a server accepts: by elimination, from its picks."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
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

_INSISTS: t.Final = "the curve of the certificate was chosen each time"
_FOLLOWS: t.Final = "others chosen although these were preferred"
_Asked = t.Generator[ClientHello, Answer, "GroupScan"]


@dataclass(frozen=True)
class GroupScan:
    """Every group that was asked for stands in exactly one of the three; C(accepted) in the order of the picks."""

    protocol: Protocol
    accepted: tuple[int, ...] = ()
    rejected: frozenset[int] = frozenset()
    undetermined: frozenset[int] = frozenset()
    reason: str = ""


def accepted_groups(
    protocol: Protocol,
    *,
    offer: Offer,
    known: tuple[int, ...] = (),
    suites: tuple[int, ...] = (),
) -> _Asked:
    """The groups of a version from TLS 1.0 on; C(known) were accepted already, C(suites) are accepted ones if known.

    In TLS 1.3 the HelloRetryRequest names the group. Before, the ServerKeyExchange does, for suites that a server can
    use whatever the curve of its certificate is: those with RSA or without a certificate first. With an ECDSA
    certificate the hello must allow its curve too (RFC 8422 section 5.1), so that curve is offered last. Where nobody
    knows which suites are accepted, a refusal of the first ones says nothing about groups.
    """
    if protocol >= Protocol.TLSv1_3:
        usable = suites or tuple(suite.code for suite in _suites.in_version(protocol))
        return (yield from _eliminate(protocol, usable, _groups.IN_TLS13, offer, known))
    free = _ephemeral(protocol, suites, "RSA", "anon")
    if free:
        scan = yield from _eliminate(protocol, free, _groups.IN_TLS12, offer, known)
        shown = scan.accepted if suites else set(scan.accepted).difference(known)
        if shown or scan.undetermined:
            return scan
    bound = _ephemeral(protocol, suites, "ECDSA")
    if not bound:
        return GroupScan(
            protocol, rejected=frozenset(_groups.IN_TLS12), reason="no suite with ECDHE is accepted"
        )
    return (yield from _with_curve_of_certificate(protocol, bound, offer, known))


def _ephemeral(
    protocol: Protocol, accepted: tuple[int, ...], *authentications: str
) -> tuple[int, ...]:
    return tuple(
        suite.code
        for suite in _suites.in_version(protocol)
        if suite.key_exchange == "ECDHE"
        and suite.authentication in authentications
        and (not accepted or suite.code in accepted)
    )


def _with_curve_of_certificate(
    protocol: Protocol, suites: tuple[int, ...], offer: Offer, known: tuple[int, ...]
) -> _Asked:
    """What was accepted stays in the hello, behind the others: the curve of the certificate may be among it.

    A server that chose several groups, although all were offered each time, follows the client's order: if it then
    chooses an accepted one although others stand before it, it has none of those. A refusal is not about the groups.
    """
    chosen_among_all = len(known)
    if not known:
        scan = yield from _eliminate(protocol, suites, _groups.IN_TLS12, offer)
        if not scan.accepted or scan.undetermined:
            return scan
        known, chosen_among_all = scan.accepted, 1
    more = yield from _eliminate(protocol, suites, _groups.IN_TLS12, offer, known, keep=True)
    chosen_among_all += len(more.accepted) - len(known)
    if more.reason == _INSISTS and chosen_among_all > 1:
        return GroupScan(protocol, more.accepted, more.undetermined, reason=_FOLLOWS)
    return GroupScan(
        protocol, more.accepted, undetermined=more.undetermined | more.rejected, reason=more.reason
    )


def _eliminate(
    protocol: Protocol,
    suites: tuple[int, ...],
    groups: tuple[int, ...],
    offer: Offer,
    known: tuple[int, ...] = (),
    *,
    keep: bool = False,
) -> _Asked:
    """With C(keep), accepted groups are offered too, behind those that are left."""
    accepted = [group for group in known if group in groups]
    left = [group for group in groups if group not in accepted]
    reason = ""
    while left and not reason:
        answer = yield offer.hello(protocol, suites, (*left, *accepted) if keep else tuple(left))
        picked = _picked(answer, protocol)
        if isinstance(picked, int) and picked in left:
            accepted.append(picked)
            left.remove(picked)
        elif isinstance(picked, NotDetermined):
            return GroupScan(
                protocol, tuple(accepted), undetermined=frozenset(left), reason=picked.reason
            )
        elif isinstance(picked, int):
            return GroupScan(
                protocol, tuple(accepted), undetermined=frozenset(left), reason=_INSISTS
            )
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
