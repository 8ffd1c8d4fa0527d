# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A verdict against a policy in few connections: only what the policy forbids is offered."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _chain_scan,
    _groups,
    _protocol_scan,
    _scan,
    _suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
    SSLv2ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sslv2 import SSLv2Hello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import Strategy

#: Connections; the handshake that every survey begins with counts too.
MOST_IN_ALL: t.Final = 12
_IF_SILENT: t.Final = 2
_SILENT: t.Final = frozenset(("closed", "reset", "timeout"))
_EC_KEY: t.Final = bytes.fromhex("06072a8648ce3d0201")
_CURVES: t.Final[dict[bytes, int]] = {
    bytes.fromhex("06082a8648ce3d030107"): 0x0017,
    bytes.fromhex("06052b81040022"): 0x0018,
    bytes.fromhex("06052b81040023"): 0x0019,
}


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


class _Check:
    """What a check found so far, and how many connections it may still make."""

    def __init__(self, rule: Rule, offer: Offer, handshake: Answer) -> None:
        self.rule = rule
        self.offer = offer
        self.breaches: list[Breach] = []
        self.open: list[str] = []
        self.chains: dict[_chain_scan.Chain, None] = {}
        self._left = MOST_IN_ALL - 1
        self._answers = isinstance(handshake, ServerHello)
        self._takes_long = False
        if not self._answers:
            self.open.append(f"handshake ({_why(handshake)})")

    def ask(self, question: t.Any) -> Strategy[t.Any]:
        """The answer; None if it might cost more than what is left, since a question without an answer is asked twice."""
        if self._left < _IF_SILENT:
            return None
        answer = yield question
        silent = isinstance(answer, NotDetermined) and answer.reason in _SILENT
        self._left -= _IF_SILENT if silent else 1
        if _is_long(question) and not isinstance(answer, NotDetermined):
            self._takes_long = True
        return answer

    def breach(self, protocol: Protocol, kind: str, name: str) -> None:
        self.breaches.append(Breach(protocol, kind, name))

    def settle(self, what: str, question: t.Any, answer: t.Any) -> None:
        """Leave a question open that got no verdict: a hello, a refusal, or an end of the connection that is one."""
        if isinstance(answer, (ServerHello, SSLv2ServerHello)):
            return
        if isinstance(answer, Alert) and answer.description in _scan.REFUSALS:
            return
        fits = self._takes_long or not _is_long(question)
        if self._answers and fits and _why(answer) in _scan.CUT_AFTER_HELLO:
            return
        self.open.append(f"{what} ({_why(answer)})")


def check(rule: Rule, *, offer: Offer, handshake: Answer) -> Strategy[PolicyVerdict]:
    """Offer what the rule forbids, in as few hellos as can be: what is accepted is a breach by evidence.

    C(handshake) is the answer to the first handshake: a server that refuses that one says nothing by refusing others.
    At most MOST_IN_ALL connections with that one, also where a server keeps silent and is asked again.
    """
    work = _Check(rule, offer, handshake)
    for protocol in (Protocol.TLSv1_3, Protocol.TLSv1_2):
        yield from _version(work, (protocol,))
    for versions in _runs(rule):
        yield from _version(work, versions)
    if Protocol.SSLv2 not in rule.protocols:
        yield from _sslv2(work)
    if rule.groups is not None and Protocol.TLSv1_3 in rule.protocols:
        codes = _protocol_scan.listed(Protocol.TLSv1_3)
        yield from _groups_of(
            work, Protocol.TLSv1_3, codes, _forbidden_groups(rule, _groups.IN_TLS13)
        )
    rsa = yield from _chains(work, "RSA")
    ecdsa = yield from _chains(work, "ECDSA")
    if rule.groups is not None and Protocol.TLSv1_2 in rule.protocols:
        yield from _groups_of_tls12(work, rsa, ecdsa)
    return PolicyVerdict(rule, tuple(work.breaches), tuple(work.open), tuple(work.chains))


def _runs(rule: Rule) -> t.Iterator[tuple[Protocol, ...]]:
    """The versions before TLS 1.2, newest first; of those that are forbidden, a server shows its newest to one hello."""
    run: list[Protocol] = []
    for protocol in (Protocol.TLSv1_1, Protocol.TLSv1, Protocol.SSLv3):
        if protocol not in rule.protocols:
            run.append(protocol)
            continue
        if run:
            yield tuple(run)
            run = []
        yield (protocol,)
    if run:
        yield tuple(run)


def _version(work: _Check, versions: tuple[Protocol, ...]) -> Strategy[None]:
    """One version, or several that are all forbidden."""
    rule, newest = work.rule, versions[0]
    allowed: frozenset[int] | None = frozenset()
    if newest in rule.protocols:
        allowed = rule.ciphersuites if newest >= Protocol.TLSv1_3 else rule.ciphers
    if allowed is None:
        return
    forbidden = tuple(code for code in _protocol_scan.listed(newest) if code not in allowed)
    if not forbidden:
        return
    answer = yield from _picked(work, versions, forbidden)
    if not isinstance(answer, ServerHello) or answer.version not in versions:
        return
    if answer.version in rule.protocols:
        work.breach(answer.version, "cipher", _suites.shape_of(answer.suite)["name"])
        return
    work.breach(answer.version, "protocol", answer.version.label)
    older = tuple(version for version in versions if version < answer.version)
    if older:
        yield from _version(work, older)


def _picked(
    work: _Check, versions: tuple[Protocol, ...], suites: tuple[int, ...]
) -> Strategy[t.Any]:
    """The answer to these suites; if they upset the server, to those that need no key, and to those that need no signature.

    Where the first are refused and the others upset it as before, it is the key that cannot serve such a version.
    """
    hello = replace(work.offer.hello(versions[0], suites), versions=versions)
    answer = yield from work.ask(hello)
    what = versions[-1].label + (f" to {versions[0].label}" if len(versions) > 1 else "")
    parts = [part for part in _scan.unsigned(suites) if part]
    if not parts or not isinstance(answer, Alert) or answer.description in _scan.REFUSALS:
        work.settle(what, hello, answer)
        return answer
    upset = answer
    for part in parts:
        if not isinstance(answer, ServerHello):
            refused = isinstance(answer, Alert) and answer.description in _scan.REFUSALS
            hello = replace(hello, suites=part)
            answer = yield from work.ask(hello)
            if not (refused and answer == upset):
                work.settle(what, hello, answer)
    return answer


def _sslv2(work: _Check) -> Strategy[None]:
    hello = SSLv2Hello()
    answer = yield from work.ask(hello)
    if isinstance(answer, SSLv2ServerHello):
        work.breach(Protocol.SSLv2, "protocol", Protocol.SSLv2.label)
    work.settle(Protocol.SSLv2.label, hello, answer)


def _chains(work: _Check, authentication: str) -> Strategy[tuple[_chain_scan.Chain, ...]]:
    schemes = _chain_scan.USUAL[authentication]
    hello = _chain_scan.clear_hello(authentication, schemes, offer=work.offer)
    answer = yield from work.ask(hello)
    work.settle(f"chain of {authentication}", hello, answer)
    served = _chain_scan.served(hello, answer).chains
    work.chains.update(dict.fromkeys(served))
    return served


def _groups_of_tls12(
    work: _Check, rsa: tuple[_chain_scan.Chain, ...], ecdsa: tuple[_chain_scan.Chain, ...]
) -> Strategy[None]:
    """A server uses an ECDSA key only if its curve is on offer (RFC 8422 section 5.1), so that with no other key it comes
    behind the forbidden groups: one that prefers that curve uses none of them with anybody.
    """
    version = Protocol.TLSv1_2
    authentications = {"RSA": bool(rsa) or not ecdsa, "ECDSA": not rsa}
    suites = (_suites.by_code(code) for code in _protocol_scan.listed(version))
    codes = tuple(
        suite.code
        for suite in suites
        if suite is not None
        and suite.key_exchange == "ECDHE"
        and authentications.get(suite.authentication, True)
    )
    groups = _forbidden_groups(work.rule, _groups.IN_TLS12)
    needed = () if rsa else tuple(_curve(chain[0]) for chain in ecdsa)
    behind = tuple(dict.fromkeys(curve for curve in needed if curve and curve not in groups))
    yield from _groups_of(work, version, codes, groups, behind)


def _groups_of(
    work: _Check,
    protocol: Protocol,
    suites: tuple[int, ...],
    groups: tuple[int, ...],
    behind: tuple[int, ...] = (),
) -> Strategy[None]:
    if not groups:
        return
    hello = work.offer.hello(protocol, suites, (*groups, *behind))
    answer = yield from work.ask(hello)
    if isinstance(answer, ServerHello) and answer.version == protocol and answer.group in groups:
        work.breach(protocol, "group", _groups.name_of(answer.group))
    work.settle(f"groups of {protocol.label}", hello, answer)


def _forbidden_groups(rule: Rule, groups: tuple[int, ...]) -> tuple[int, ...]:
    allowed = rule.groups or frozenset()
    return tuple(group for group in groups if _groups.name_of(group) not in allowed)


def _curve(certificate: bytes) -> int | None:
    """The group of a certificate's key, None for other keys: the curve stands behind the algorithm (RFC 5480 section 2)."""
    found = (group for curve, group in _CURVES.items() if _EC_KEY + curve in certificate)
    return next(found, None)


def _is_long(question: t.Any) -> bool:
    return len(getattr(question, "suites", ())) > _scan.LONG


def _why(answer: t.Any) -> str:
    if answer is None:
        return "not asked"
    if isinstance(answer, NotDetermined):
        return _scan.reason_of(answer)
    return f"alert {answer.name}"


__all__ = ["MOST_IN_ALL", "Breach", "PolicyVerdict", "Rule", "check", "rule_of"]
