# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of one service of a sendmail: what is configured, what the library makes of it, and why the rest is missing."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    unreadable,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._config import SystemPolicy
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import (
    Dropped,
    dropped_suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Oracle
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._shapes import (
    NO_FEATURES,
    NOT_DETERMINED,
    NOTHING,
    dh_dict,
    dropped_dict,
    negotiable,
    signature_names,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._verdicts import (
    refusal_findings,
    served_findings,
    weak_key_findings,
    weak_keys,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail import _verdicts
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._blame import choices_of
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import NAMES
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    Request,
    Sendmail,
    request_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._services import Service
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites

_SHARED: t.Final = ("TLSFallbacktoClear", "DANE")


@dataclass(frozen=True)
class Asker:
    """Whom to ask about one sendmail: its library, or why there is none, and what openssl.cnf sets for it."""

    oracle: Oracle | None
    reason: str = ""
    policy: SystemPolicy | None = None


def _parameters(sendmail: Sendmail, service: Service) -> dict[str, str]:
    other = "Server" if service.client else "Client"
    found = {}
    for name in NAMES:
        values = sendmail.cf.values(name)
        if values and not name.startswith(other):
            found[name] = ", ".join(values)
    if not service.client:
        found = {name: value for name, value in found.items() if name not in _SHARED}
        found["DaemonPortOptions"] = service.daemon.line if service.daemon else ""
    return found


def _overrides(sendmail: Sendmail, service: Service) -> dict[str, str]:
    """What the command line of the running daemon sets of these."""
    parameters = _parameters(sendmail, service)
    found = sendmail.overrides.items()
    return {name: ", ".join(values) for name, values in found if name in parameters}


def _asks(request: Request, result: Effective) -> bool:
    """Whether clients are asked for a certificate; with an anonymous suite nobody is (RFC 5246 section 7.4.4)."""
    suites = (_suites.by_code(code) for code in result.order())
    return request.asks_certificate and any(
        suite is None or suite.authentication != "anon" for suite in suites
    )


def _features(
    service: Service, request: Request, result: Effective, library: int
) -> dict[str, t.Any]:
    signatures = signature_names(result)
    if service.client or not result.suites:
        return {**NO_FEATURES, "signatures": signatures}
    return {
        "signatures": signatures,
        "session_tickets": result.bounds.tickets,
        "renegotiation": result.bounds.renegotiates(library),
        "client_certificate": "asked" if _asks(request, result) else "none",
        "dh": dh_dict(result, request.dh),
    }


def _understood(
    sendmail: Sendmail, service: Service, request: Request, asker: Asker, oracle: Oracle, where: str
) -> tuple[dict[str, t.Any], list[Finding]]:
    """What the library says. Raises NotSupported where it fails."""
    if request.settings is None:
        return dict(NOTHING), []
    result = oracle.effective(request.settings)
    choices = choices_of(sendmail, result, asker.policy, client=service.client)
    dropped: tuple[Dropped, ...] = ()
    if result.refusal is None:
        possible = oracle.possible(request.settings, choices.level)
        dropped = dropped_suites(result, oracle.matcher, choices, possible)
    number = oracle.library.number
    findings = refusal_findings(result, where) + _verdicts.ignored_findings(result, where)
    if result.unknown:
        evidence = "; ".join(result.unknown)
        findings.append(finding("not-determined", where=where, evidence=evidence))
    elif not service.client:
        findings += _verdicts.protocol_findings(result, choices, where, number)
        served = served_findings(result, dropped, where) if choices.protocols else []
        findings += served
        findings += _verdicts.strength_findings(service, result, dropped, served, request.dh, where)
        weak = weak_keys(result, dropped)
        findings += weak_key_findings(oracle.library, request.certificates, weak, where)
    more = _features(service, request, result, number)
    return {**negotiable(result, dropped), **more}, findings


def _not_asked(
    sendmail: Sendmail, service: Service, where: str, reason: str
) -> tuple[dict[str, t.Any], list[Finding]]:
    """What is certain although nobody could ask the library."""
    from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._paper import (  # noqa: PLC0415 - seldom needed
        certain_losses,
        loss_findings,
    )

    findings = [finding("not-determined", where=where, evidence=reason)]
    if service.client:
        return dict(NOT_DETERMINED), findings
    losses = certain_losses(sendmail)
    findings += loss_findings(sendmail, service, losses, where)
    dropped = [dropped_dict(one) for one in losses] or None
    return {**NOT_DETERMINED, "dropped": dropped}, findings


def _asked(
    sendmail: Sendmail, service: Service, request: Request, asker: Asker, where: str
) -> tuple[dict[str, t.Any], list[Finding]]:
    if service.level == "none" or request.problem:
        return dict(NOTHING), []
    reason = asker.reason
    if engine := sendmail.value("SSLEngine"):
        reason = reason or f"SSLEngine = {engine}: what OpenSSL makes of it was not asked"
    paths = [path for _kind, *files in request.certificates for path in files if path]
    if asker.oracle is not None and (denied := unreadable(paths)):
        reason = f"{denied} cannot be read by this user"
    if asker.oracle is None or reason:
        return _not_asked(sendmail, service, where, reason)
    try:
        return _understood(sendmail, service, request, asker, asker.oracle, where)
    except NotSupported as error:
        return dict(NOT_DETERMINED), [finding("not-determined", where=where, evidence=str(error))]


def describe_service(
    sendmail: Sendmail, service: Service, asker: Asker, *, where: str
) -> tuple[dict[str, t.Any], tuple[tuple[str, ...], ...], list[Finding]]:
    """The facts of a service, the certificates that it loads, as Settings has them, and its findings."""
    request = request_of(sendmail, client=service.client)
    findings = _verdicts.service_findings(sendmail, service, where)
    findings += _verdicts.problem_findings(service, request, where)
    told, more = _asked(sendmail, service, request, asker, where)
    findings += more
    facts = {
        "name": service.name,
        "daemons": ["sendmail"],
        "direction": service.direction,
        "lane": service.lane,
        "listen": service.listen,
        "local": service.daemon is not None and service.daemon.on_loopback,
        "security_level": service.level,
        "parameters": _parameters(sendmail, service),
        "overrides": _overrides(sendmail, service),
        "cipher_string": sendmail.value("CipherList") or None,
        **told,
        "certificate_files": [one[1] for one in request.certificates if one[1]],
    }
    return facts, request.certificates, findings


__all__ = ["Asker", "describe_service"]
