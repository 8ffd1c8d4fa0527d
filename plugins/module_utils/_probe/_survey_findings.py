# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a postmaster should know of a survey, as findings of the catalogue."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._probe._survey_parts import authorities
from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _dh_primes
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    DhParameters,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._notable import (
    OLD_PROTOCOLS,
    names_of,
    shortened,
    suites_of_note,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import REFUSALS
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import Survey

_PROTOCOL_VERSION: t.Final = 70
_LEAST_DH, _ENOUGH_DH = 1024, 2048
_LONGEST_NAME: t.Final = 200
_ASK_THE_HOST: t.Final = (
    "Run mta_tls_facts on the host, which names the setting that takes each suite away, and undo that; or apply a policy "
    "that fits the certificate."
)
_ANONYMOUS_DH: t.Final = (
    "Exclude aNULL from the cipher list, or leave it so where TLS is opportunistic: a group for the MTA changes nothing "
    "where its library chooses by the certificate."
)


def found_in(survey: Survey, place: str) -> list[Finding]:
    """The findings of a survey, for this place."""
    return [
        *_refusals(survey, place),
        *_old_protocols(survey, place),
        *_suites_of_note(survey, place),
        *(_dh_finding(survey, group, place) for group in survey.dh if group.bits < _ENOUGH_DH),
        *_features(survey, place),
        *_injection(survey, place),
        *_senders(survey, place),
    ]


def _refusals(survey: Survey, place: str) -> t.Iterator[Finding]:
    """The log of such a server says C(no shared cipher), and that of the sender C(alert handshake failure)."""
    answer = survey.handshake
    if not isinstance(answer, Alert):
        return
    evidence = f"a hello of today gets alert {answer.name}; {_others(survey)}"
    if answer.description == _PROTOCOL_VERSION:
        yield finding("no-shared-protocol", where=place, evidence=evidence)
    elif answer.description in REFUSALS:
        yield finding("no-shared-cipher", where=place, evidence=evidence, remedy=_ASK_THE_HOST)
    else:
        yield finding("not-determined", where=place, evidence=evidence)


def _others(survey: Survey) -> str:
    """What of other hellos is accepted."""
    accepted = [
        f"{scan.protocol.label}: {names_of(scan.suites.accepted)}"
        for scan in survey.protocols
        if scan.accepted
    ]
    if accepted:
        return f"accepted are only {'; '.join(accepted)}"
    if not survey.protocols:
        return "no other was asked"
    if all(scan.accepted is False for scan in survey.protocols):
        return "no other is accepted either"
    return "whether any other is accepted was not determined"


def _old_protocols(survey: Survey, place: str) -> t.Iterator[Finding]:
    for scan in survey.protocols:
        code = OLD_PROTOCOLS.get(scan.protocol)
        if code and scan.accepted:
            evidence = names_of(scan.suites.accepted) or scan.reason
            yield finding(code, where=place, evidence=evidence)


def _suites_of_note(survey: Survey, place: str) -> t.Iterator[Finding]:
    accepted = (code for scan in survey.protocols for code in scan.suites.accepted)
    for kind, names in suites_of_note(accepted).items():
        yield finding(kind, where=place, evidence=names)


def _dh_finding(survey: Survey, group: DhParameters, place: str) -> Finding:
    """What only suites without a certificate use, no sender is served that has one to verify."""
    known = _dh_primes.name_of(group.prime)
    evidence = f"{group.bits} bits" + (f", {known}" if known else "")
    code = "common-dh-prime" if known else "short-dh"
    code = "weak-dh" if group.bits < _LEAST_DH else code
    if group not in survey.anonymous_dh:
        return finding(code, where=place, evidence=evidence)
    evidence += ", seen with suites without a certificate (aNULL) only"
    found = finding(code, where=place, evidence=evidence, remedy=_ANONYMOUS_DH)
    return replace(found, severity="info")


def _features(survey: Survey, place: str) -> t.Iterator[Finding]:
    verdicts = survey.features.verdicts
    if verdicts.get("compression"):
        yield finding("compression-on", where=place, evidence="a compression method was chosen")
    if verdicts.get("secure_renegotiation") is False:
        evidence = "no renegotiation_info in any answer"
        yield finding("insecure-renegotiation", where=place, evidence=evidence)
    if verdicts.get("client_renegotiation"):
        evidence = "a second handshake was answered"
        yield finding("client-renegotiation", where=place, evidence=evidence)
    if verdicts.get("heartbeat"):
        yield finding("heartbeat-on", where=place, evidence="the extension was answered")
    if verdicts.get("client_certificate"):
        names = [name[:_LONGEST_NAME] for name in authorities(survey.features)]
        evidence = f"authorities asked for: {shortened(names, '; ') or 'any'}"
        yield finding("client-certificate-requested", where=place, evidence=evidence)


def _injection(survey: Survey, place: str) -> t.Iterator[Finding]:
    if isinstance(survey.injection, HandshakeResult) and survey.injection.reply:
        evidence = f"NOOP sent behind STARTTLS was answered: {survey.injection.reply[:64]!r}"
        yield finding("command-injection", where=place, evidence=evidence)


def _senders(survey: Survey, place: str) -> t.Iterator[Finding]:
    """Those that know TLS 1.3 are of today, and no old ones that can be given up."""
    lost = [sender for sender in survey.senders if sender.connects is False]
    if not lost:
        return
    evidence = "; ".join(f"{sender.name} ({sender.reason})" for sender in lost)
    found = finding("sender-refused", where=place, evidence=evidence)
    current = any(Protocol.TLSv1_3 in sender.profile.versions for sender in lost)
    yield replace(found, severity="high") if current else found


__all__ = ["found_in"]
