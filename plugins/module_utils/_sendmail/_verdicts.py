# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is wrong with a sendmail's configuration: the findings of the catalogue, each with its evidence."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    Request,
    Sendmail,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._services import Service
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_SPEAKS_TLS13: t.Final = 0x1010100F
_LEAST_DH_BITS: t.Final = 2048


def problem_findings(request: Request, where: str) -> list[Finding]:
    """What keeps sendmail from asking the library at all."""
    if request.problem is None:
        return []
    return [finding(request.problem.code, where=where, evidence=request.problem.evidence)]


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
        found.append(finding(code, where=where, evidence=evidence))
    return found


def protocol_findings(result: Effective, setting: str, where: str, library: int) -> list[Finding]:
    """Whether the newest protocols are off."""
    if not result.listed or result.refusal:
        return []
    if not result.suites:
        return [finding("protocol-list-empty", where=where, evidence=setting)]
    if Protocol.TLSv1_3 not in result.suites and library >= _SPEAKS_TLS13:
        return [finding("tls13-off", where=where, evidence=setting)]
    return []


def strength_findings(
    service: Service, result: Effective, source: str, where: str
) -> list[Finding]:
    """What is too weak, or for opportunistic TLS too strict, in what a peer can get."""
    found = []
    if result.dh and result.dh[0] < _LEAST_DH_BITS:
        evidence = f"DHE with a prime of {result.dh[0]} bits ({source})"
        found.append(finding("dh-weak", where=where, evidence=evidence))
    strict = service.level == "may" and service.lane == "mx" and bool(result.suites)
    if strict and Protocol.TLSv1_2 not in result.suites:
        spoken = ", ".join(one.label for one in result.protocols)
        found.append(finding("opportunistic-strict", where=where, evidence=f"only {spoken}"))
    return found


def service_findings(sendmail: Sendmail, service: Service, where: str) -> list[Finding]:
    """What is odd about where a daemon listens, and whether it or the client has TLS at all."""
    daemon, found = service.daemon, []
    if daemon is None:
        if service.level == "none":
            evidence = ", ".join(sendmail.cf.values("ClientPortOptions"))
            found.append(finding("outbound-plaintext", where=where, evidence=evidence))
        return found
    if service.level == "none":
        found.append(finding("starttls-not-offered", where=where, evidence=f"M=S in {daemon.line}"))
    if daemon.on_loopback and service.lane == "mx":
        found.append(finding("listens-on-loopback", where=where, evidence=daemon.line))
    return found


__all__ = [
    "ignored_findings",
    "problem_findings",
    "protocol_findings",
    "service_findings",
    "strength_findings",
]
