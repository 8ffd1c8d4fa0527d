# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A verdict against a policy in few connections: only what the policy forbids is offered."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _chain_scan,
    _groups,
    _scan,
    _suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
    ServerHello,
    SSLv2ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sslv2 import SSLv2Hello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import Strategy

#: The handshake that every survey begins with counts too.
MOST_CONNECTIONS: t.Final = 12
_KEYLESS: t.Final = ("anon", "PSK")


class Rule(t.NamedTuple):
    """What a policy allows; None: it says nothing of it. Suites as code points, groups by name."""

    name: str
    protocols: frozenset[Protocol]
    ciphers: frozenset[int] | None = None
    ciphersuites: frozenset[int] | None = None
    groups: frozenset[str] | None = None


class Breach(t.NamedTuple):
    """Something forbidden that was accepted: C(kind) is protocol, cipher or group."""

    protocol: Protocol
    kind: str
    name: str


class PolicyVerdict(t.NamedTuple):
    """What was found; C(open) says of each question without an answer what it was about and why."""

    rule: Rule
    breaches: tuple[Breach, ...] = ()
    open: tuple[str, ...] = ()
    chains: tuple[_chain_scan.Chain, ...] = ()


def rule_of(data: t.Mapping[str, t.Any]) -> Rule:
    """The rule of a policy as plain data: C(name), C(protocols) by label, C(ciphers) and C(ciphersuites) by name or code
    point, C(groups) by name; the last three may be null. Raises InvalidInput for anything else.
    """
    try:
        protocols = frozenset(Protocol.from_label(label) for label in data["protocols"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"policy: protocols is not a list of protocols: {error}.") from error
    groups = data.get("groups")
    return Rule(
        str(data.get("name") or "the policy"),
        protocols,
        _codes(data, "ciphers"),
        _codes(data, "ciphersuites"),
        None if groups is None else frozenset(map(str, groups)),
    )


def _codes(data: t.Mapping[str, t.Any], key: str) -> frozenset[int] | None:
    listed = data.get(key)
    if listed is None:
        return None
    codes = set()
    for one in listed:
        suite = _suites.by_name(str(one))
        try:
            codes.add(suite.code if suite else one if isinstance(one, int) else int(str(one), 16))
        except ValueError as error:
            raise InvalidInput(f"policy: {key}: {one!r} is no suite.") from error
    return frozenset(codes)


class _Findings:
    """What a check found so far, and how many questions it may still ask."""

    def __init__(self, rule: Rule, left: int) -> None:
        self.rule = rule
        self.left = left
        self.breaches: list[Breach] = []
        self.open: list[str] = []
        self.chains: dict[_chain_scan.Chain, None] = {}

    def unanswered(self, what: str, answer: t.Any) -> None:
        if isinstance(answer, NotDetermined):
            self.open.append(f"{what} ({_scan.reason_of(answer)})")


def check(rule: Rule, *, offer: Offer) -> Strategy[PolicyVerdict]:
    """Offer what the rule forbids, one hello for each protocol and kind: what is accepted is a breach by evidence.

    At most MOST_CONNECTIONS with the first handshake; the chains come last, and only within that number.
    """
    found = _Findings(rule, MOST_CONNECTIONS - 1)
    for protocol in Protocol:
        yield from _protocol(found, protocol, offer)
    if rule.groups is not None:
        for protocol in (Protocol.TLSv1_3, Protocol.TLSv1_2):
            if protocol in rule.protocols:
                yield from _forbidden_groups(found, protocol, offer)
    for authentication in ("RSA", "ECDSA"):
        if found.left > 0:
            found.left -= 1
            schemes = _chain_scan.USUAL[authentication]
            served = yield from _chain_scan.clear_chain(authentication, schemes, offer=offer)
            found.chains.update(dict.fromkeys(served.chains))
    return PolicyVerdict(rule, tuple(found.breaches), tuple(found.open), tuple(found.chains))


def _protocol(found: _Findings, protocol: Protocol, offer: Offer) -> Strategy[None]:
    rule = found.rule
    allowed: frozenset[int] | None = frozenset()
    if protocol in rule.protocols:
        allowed = rule.ciphersuites if protocol >= Protocol.TLSv1_3 else rule.ciphers
    if allowed is None:
        return
    forbidden = tuple(
        suite.code for suite in _suites.in_version(protocol) if suite.code not in allowed
    )
    answer = yield from _ask(found, _hello(protocol, forbidden, offer))
    if isinstance(answer, Alert) and answer.description not in _scan.REFUSALS:
        without_key = tuple(code for code in forbidden if _is_keyless(code))
        if without_key and found.left > 0:
            answer = yield from _ask(found, _hello(protocol, without_key, offer))
    if isinstance(answer, SSLv2ServerHello) or (
        isinstance(answer, ServerHello) and answer.version == protocol
    ):
        if protocol not in rule.protocols:
            found.breaches.append(Breach(protocol, "protocol", protocol.label))
        elif isinstance(answer, ServerHello):
            name = _suites.shape_of(answer.suite)["name"]
            found.breaches.append(Breach(protocol, "cipher", name))
    found.unanswered(protocol.label, answer)


def _hello(protocol: Protocol, suites: tuple[int, ...], offer: Offer) -> ClientHello | SSLv2Hello:
    return SSLv2Hello() if protocol < Protocol.SSLv3 else offer.hello(protocol, suites)


def _forbidden_groups(found: _Findings, protocol: Protocol, offer: Offer) -> Strategy[None]:
    newest = protocol >= Protocol.TLSv1_3
    allowed = found.rule.groups or frozenset()
    asked = _groups.IN_TLS13 if newest else _groups.IN_TLS12
    groups = tuple(group for group in asked if _groups.name_of(group) not in allowed)
    suites = tuple(
        suite.code
        for suite in _suites.in_version(protocol)
        if newest or (suite.key_exchange == "ECDHE" and suite.authentication != "ECDSA")
    )
    answer = yield from _ask(found, offer.hello(protocol, suites, groups))
    if isinstance(answer, ServerHello) and answer.version == protocol and answer.group in groups:
        name = _groups.name_of(answer.group)
        found.breaches.append(Breach(protocol, "group", name))
    found.unanswered(f"groups of {protocol.label}", answer)


def _is_keyless(code: int) -> bool:
    suite = _suites.by_code(code)
    return suite is not None and suite.authentication in _KEYLESS


def _ask(found: _Findings, question: t.Any) -> Strategy[t.Any]:
    found.left -= 1
    answer = yield question
    return answer


__all__ = ["MOST_CONNECTIONS", "Breach", "PolicyVerdict", "Rule", "check", "rule_of"]
