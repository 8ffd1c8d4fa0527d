# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is wrong with what a library makes of a service, whatever the MTA is."""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    refused,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import (
    CERTIFIED,
    Dropped,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Context,
    Library,
    Settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._modern_suites import (
    modern_suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._notable import (
    OLD_PROTOCOLS,
    names_of,
    suites_of_note,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

#: X25519, P-256, P-384 and P-521: what the recorded senders of today offer, each at least one of them.
_COMMON_GROUPS: t.Final = frozenset((0x001D, 0x0017, 0x0018, 0x0019))
_RFC_9325: t.Final = re.compile(r"ECDHE-(RSA|ECDSA)-AES(128-GCM-SHA256|256-GCM-SHA384)")
_LISTS: t.Final = frozenset({"excluded", "not-in-list"})
_LEAST_DH_BITS: t.Final = 2048
_WORSE: t.Final = frozenset(
    {"no-shared-cipher", "only-dhe", "certificate-unfit", "no-suite-before-tls13"}
)


def refusal_findings(effective: Effective, where: str) -> list[Finding]:
    """The library does not make the context: no TLS at all."""
    refusal = effective.refusal
    if refusal is None:
        return []
    if refusal.stage == "ciphers":
        evidence = f"{refusal.subject}: {refusal.error}"
        return [finding("cipher-list-rejected", where=where, evidence=evidence)]
    return [refused(refusal, where=where)]


def broken_findings(effective: Effective, where: str) -> list[Finding]:
    """Whether the library ends handshakes after it has chosen a suite."""
    if not effective.broken:
        return []
    protocols = ", ".join(one.label for one in effective.broken)
    error = next(iter(effective.broken.values()))
    evidence = f"{protocols} at security level {effective.bounds.level}: {error}"
    return [finding("handshake-breaks-off", where=where, evidence=evidence)]


def weak_keys(result: Effective, dropped: t.Sequence[Dropped]) -> dict[str, str]:
    """Of several keys the types of those that the library does not use at its security level, and what it says; none where
    nothing is left, which has findings of its own.
    """
    if not result.suites:
        return {}
    found = dict(result.weak)
    used = {suite.authentication for suite in map(_suites.by_code, result.order()) if suite}
    for one in dropped:
        suite = _suites.by_code(one.code)
        alone = len(one.causes) == 1 and one.causes[0].kind == "security-level"
        if suite and alone and suite.key_exchange == "ECDHE" and suite.authentication not in used:
            for kind in CERTIFIED.get(suite.authentication, ()):
                found.setdefault(kind, one.reason)
    return {kind: reason for kind, reason in found.items() if kind in result.keys}


def weak_key_findings(
    library: Library,
    certificates: t.Iterable[tuple[str, ...]],
    weak: t.Mapping[str, str],
    where: str,
) -> list[Finding]:
    """The keys of the types that `weak_keys` found, by the files of their certificates, which are those of Settings."""
    parts = [
        part
        for kind, *files in certificates
        for part in ([(kind, *files)] if kind == "pair" else [(kind, file) for file in files])
    ]
    found = []
    for kind, reason in weak.items():
        opened = [
            (part[1], library.open(Settings("ALL:@SECLEVEL=0", certificates=(part,))))
            for part in parts
        ]
        files = [file for file, one in opened if isinstance(one, Context) and kind in one.keys]
        named = f"the {kind} key of {', '.join(files)}" if files else f"the {kind} key"
        found.append(finding("key-below-level", where=where, evidence=f"{named}: {reason}"))
    return found


def causes_of(dropped: t.Iterable[Dropped]) -> str:
    """The causes and how many suites each takes away, the most frequent first."""
    counted = Counter(
        one.reason if one.setting == "none" else f"{one.reason} ({one.setting})" for one in dropped
    )
    return "; ".join(f"{reason}: {number} suites" for reason, number in counted.most_common())


def _group_findings(effective: Effective, kept: t.Iterable[int], where: str) -> list[Finding]:
    """Whether the suites that are left have a group that senders of today offer.

    In TLS 1.3 every suite needs one, and both ends have chosen the version before they look for it.
    """
    if not effective.groups or _COMMON_GROUPS & set(effective.groups):
        return []
    suites = [_suites.by_code(code) for code in kept]
    free = any(suite and suite.key_exchange in ("RSA", "DHE") for suite in suites)
    if free and Protocol.TLSv1_3 not in effective.suites:
        return []
    evidence = f"only {', '.join(_groups.name_of(code) for code in effective.groups)}"
    return [finding("no-common-group", where=where, evidence=evidence)]


def suite_findings(effective: Effective, dropped: t.Sequence[Dropped], where: str) -> list[Finding]:
    """Whether anything is left that a sender of today offers."""
    kept, modern = set(effective.order()), modern_suites()
    if effective.refusal is not None:
        return []
    if kept & modern:
        return _group_findings(effective, kept & modern, where)
    evidence = causes_of(one for one in dropped if one.code in modern)
    return [finding("no-shared-cipher", where=where, evidence=evidence)]


def library_findings(linked: str, command: str | None, where: str) -> list[Finding]:
    """Whether the openssl command shows another version than the MTA runs on."""
    if command is None or _number(command) == _number(linked):
        return []
    evidence = f"linked with {linked}; the command is {command}"
    return [finding("library-differs", where=where, evidence=evidence)]


def built_findings(linked: str, built: str | None, where: str) -> list[Finding]:
    """Whether the MTA was compiled for another release line of OpenSSL than it runs on."""
    if built is None or _line(built) == _line(linked):
        return []
    evidence = f"compiled for {built}; it runs on {linked}"
    return [finding("library-not-compiled-for", where=where, evidence=evidence)]


def _line(version: str) -> list[str]:
    parts = _number(version).split(".")
    return (
        parts[:2]
        if parts[0] != "1"
        else [parts[0], *parts[1:2], parts[-1].rstrip("abcdefghijklmnopqrstuvwxyz")]
    )


def _number(version: str) -> str:
    found = re.match(r"(?:OpenSSL|LibreSSL)\s+(\S+)", version)
    return found.group(1) if found else version


def older_sender_findings(
    result: Effective, dropped: t.Sequence[Dropped], where: str
) -> list[Finding]:
    """Whether a sender that has no TLS 1.3, or no DHE, is left without a suite although TLS 1.2 is on."""
    modern = modern_suites()
    kept = [_suites.by_code(code) for code in result.suites.get(Protocol.TLSv1_2, ())]
    usable = [suite for suite in kept if suite and suite.code in modern]
    if not result.suites:
        return []
    older = [one for one in dropped if one.code in modern and not _newest(one.code)]
    if not older or any(suite.key_exchange != "DHE" for suite in usable):
        return []
    if usable:
        evidence = causes_of(one for one in older if "DHE-" not in one.name[:4])
        return [finding("only-dhe", where=where, evidence=evidence)]
    first = {one.causes[0] for one in older if one.code in _codes_of(result)}
    if first and all(cause.kind == "certificate" for cause in first):
        evidence = "; ".join(sorted({cause.reason for cause in first}))
        return [finding("certificate-unfit", where=where, evidence=evidence)]
    if _protocol_is_off(older):
        return []
    return [finding("no-suite-before-tls13", where=where, evidence=causes_of(older))]


def accepted_findings(result: Effective, where: str) -> list[Finding]:
    """What is served although it protects nobody: the findings of a probe, without anonymous suites, which every server of
    other servers has.
    """
    found = [
        finding(code, where=where, evidence=names_of(result.suites[protocol]))
        for protocol, code in OLD_PROTOCOLS.items()
        if protocol in result.suites
    ]
    kinds = suites_of_note(result.order())
    kinds.pop("anonymous-ciphers", None)
    return found + [finding(code, where=where, evidence=kinds[code]) for code in kinds]


def served_findings(result: Effective, dropped: t.Sequence[Dropped], where: str) -> list[Finding]:
    """What is wrong with what a server gives its senders: too little, or what should be given to nobody."""
    found = broken_findings(result, where)
    fatal = suite_findings(result, dropped, where)
    found += fatal or older_sender_findings(result, dropped, where)
    return found + accepted_findings(result, where)


def strength_evidence(
    result: Effective,
    dropped: t.Sequence[Dropped],
    served: t.Iterable[Finding],
    *,
    dh_source: str,
    opportunistic: bool,
) -> dict[str, str]:
    """What is too weak in what a peer can get, or too strict for opportunistic TLS where nothing worse is C(served): the
    evidence by the code of the finding.
    """
    found = {}
    if result.dh and result.dh[0] < _LEAST_DH_BITS:
        found["dh-weak"] = f"DHE with a prime of {result.dh[0]} bits{dh_source}"
    if opportunistic and result.suites and not any(one.code in _WORSE for one in served):
        strict = _strict(result, dropped)
        found |= {"opportunistic-strict": strict} if strict else {}
    return found


def _strict(result: Effective, dropped: t.Sequence[Dropped]) -> str:
    """What a server keeps from its senders although no policy advises to: TLS 1.2, or one of the suites of RFC 9325
    section 4.2 that its certificates fit.
    """
    if Protocol.TLSv1_2 not in result.suites:
        return f"only {', '.join(one.label for one in result.protocols)}"
    return kept_back(advised_and_excluded(dropped))


def advised_and_excluded(dropped: t.Iterable[Dropped]) -> list[Dropped]:
    """The suites of RFC 9325 section 4.2 that nothing but the lists keeps away."""
    return [
        one
        for one in dropped
        if _RFC_9325.fullmatch(one.name) and {cause.kind for cause in one.causes} <= _LISTS
    ]


def kept_back(missing: t.Iterable[Dropped]) -> str:
    """The names of suites by what takes them away; empty without any."""
    causes: dict[str, list[str]] = {}
    for one in missing:
        causes.setdefault(f"{one.reason} ({one.setting})", []).append(one.name)
    return "; ".join(f"no {', '.join(names)}: {cause}" for cause, names in causes.items())


def _codes_of(result: Effective) -> set[int]:
    return {cipher.code for cipher in result.listed}


def _newest(code: int) -> bool:
    suite = _suites.by_code(code)
    return suite is not None and suite.minimum == Protocol.TLSv1_3


def _protocol_is_off(older: t.Iterable[Dropped]) -> bool:
    return any(cause.kind == "protocol" for one in older for cause in one.causes)


__all__ = [
    "accepted_findings",
    "advised_and_excluded",
    "broken_findings",
    "built_findings",
    "causes_of",
    "kept_back",
    "library_findings",
    "older_sender_findings",
    "refusal_findings",
    "served_findings",
    "strength_evidence",
    "suite_findings",
    "weak_key_findings",
    "weak_keys",
]
