# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The whole job on one server: which questions there are, and which of them can be asked at the same time."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _chain_scan,
    _features,
    _group_scan,
    _groups,
    _protocol_scan,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    DhParameters,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._broken_off import taken_back
from ansible_collections.postmaster.tls.plugins.module_utils._tls._chain_scan import Chain
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import (
    FEATURES,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._modern_hello import modern_hello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocol_scan import (
    ProtocolScan,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import (
    PROTOCOLS,
    Protocol,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sights import Sight, dh_of, sight
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import Fork, Strategy

if t.TYPE_CHECKING:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._policy_check import (
        PolicyVerdict,
    )
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._signature_scan import (
        SignatureScan,
    )

#: What a probe does when nothing else is asked for.
CHECKS: t.Final = ("handshake", "protocols", "ciphers", "groups", "certificates")
ALL_CHECKS: t.Final = (*CHECKS, "signatures", "features", "senders", "injection", "policy")
_WITH_GROUPS: t.Final = (Protocol.TLSv1_3, Protocol.TLSv1_2)
_OF_CHAINS: t.Final = ("chains", "nameless")


class Features(t.NamedTuple):
    """Verdicts by name, the reasons of those that were asked for without an answer, and the DER names of authorities."""

    verdicts: dict[str, bool | None]
    reasons: dict[str, str]
    authorities: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Survey:
    """Everything that was found out about a server; a check that was not asked for leaves its part empty.

    C(features) has what flights showed in passing, and with the check C(features) all of it. C(dh) are the groups of
    finite-field exchanges, C(injection) is the answer to a handshake with a command behind STARTTLS. C(doubts) say why
    chains may be missing. C(nameless) are the chains that only clients without a server name get.
    """

    handshake: Answer
    protocols: tuple[ProtocolScan, ...] = ()
    groups: tuple[_group_scan.GroupScan, ...] = ()
    chains: tuple[Chain, ...] = ()
    signatures: tuple[SignatureScan, ...] = ()
    features: Features = Features({}, {})
    dh: tuple[DhParameters, ...] = ()
    senders: tuple[t.Any, ...] = ()
    policy: PolicyVerdict | None = None
    injection: t.Any = None
    staples: tuple[bytes, ...] = ()
    doubts: tuple[str, ...] = ()
    anonymous_dh: frozenset[DhParameters] = frozenset()
    nameless: tuple[Chain, ...] = ()


class _Job:
    """The checks of one survey, and what they found so far."""

    def __init__(
        self,
        checks: t.Collection[str],
        server_name: str | None,
        policy: t.Mapping[str, t.Any] | None,
        senders: t.Sequence[str],
        starttls: bool,
    ) -> None:
        self.checks = frozenset(checks)
        self.server_name = server_name
        self.policy = policy
        self.sender_names = tuple(senders)
        self.starttls = starttls
        self.offer = Offer(server_name, extra=FEATURES)
        self.modern = modern_hello(self.offer)
        self.handshake: Answer = NotDetermined("unasked", "Nothing was asked yet.")
        self.versions: tuple[ProtocolScan, ...] = ()
        self.found: dict[str, list[t.Any]] = {}
        self.sights: dict[Sight, None] = {}
        self.hellos: list[ServerHello] = []

    def begin(self) -> Strategy[None]:
        """The one handshake that a sender of today would try."""
        modern = self.modern
        answer = yield modern
        if isinstance(answer, ServerHello) and answer.version not in modern.versions:
            detail = f"The server chose {answer.version.label}, which no sender of today knows."
            answer = NotDetermined(f"{answer.version.label} chosen", detail)
        if isinstance(answer, ServerHello):
            self.sights[sight(modern, answer)] = None
        self.handshake = answer

    def run(self, parts: t.Sequence[tuple[str, Strategy[t.Any]]]) -> Strategy[None]:
        """Ask for these parts side by side, and keep what each finds under its name."""
        if not parts:
            return
        names, strategies = zip(*parts)
        for name, result in zip(names, (yield Fork(strategies))):
            if name == "versions and groups":
                self.found.setdefault("versions", []).append(result[0])
                self.found.setdefault("groups", []).append(result[1])
            elif name == "old versions":
                self.found.setdefault("versions", []).extend(result)
            else:
                self.found.setdefault(name, []).append(result)

    def first_parts(self) -> list[tuple[str, Strategy[t.Any]]]:
        """What can be asked without knowing anything."""
        checks, offer = self.checks, self.offer
        parts: list[tuple[str, Strategy[t.Any]]] = []
        for protocol in reversed(PROTOCOLS):
            begun = self._begun(protocol)
            if "ciphers" in checks and "groups" in checks and protocol in _WITH_GROUPS:
                whole = version_with_groups(protocol, offer=offer, begun=begun)
                parts.append(("versions and groups", whole))
            elif "ciphers" in checks and protocol == Protocol.TLSv1_1:
                parts.append(("old versions", _protocol_scan.old_versions(offer=offer)))
            elif "ciphers" in checks and protocol == Protocol.TLSv1:
                continue
            elif "ciphers" in checks:
                alone = _protocol_scan.protocol_scan(protocol, offer=offer, begun=begun)
                parts.append(("versions", alone))
            elif "protocols" in checks or "features" in checks:
                parts.append(("versions", _protocol_scan.protocol_alone(protocol, offer=offer)))
        if checks & {"protocols", "ciphers"}:
            oldest = _protocol_scan.sslv2_scan(complete="ciphers" in checks)
            parts.append(("versions", oldest))
        if "groups" in checks and "ciphers" not in checks:
            parts += [
                ("groups", _group_scan.accepted_groups(version, offer=offer))
                for version in _WITH_GROUPS
            ]
        return parts + self._chain_parts() + self._further_parts()

    def _begun(self, protocol: Protocol) -> _protocol_scan.Begun | None:
        """The first handshake offers all of TLS 1.3, so there it is the first of that scan too."""
        answer = self.handshake
        if protocol >= Protocol.TLSv1_3 and isinstance(answer, ServerHello):
            return (self.modern, answer) if answer.version == protocol else None
        return None

    def _chain_parts(self) -> list[tuple[str, Strategy[t.Any]]]:
        if "certificates" not in self.checks:
            return []
        kinds = list(_chain_scan.RARE.items())
        if "ciphers" not in self.checks:
            kinds += _chain_scan.USUAL.items()
        return [
            ("chains", _chain_scan.clear_chain(authentication, schemes, offer=self.offer))
            for authentication, schemes in kinds
        ]

    def _further_parts(self) -> list[tuple[str, Strategy[t.Any]]]:
        parts: list[tuple[str, Strategy[t.Any]]] = []
        if "signatures" in self.checks:
            parts += [("signatures", _signed(version, self.offer)) for version in _WITH_GROUPS]
        if "senders" in self.checks:
            parts.append(("senders", _sent(self.sender_names, self.server_name)))
        if "policy" in self.checks and self.policy is not None:
            parts.append(("policy", _judged(self.policy, self.offer, self.handshake)))
        return parts

    def settle(self) -> None:
        """Draw from the versions what all of them together tell."""
        scans = self.found.get("versions", [])
        answers = isinstance(self.handshake, ServerHello) or any(scan.accepted for scan in scans)
        refused = _protocol_scan.refused_by_closing
        self.versions = tuple(refused(scan) if answers else scan for scan in scans)
        for scan in self.versions:
            self.sights.update(dict.fromkeys(scan.suites.sights))
        for served in self.found.get("chains", []):
            self.sights.update(dict.fromkeys(served.sights))

    def settle_tls13(self) -> None:
        """Take back what a server seemed to agree to that ends all its handshakes of TLS 1.3."""
        alert = next((one.broken for one in self.found.get("chains", ()) if one.broken), None)
        groups = self.found.get("groups", [])
        self.handshake, self.versions = taken_back(alert, self.handshake, self.versions, groups)

    def later_parts(self) -> list[tuple[str, Strategy[t.Any]]]:
        """What needs to know the versions, or which chains showed in clear."""
        parts: list[tuple[str, Strategy[t.Any]]] = []
        spoken = self.spoken()
        if "certificates" in self.checks and Protocol.TLSv1_3 in spoken:
            hidden = _chain_scan.chains_of_tls13(self.clear_chains(), offer=self.offer)
            parts.append(("chains", hidden))
        if "groups" in self.checks and Protocol.TLSv1_2 not in spoken:
            parts += self._old_groups(spoken)
        if "features" in self.checks:
            parts.append(("features", _asked_features(spoken, self.offer)))
        if "injection" in self.checks:
            newest = max(spoken, default=Protocol.TLSv1_3)
            parts.append(("injection", _injection(newest, self.server_name, self.starttls)))
        return parts

    def last_parts(self) -> list[tuple[str, Strategy[t.Any]]]:
        """What needs to know all chains."""
        seen, spoken = self.clear_chains(), self.spoken()
        if "certificates" not in self.checks or not (self.server_name and seen and spoken):
            return []
        return [("nameless", _chain_scan.without_name(seen, offer=self.offer, spoken=spoken))]

    def _old_groups(self, spoken: frozenset[Protocol]) -> list[tuple[str, Strategy[t.Any]]]:
        """A server that stops below TLS 1.2 shows its curves in the newest version that it has."""
        older = [version for version in spoken if Protocol.SSLv3 < version < Protocol.TLSv1_2]
        if not older:
            return []
        newest = max(older)
        suites = [scan.suites.accepted for scan in self.versions if scan.protocol == newest]
        known = suites[0] if suites and "ciphers" in self.checks else ()
        return [("groups", _group_scan.accepted_groups(newest, offer=self.offer, suites=known))]

    def spoken(self) -> frozenset[Protocol]:
        """The versions that are known to be accepted."""
        versions = {scan.protocol for scan in self.versions if scan.accepted}
        if isinstance(self.handshake, ServerHello):
            versions.add(self.handshake.version)
        return frozenset(versions)

    def clear_chains(self) -> tuple[Chain, ...]:
        """The chains that were served so far."""
        scans = [scan.suites.chains for scan in self.versions]
        signed = [scan.chains for scan in self.found.get("signatures", [])]
        listed = [one.chains for one in self.found.get("chains", ())]
        return tuple(dict.fromkeys(chain for chains in scans + listed + signed for chain in chains))

    def _shown_chains(self) -> tuple[Chain, ...]:
        if "certificates" in self.checks:
            return self.clear_chains()
        return self.found["policy"][0].chains if "policy" in self.found else ()

    def result(self) -> Survey:
        """Everything together."""
        found = self.found
        dh, anonymous_dh = dh_of(self.sights)
        staples = dict.fromkeys(one.staple for one in self._flights() if one.staple)
        return Survey(
            self.handshake,
            self.versions if self.checks & {"protocols", "ciphers"} else (),
            tuple(found.get("groups", ())),
            self._shown_chains(),
            tuple(found.get("signatures", ())),
            self._features(),
            dh,
            tuple(result for results in found.get("senders", ()) for result in results),
            found["policy"][0] if "policy" in found else None,
            found["injection"][0] if "injection" in found else None,
            tuple(staples),
            tuple(
                doubt for name in _OF_CHAINS for one in found.get(name, ()) for doubt in one.doubts
            ),
            anonymous_dh,
            tuple(chain for one in found.get("nameless", ()) for chain in one.chains),
        )

    def _flights(self) -> t.Iterator[Sight | ServerHello]:
        yield from self.sights
        yield from self._whole()

    def _whole(self) -> list[ServerHello]:
        scans = (*self.found.get("chains", []), *self.found.get("signatures", []))
        return [hello for scan in scans for hello in scan.hellos]

    def _features(self) -> Features:
        asked = self.found.get("features", [_features.Asked({}, {})])[0]
        seen = _features.seen(self.sights, (*self._whole(), *asked.hellos))
        return Features({**seen.verdicts, **asked.verdicts}, asked.reasons, seen.authorities)


def survey(
    checks: t.Collection[str],
    *,
    server_name: str | None = None,
    policy: t.Mapping[str, t.Any] | None = None,
    senders: t.Sequence[str] = (),
    starttls: bool = True,
) -> Strategy[Survey]:
    """Ask for what the checks (of ALL_CHECKS) need, beginning with the one handshake that a sender of today would try.

    C(policy) is what the check of that name is about, as plain data; C(senders) are names of profiles.
    C(starttls) is whether plaintext comes before TLS, so that a command can be sent in it.
    """
    job = _Job(checks, server_name, policy, senders, starttls)
    yield from job.begin()
    yield from job.run(job.first_parts())
    job.settle()
    yield from job.run(job.later_parts())
    job.settle_tls13()
    yield from job.run(job.last_parts())
    return job.result()


def version_with_groups(
    protocol: Protocol, *, offer: Offer, begun: _protocol_scan.Begun | None = None
) -> Strategy[tuple[ProtocolScan, _group_scan.GroupScan]]:
    """A version's suites, and then the groups that they did not show in passing."""
    scan = yield from _protocol_scan.protocol_scan(protocol, offer=offer, begun=begun)
    if scan.accepted is False:
        asked = _groups.IN_TLS13 if protocol >= Protocol.TLSv1_3 else _groups.IN_TLS12
        return scan, _group_scan.GroupScan(
            protocol, rejected=frozenset(asked), reason=f"{protocol.label} is not accepted"
        )
    suites = () if scan.suites.undetermined else scan.suites.accepted
    groups = yield from _group_scan.accepted_groups(
        protocol, offer=offer, known=scan.groups, suites=suites
    )
    return scan, groups


def _signed(version: Protocol, offer: Offer) -> Strategy[SignatureScan]:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._signature_scan import (  # noqa: PLC0415 - few probes need it
        accepted_signatures,
    )

    return accepted_signatures(version, offer=offer)


def _sent(names: tuple[str, ...], server_name: str | None) -> Strategy[tuple[t.Any, ...]]:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._senders import (  # noqa: PLC0415 - few probes need it
        sender_scan,
    )

    return sender_scan(names, server_name=server_name)


def _judged(
    policy: t.Mapping[str, t.Any], offer: Offer, handshake: Answer
) -> Strategy[PolicyVerdict]:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls import (  # noqa: PLC0415 - few probes need it
        _policy_check,
    )

    return _policy_check.check(_policy_check.rule_of(policy), offer=offer, handshake=handshake)


def _asked_features(versions: frozenset[Protocol], offer: Offer) -> Strategy[_features.Asked]:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._feature_questions import (  # noqa: PLC0415 - few probes need it
        asked_features,
    )

    return asked_features(versions, offer=offer)


def _injection(version: Protocol, server_name: str | None, starttls: bool) -> Strategy[t.Any]:
    if not starttls:
        detail = "There is no plaintext behind which a command could be sent."
        return NotDetermined("implicit TLS", detail)
    answer = yield FullHandshake(server_name, version, purpose="injection")
    return answer


__all__ = [
    "ALL_CHECKS",
    "CHECKS",
    "Chain",
    "Features",
    "ProtocolScan",
    "Survey",
    "survey",
    "version_with_groups",
]
