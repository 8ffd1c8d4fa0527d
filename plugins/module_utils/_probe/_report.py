# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The result of a probe as plain data: what the module returns."""

from __future__ import annotations

import binascii
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils import _findings
from ansible_collections.postmaster.tls.plugins.module_utils._probe import (
    _survey_findings,
    _survey_parts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import Probe
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import (
    ProtocolScan,
    Survey,
)

Data = dict[str, t.Any]

_CUTS: t.Final = "to {} of the hellos the server closed the connection on every try, and it answered the others: it may refuse so"
_ASK_AGAIN: t.Final = (
    "Remove the cause in the evidence and probe again, from another place if it lies on the way."
)
_EVIDENCE: t.Final = 500
_STARTTLS_FAILS: t.Final = ("starttls-refused", "starttls-unavailable")


def report(probe: Probe) -> Data:
    """Everything that was found out; a part that was not asked for, or not determined, is empty or null.

    C(_chains) are PEM, leaf first, one list for each chain, C(_nameless_chains) those that only clients without SNI get, and
    C(_staples) OCSP responses in base64: raw material for whoever understands certificates.
    """
    target, survey = probe.target, probe.survey
    return {
        "host": target.host,
        "port": target.port,
        "address": probe.address,
        "addresses": list(probe.addresses),
        "tls_mode": "implicit" if target.implicit else "starttls",
        "sni": target.server_name,
        "reached": probe.reached,
        "reason": probe.failure.reason if probe.failure else None,
        "message": probe.failure.detail if probe.failure else None,
        "smtp": _smtp(probe),
        "handshake": _handshake(survey.handshake) if survey else None,
        **_protocol_parts(survey.protocols if survey else ()),
        **_survey_parts.parts(survey),
        "_chains": _chains(survey.chains if survey else ()),
        "_nameless_chains": _chains(survey.nameless if survey else ()),
        "_staples": [_base64(der) for der in survey.staples] if survey else [],
        "findings": [finding.as_dict() for finding in _found(probe)],
        "connections": probe.connections,
        "throttled": probe.throttled,
        "seconds": round(probe.seconds, 3),
    }


def where(target_host: str, port: int) -> str:
    """A host and port as findings name them."""
    return f"[{target_host}]:{port}" if ":" in target_host else f"{target_host}:{port}"


def _smtp(probe: Probe) -> Data:
    dialogue = probe.dialogue
    if dialogue is None:
        return {"banner": None, "ehlo": [], "starttls": None, "transcript": []}
    return {
        "banner": dialogue.banner,
        "ehlo": list(dialogue.ehlo),
        "starttls": dialogue.starttls,
        "transcript": list(dialogue.transcript) if probe.survey is None else [],
    }


def _handshake(answer: Answer) -> Data:
    result: Data = {
        "accepted": None,
        "protocol": None,
        "cipher": None,
        "group": None,
        "reason": None,
    }
    if isinstance(answer, ServerHello):
        group = _groups.name_of(answer.group) if answer.group is not None else None
        result.update(
            accepted=True,
            protocol=answer.version.label,
            cipher=_suites.shape_of(answer.suite),
            group=group,
        )
    elif isinstance(answer, Alert):
        result.update(accepted=False, reason=f"alert {answer.name}")
    else:
        result.update(reason=answer.reason)
    return result


def _protocol_parts(scans: t.Sequence[ProtocolScan]) -> Data:
    ordered = sorted(scans, key=lambda scan: scan.protocol)
    listed: list[Data] = [
        {"name": scan.protocol.label, "accepted": scan.accepted, "reason": scan.reason or None}
        for scan in ordered
    ]
    with_suites = [scan for scan in ordered if scan.complete]
    return {
        "protocols": listed,
        "ciphers": {
            scan.protocol.label: [_suites.shape_of(code) for code in scan.suites.accepted]
            for scan in with_suites
            if scan.accepted is not None
        },
        "preference": {
            scan.protocol.label: scan.preference for scan in with_suites if scan.accepted
        },
        "prioritizes_chacha": {
            scan.protocol.label: scan.chacha_first
            for scan in with_suites
            if scan.chacha_first is not None
        },
        "undetermined": {
            scan.protocol.label: [
                _suites.shape_of(code) for code in sorted(scan.suites.undetermined)
            ]
            for scan in with_suites
            if scan.suites.undetermined
        },
    }


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def _chains(chains: t.Sequence[t.Sequence[bytes]]) -> list[list[str]]:
    return [[_pem(der) for der in chain] for chain in chains]


def _pem(der: bytes) -> str:
    text = _base64(der)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(("-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""))


def _found(probe: Probe) -> list[_findings.Finding]:
    place = where(probe.target.host, probe.target.port)
    found = []
    if probe.dialogue is not None and probe.dialogue.starttls is False:
        evidence = _shortened("; ".join(probe.dialogue.ehlo)) or "HELO only"
        found.append(_findings.finding("starttls-not-offered", where=place, evidence=evidence))
    if probe.early:
        evidence = repr(probe.early[:64])
        found.append(_findings.finding("bytes-after-starttls", where=place, evidence=evidence))
    if probe.survey is not None:
        found += _survey_findings.found_in(probe.survey, place)
    if probe.throttled:
        evidence = probe.failure.detail if probe.failure else f"{probe.connections} connections"
        found.append(_findings.finding("throttled", where=place, evidence=evidence))
    broken = _starttls_fails(probe)
    if broken:
        found.append(_findings.finding("starttls-fails", where=place, evidence=broken))
    doubt = "" if broken else _doubt(probe)
    if doubt:
        found.append(
            _findings.finding("not-determined", where=place, evidence=doubt, remedy=_ASK_AGAIN)
        )
    return found


def _starttls_fails(probe: Probe) -> str:
    """How the server refused what it had offered; nothing where that may be about a limit."""
    failure = probe.failure
    if probe.survey is not None or probe.throttled or failure is None:
        return ""
    return failure.detail if failure.reason in _STARTTLS_FAILS else ""


def _shortened(text: str) -> str:
    return text if len(text) <= _EVIDENCE else text[:_EVIDENCE] + "…"


def _doubt(probe: Probe) -> str:
    survey: Survey | None = probe.survey
    if survey is None:
        offered = probe.dialogue is None or probe.dialogue.starttls is not False
        return probe.failure.detail if probe.failure and offered else ""
    unsettled = any(scan.accepted is None for scan in survey.protocols)
    doubts = [_CUTS.format(probe.cuts)] if probe.cuts and unsettled else []
    doubts += [
        f"{len(scan.suites.undetermined)} suites of {scan.protocol.label} "
        f"({', '.join(sorted({scan.suites.reasons[code] for code in scan.suites.undetermined}))})"
        for scan in survey.protocols
        if scan.suites.undetermined
    ]
    doubts += survey.doubts
    if isinstance(survey.handshake, NotDetermined):
        doubts.append(survey.handshake.detail)
    return "; ".join(dict.fromkeys(doubts))


__all__ = ["report", "where"]
