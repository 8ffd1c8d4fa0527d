# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is wrong with a sendmail's configuration: the findings of the catalogue, each with its evidence."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import (
    Choices,
    Dropped,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._verdicts import (
    strength_evidence,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._daemons import (
    WHERE_IT_LISTENS,
    Daemon,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    LONGEST_VALUE,
    Request,
    Sendmail,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._services import Service
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_NEVER_STARTS: t.Final = "sendmail-option-unknown"
_SPEAKS_TLS13: t.Final = 0x1010100F

REMEDIES: t.Final = {
    "certificate-missing": (
        "Set confSERVER_CERT, confSERVER_KEY, confCACERT and confCACERT_PATH in sendmail.mc: sendmail has no TLS without all four."
    ),
    "inbound-plaintext": "Take the letter S out of the modifiers of this daemon, or out of Srv_Features: in the access map.",
    "starttls-not-offered": "Take the letter S out of the modifiers of this daemon, or out of Srv_Features: in the access map.",
    "mandatory-on-mx": "Take TLS_Clt: without a peer out of the access map, or name the peers that must use TLS.",
    "tls13-off": "Take SSL_OP_NO_TLSv1_3 out of confSERVER_SSL_OPTIONS, or the bound out of openssl.cnf.",
    "protocol-list-empty": "Allow TLSv1.2 at least, in confSERVER_SSL_OPTIONS and in openssl.cnf.",
    "dh-weak": "Leave confDH_PARAMETERS out where sendmail has 2048 bits of its own, or name a file with 2048 bits.",
    "outbound-plaintext": "Take the letter S out of CLIENT_OPTIONS.",
    "client-certificate-requested": "Do not ask: add the letter V to confTLS_SRV_OPTIONS in sendmail.mc, unless relaying depends on it.",
}


def told(code: str, where: str, evidence: str) -> Finding:
    """A finding with the remedy that sendmail has for it."""
    return finding(code, where=where, evidence=evidence, remedy=REMEDIES.get(code))


def problem_findings(service: Service, request: Request, where: str) -> list[Finding]:
    """What keeps a daemon from asking the library at all: what it cannot start with, and the rest if it is to have TLS."""
    if request.problem is None or service.client:
        return []
    if service.level == "none" and request.problem.code != _NEVER_STARTS:
        return []
    return [told(request.problem.code, where, request.problem.evidence)]


def _left(result: Effective) -> str:
    older = sum(cipher.code >> 8 != 0x13 for cipher in result.listed)
    if older:
        return f"in force is OpenSSL's default list with {older} suites up to TLS 1.2"
    return "no suite is left up to TLS 1.2"


def ignored_findings(result: Effective, where: str) -> list[Finding]:
    """What the library rejects and sendmail goes on without, with no more than a line in its log."""
    codes = {"ciphers": "cipher-list-ignored", "suites": "cipher-suites-ignored"}
    found = []
    for refusal in result.ignored:
        code = codes.get(refusal.stage)
        if refusal.stage in ("certificate", "key", "mismatch"):
            code = "second-certificate-ignored"
        elif refusal.stage == "dh":
            code = "dh-ignored"
        if code is None:
            continue
        evidence = f"{refusal.subject}: {refusal.error}"
        if refusal.stage == "ciphers":
            evidence += f"; {_left(result)}"
        found.append(told(code, where, evidence))
    return found


def protocol_findings(
    result: Effective, choices: Choices, where: str, library: int
) -> list[Finding]:
    """Whether all protocols, or the newest, are off; a list without suites for those that are on is another finding."""
    if not result.listed or result.refusal:
        return []
    allowed = choices.protocols - choices.out_of_bounds
    settings = [choices.protocol_setting]
    if choices.protocols & choices.out_of_bounds:
        settings.append(choices.bound_setting)
    if not any(one >= Protocol.TLSv1 for one in allowed):
        return [told("protocol-list-empty", where, ", ".join(settings))]
    if Protocol.TLSv1_3 not in allowed and library >= _SPEAKS_TLS13:
        return [told("tls13-off", where, ", ".join(settings))]
    return []


def strength_findings(
    service: Service,
    result: Effective,
    dropped: t.Sequence[Dropped],
    served: t.Iterable[Finding],
    source: str,
    where: str,
) -> list[Finding]:
    """What is too weak or too strict in what a peer can get."""
    evidence = strength_evidence(
        result,
        dropped,
        served,
        dh_source=f" ({source})",
        opportunistic=service.level == "may" and service.lane == "mx",
    )
    return [told(code, where, text) for code, text in evidence.items()]


def _length_findings(sendmail: Sendmail, where: str) -> list[Finding]:
    """Whether sendmail cuts a list off."""
    found = []
    for name in ("CipherList", "CipherSuites"):
        length = len(sendmail.cf.value(name) or "")
        if length > LONGEST_VALUE:
            evidence = f"{name} has {length} characters, {LONGEST_VALUE} are read"
            found.append(told("list-cut-off", where, evidence))
    return found


def _why_plain(sendmail: Sendmail, daemon: Daemon) -> str:
    if not daemon.without_starttls:
        return f"Srv_Features: {' '.join(sendmail.everybody.letters)} in the access map"
    return f"M=S in {daemon.line}"


def service_findings(sendmail: Sendmail, service: Service, where: str) -> list[Finding]:
    """What is odd about where a daemon listens, and whether it or the client has TLS at all."""
    daemon, found = service.daemon, _length_findings(sendmail, where)
    if daemon is None:
        if service.level == "none":
            options = ", ".join(sendmail.cf.values("ClientPortOptions"))
            never = sendmail.everybody.never_tried
            evidence = "Try_TLS: NO in the access map" if never else options
            found.append(told("outbound-plaintext", where, evidence))
        return found
    if daemon.doubt:
        found.append(told("not-determined", where, f"{WHERE_IT_LISTENS}{daemon.doubt}"))
    if service.level == "none":
        public = service.lane == "mx" and not (daemon.on_loopback or daemon.doubt)
        code = "inbound-plaintext" if public else "starttls-not-offered"
        found.append(told(code, where, _why_plain(sendmail, daemon)))
    if sendmail.everybody.of_clients and service.lane == "mx" and not daemon.implicit:
        evidence = f"TLS_Clt: {sendmail.everybody.of_clients} in the access map"
        found.append(told("mandatory-on-mx", where, evidence))
    if daemon.on_loopback and service.lane == "mx":
        found.append(told("listens-on-loopback", where, daemon.line))
    return found


__all__ = [
    "REMEDIES",
    "ignored_findings",
    "problem_findings",
    "protocol_findings",
    "service_findings",
    "strength_findings",
]
