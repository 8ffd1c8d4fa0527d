# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The traps of configurations of Postfix: what looks right and does something else, or nothing.

Source: postconf(5); deprecated parameters in src/postconf/postconf_unused.c at the tags v3.9.0 and v3.11.6; the releases
without CVE-2011-0411 in the announcement of Postfix 2.8.0 and its updates of March 2011.
"""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import Dropped
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._verdicts import (
    strength_evidence,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._cipher_string import items
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import (
    Request,
    unknown_options,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import (
    TlsService,
    is_yes,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._verdicts import (
    setting_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import (
    PostfixVersion,
    Release,
    reached,
)

_PROTOCOL_WORDS: t.Final = frozenset({"sslv2", "sslv3", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2"})
_NO_INJECTION: t.Final[tuple[Release, ...]] = (
    (2, 4, 16),
    (2, 5, 12),
    (2, 6, 9),
    (2, 7, 3),
    (2, 8, 0),
)
_DEPRECATED: t.Final[dict[str, tuple[PostfixVersion, str]]] = {
    name: (PostfixVersion(*since), instead)
    for since, names, instead in (
        ((3, 9, 0), "smtpd_use_tls smtpd_enforce_tls", "smtpd_tls_security_level"),
        ((3, 9, 0), "smtp_use_tls smtp_enforce_tls", "smtp_tls_security_level"),
        ((3, 9, 0), "lmtp_use_tls lmtp_enforce_tls", "lmtp_tls_security_level"),
        ((3, 9, 0), "tlsproxy_use_tls tlsproxy_enforce_tls", "tlsproxy_tls_security_level"),
        ((3, 9, 0), "postscreen_use_tls postscreen_enforce_tls", "postscreen_tls_security_level"),
        ((3, 9, 0), "smtp_tls_per_site", "smtp_tls_policy_maps"),
        ((3, 9, 0), "lmtp_tls_per_site", "lmtp_tls_policy_maps"),
        ((3, 9, 0), "smtpd_tls_dh1024_param_file", ""),
        ((3, 6, 0), "smtpd_tls_eecdh_grade", ""),
        ((3, 11, 0), "smtp_tls_enforce_peername", "smtp_tls_security_level"),
        ((3, 11, 0), "lmtp_tls_enforce_peername", "lmtp_tls_security_level"),
        ((3, 11, 0), "tlsproxy_client_level", "tlsproxy_client_security_level"),
        ((3, 11, 0), "tlsproxy_client_policy", "tlsproxy_client_policy_maps"),
    )
    for name in names.split()
}


def deprecated_findings(
    written: t.Iterable[str], version: PostfixVersion, where: str
) -> list[Finding]:
    """Parameters that main.cf or an override sets although this version ignores them, or a later one will."""
    found = []
    for name in sorted(set(written) & set(_DEPRECATED)):
        since, instead = _DEPRECATED[name]
        if version >= since:
            remedy = f"Set {instead} instead." if instead else "Leave the parameter out."
            evidence = f"{name} is deprecated since Postfix {since.major}.{since.minor}"
            found.append(
                finding("parameter-deprecated", where=where, evidence=evidence, remedy=remedy)
            )
    return found


def injection_findings(version: PostfixVersion, where: str) -> list[Finding]:
    """Whether this release takes commands that were sent in plaintext for commands of the TLS session."""
    if reached(version, _NO_INJECTION):
        return []
    return [finding("starttls-injection", where=where, evidence=f"Postfix {version}")]


def list_findings(service: TlsService, request: Request, where: str) -> list[Finding]:
    """What is odd about the lists that are in force."""
    found = []
    if request.protocols.blank_bound:
        evidence = setting_of(service, request.protocol_setting)
        found.append(finding("protocol-bound-blank", where=where, evidence=evidence))
    words = [(one.item, one.setting) for one in request.cipher_string.exclusions]
    words += [
        (item.lstrip("!+-"), request.cipher_string.base_setting)
        for item in items(request.cipher_string.base)
    ]
    misused = [f"{item} in {setting}" for item, setting in words if item.lower() in _PROTOCOL_WORDS]
    if misused:
        found.append(finding("protocol-as-cipher", where=where, evidence="; ".join(misused)))
    return found


def reach_findings(service: TlsService, written: t.Mapping[str, str], where: str) -> list[Finding]:
    """Settings for mandatory TLS that a service with opportunistic TLS does not read.

    `written` are the parameters that main.cf or the service itself sets.
    """
    if service.level != "may" or service.lane == "submission":
        return []
    unread = []
    for name in ("protocols", "ciphers", "exclude_ciphers"):
        mandatory, opportunistic = (f"{service.prefix}_{kind}{name}" for kind in ("mandatory_", ""))
        if mandatory in written and opportunistic not in written:
            unread.append(f"{setting_of(service, mandatory)}, and {opportunistic} is not set")
    evidence = "; ".join(unread)
    return [finding("list-out-of-reach", where=where, evidence=evidence)] if unread else []


def login_findings(service: TlsService, where: str) -> list[Finding]:
    """Whether passwords may be sent in plaintext, other than from this host to itself."""
    value = service.macros.value
    if (
        service.local
        or service.direction != "inbound"
        or service.mandatory
        or service.daemons != ("smtpd",)
    ):
        return []
    if not is_yes(value("smtpd_sasl_auth_enable")) or is_yes(value("smtpd_tls_auth_only")):
        return []
    evidence = (
        f"{setting_of(service, 'smtpd_sasl_auth_enable')}, "
        f"{setting_of(service, 'smtpd_tls_auth_only')}, TLS is {service.level or 'invalid'}"
    )
    return [finding("plaintext-auth", where=where, evidence=evidence)]


def inbound_findings(service: TlsService, where: str) -> list[Finding]:
    """Whether mail of other servers arrives without TLS, or not without it; what listens on the host itself alone is not
    meant.
    """
    if service.lane != "mx" or service.direction != "inbound" or service.local:
        return []
    if service.mandatory:
        evidence = setting_of(service, f"{service.prefix}_security_level")
        return [finding("mandatory-on-mx", where=where, evidence=evidence)]
    if service.level != "none":
        return []
    if "postscreen" in service.daemons and "tlsproxy" not in service.daemons:
        evidence = "master.cf has no tlsproxy service, without which postscreen offers no STARTTLS"
    else:
        evidence = setting_of(service, f"{service.prefix}_security_level").rstrip()
        evidence = f"{evidence} (empty)" if evidence.endswith("=") else evidence
    return [finding("inbound-plaintext", where=where, evidence=evidence)]


def client_findings(service: TlsService, where: str) -> list[Finding]:
    """Whether mail leaves without TLS."""
    if service.daemons != ("smtp",) or service.level != "none":
        return []
    evidence = setting_of(service, "smtp_tls_security_level") or "smtp_tls_security_level is empty"
    return [finding("outbound-plaintext", where=where, evidence=evidence)]


def option_findings(services: t.Iterable[TlsService], where: str) -> list[Finding]:
    """Names of options that no release knows, once for each value."""
    values = {
        setting_of(service, parameter): names
        for service in services
        if service.level != "none"
        for parameter, names in unknown_options(service).items()
    }
    return [
        finding(
            "option-unknown", where=where, evidence=f"{setting}: {', '.join(names)} is not known"
        )
        for setting, names in values.items()
    ]


def strength_findings(
    service: TlsService,
    result: Effective,
    dropped: t.Sequence[Dropped],
    served: t.Iterable[Finding],
    where: str,
) -> list[Finding]:
    """What is too weak or too strict in what a peer can get."""
    source = service.macros.value(f"{service.prefix}_dh1024_param_file")
    evidence = strength_evidence(
        result,
        dropped,
        served,
        dh_source=f" from {source}" if source else "",
        opportunistic=service.level == "may" and service.lane == "mx",
    )
    return [finding(code, where=where, evidence=text) for code, text in evidence.items()]


__all__ = [
    "client_findings",
    "deprecated_findings",
    "inbound_findings",
    "injection_findings",
    "list_findings",
    "login_findings",
    "option_findings",
    "reach_findings",
    "strength_findings",
]
