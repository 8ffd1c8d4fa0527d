# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The parts of a result that tell of more than suites: groups, signatures, features, senders, a policy."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._smtp._reply import printable
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _dh_primes,
    _distinguished_names,
    _groups,
    _signatures,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    DhParameters,
    NotDetermined,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import Features, Survey

Data = dict[str, t.Any]
_PLAIN_FEATURES: t.Final = (
    "compression",
    "secure_renegotiation",
    "client_renegotiation",
    "extended_master_secret",
    "encrypt_then_mac",
    "session_tickets",
    "session_ids",
    "fallback_scsv",
    "ocsp_staple",
    "heartbeat",
    "alpn",
    "early_data",
)
_RESUMPTIONS: t.Final = ("id", "ticket", "tls13")


class Elimination(t.Protocol):
    """A scan of groups or of signature schemes."""

    @property
    def protocol(self) -> Protocol:
        """The version."""

    @property
    def accepted(self) -> tuple[int, ...]:
        """Code points in the order of the picks."""

    @property
    def rejected(self) -> frozenset[int]:
        """Code points that were refused."""

    @property
    def undetermined(self) -> frozenset[int]:
        """Code points without an answer."""


def parts(survey: Survey | None) -> Data:
    """The keys C(groups), C(dh), C(signatures), C(features), C(senders), and C(injection) and C(policy) if asked for."""
    if survey is None:
        return {"groups": [], "dh": [], "signatures": [], "features": None, "senders": []}
    found: Data = {
        "groups": _listed(survey.groups, _groups.name_of),
        "dh": [_dh(one) for one in survey.dh],
        "signatures": _listed(survey.signatures, _signatures.name_of),
        "features": _features(survey.features),
        "senders": [sender.as_dict() for sender in survey.senders],
    }
    for signature in found["signatures"]:
        signature["key_type"] = _signatures.key_type_of(int(signature["code"], 16)).lower()
    if survey.injection is not None:
        found["injection"] = _injection(survey.injection)
    if survey.policy is not None:
        found.update(_policy(survey.policy))
    return found


def _listed(scans: t.Sequence[Elimination], name_of: t.Callable[[int], str]) -> list[Data]:
    verdicts: dict[int, bool | None] = {}
    versions: dict[int, list[str]] = {}
    for scan in scans:
        for code in scan.accepted:
            verdicts[code] = True
            versions.setdefault(code, []).append(scan.protocol.label)
        for code in scan.undetermined:
            verdicts[code] = True if verdicts.get(code) else None
        for code in scan.rejected:
            verdicts.setdefault(code, False)
    return [
        {
            "name": name_of(code),
            "code": f"0x{code:04X}",
            "accepted": verdict,
            "protocols": sorted(versions.get(code, [])),
        }
        for code, verdict in verdicts.items()
    ]


def _dh(group: DhParameters) -> Data:
    return {
        "bits": group.bits,
        "prime": f"{group.prime:x}",
        "generator": group.generator,
        "known": _dh_primes.name_of(group.prime) or None,
    }


def authorities(features: Features) -> list[str]:
    """The names that a server asks certificates of, as a terminal can show them."""
    return [printable(_distinguished_names.text_of(name)) for name in features.authorities]


def _features(features: Features) -> Data:
    verdicts = features.verdicts
    return {
        **{name: verdicts.get(name) for name in _PLAIN_FEATURES},
        "resumption": {kind: verdicts.get(f"resumption_{kind}") for kind in _RESUMPTIONS},
        "client_certificate": {
            "requested": verdicts.get("client_certificate"),
            "authorities": authorities(features),
        },
        "reasons": dict(features.reasons),
    }


def _injection(answer: t.Any) -> Data:
    if isinstance(answer, HandshakeResult):
        reply = printable(answer.reply.decode("ascii", "backslashreplace"))
        return {"vulnerable": bool(answer.reply), "reply": reply or None, "reason": None}
    reason = "another answer"
    if isinstance(answer, Alert):
        reason = f"alert {answer.name}"
    elif isinstance(answer, NotDetermined):
        reason = answer.reason
    return {"vulnerable": None, "reply": None, "reason": reason}


def violation(policy: str, kind: str, name: str, protocol: str | None) -> Data:
    """An entry of C(violations) for what is accepted although a policy does not allow it.

    C(kind) is protocol, cipher or group; C(protocol) None says nothing of the version.
    """
    within = f" in {protocol}" if protocol and kind != "protocol" else ""
    what = f"the group {name}" if kind == "group" else name
    message = f"{what} is accepted{within}, {policy} does not allow it"
    return {"protocol": protocol, "kind": kind, "name": name, "message": message}


def _policy(verdict: t.Any) -> Data:
    name = verdict.rule.name
    violations = [
        violation(name, breach.kind, breach.name, breach.protocol.label)
        for breach in verdict.breaches
    ]
    compliant = False if violations else None if verdict.open else True
    summary = {"name": name, "compliant": compliant, "undetermined": list(verdict.open)}
    return {"policy": summary, "violations": violations}


__all__ = ["authorities", "parts", "violation"]
