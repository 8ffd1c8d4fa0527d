# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is wrong with a service or an instance: the findings of the catalogue, each with its evidence."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._collect import Instance
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._macros import Macros
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import Request
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import TlsService
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_SPEAKS_TLS13: t.Final = 0x1010100F
_HANDSHAKE: t.Final = (
    "protocols",
    "mandatory_protocols",
    "ciphers",
    "mandatory_ciphers",
    "exclude_ciphers",
    "mandatory_exclude_ciphers",
    "cert_file",
    "key_file",
    "eccert_file",
    "eckey_file",
    "dcert_file",
    "dkey_file",
    "chain_files",
    "security_level",
    "ask_ccert",
    "req_ccert",
    "eecdh_grade",
)


def setting_of(service: TlsService, name: str) -> str:
    """A parameter with its value, expanded."""
    return f"{name} = {service.macros.value(name)}"


def protocol_findings(
    service: TlsService, request: Request, where: str, library: int
) -> list[Finding]:
    """What is wrong with the protocol list that is in force at the level of the service."""
    meaning, evidence = request.protocols, setting_of(service, request.protocol_setting)
    if meaning.invalid is not None:
        return [
            finding(
                "protocol-list-invalid",
                where=where,
                evidence=f"{evidence}: unknown name {meaning.invalid}",
            )
        ]
    found = []
    if meaning.mixed:
        found.append(finding("protocol-list-mixed", where=where, evidence=evidence))
    if not {one for one in meaning.protocols if one >= Protocol.TLSv1}:
        found.append(finding("protocol-list-empty", where=where, evidence=evidence))
    elif Protocol.TLSv1_3 not in meaning.protocols and library >= _SPEAKS_TLS13:
        found.append(finding("tls13-off", where=where, evidence=evidence))
    return found


def problem_findings(service: TlsService, request: Request, where: str) -> list[Finding]:
    """What keeps Postfix from asking the library at all, apart from the protocol list."""
    if service.level is None:
        evidence = setting_of(service, f"{service.prefix}_security_level")
        return [finding("security-level-invalid", where=where, evidence=evidence)]
    problem = request.cipher_string.problem
    if problem:
        no_grade = problem.endswith("there is no such grade")
        remedy = "Use high or medium, or null for no encryption." if no_grade else None
        message = "Postfix builds no cipher list" if no_grade else None
        return [
            finding(
                "cipher-list-rejected",
                where=where,
                evidence=problem,
                message=message,
                remedy=remedy,
            )
        ]
    if request.problem and not request.certificates and service.direction == "inbound":
        evidence = setting_of(service, f"{service.prefix}_cert_file")
        return [finding("certificate-missing", where=where, evidence=evidence)]
    return []


def submission_findings(service: TlsService, where: str) -> list[Finding]:
    """Whether a submission service insists on TLS; for users on the host itself it need not."""
    if service.local or service.lane != "submission" or service.level is None or service.mandatory:
        return []
    evidence = setting_of(service, f"{service.prefix}_security_level")
    return [finding("submission-not-mandatory", where=where, evidence=evidence)]


def tlsproxy_findings(
    services: t.Sequence[TlsService], where: t.Callable[[TlsService], str]
) -> list[Finding]:
    """Overrides on the smtpd behind a postscreen that its tlsproxy does not have."""
    found = []
    behind = [one for one in services if one.daemons == ("smtpd",) and one.name.endswith("/pass")]
    for screen in (one for one in services if "tlsproxy" in one.daemons):
        for server in behind:
            differing = [
                f"{name} = {value}"
                for name, value in server.overrides.items()
                if name.startswith("smtpd_tls_")
                and name[len("smtpd_tls_") :] in _HANDSHAKE
                and server.macros.value(name)
                != screen.macros.value(name.replace("smtpd_tls_", "tlsproxy_tls_", 1))
            ]
            if differing:
                evidence = f"{server.name} has -o {', -o '.join(differing)}"
                found.append(
                    finding("override-misses-tlsproxy", where=where(screen), evidence=evidence)
                )
    return found


def unused_findings(instance: Instance, texts: t.Iterable[str], where: str) -> list[Finding]:
    """Parameters that this version does not know, apart from those that another value refers to.

    By name only: what is unknown may be a password of a table that an earlier version had here.
    """
    referenced = {name for text in texts for name in re.findall(r"\$[{(]?\s*(\w+)", text)}
    found = []
    for file, text in instance.unused:
        name = text.partition("=")[0].strip()
        if name not in referenced:
            evidence, remedy = f"{file}: {name}", _meant(name, instance)
            found.append(
                finding("parameter-unknown", where=where, evidence=evidence, remedy=remedy)
            )
    return found


def _meant(name: str, instance: Instance) -> str | None:
    """What to write in place of a misspelled name."""
    import difflib  # noqa: PLC0415 - seldom needed

    mine = {one[1].partition("=")[0].strip() for one in instance.unused}
    near = difflib.get_close_matches(name, set(instance.parameters) - mine, 1, 0.9)
    return f"Write {near[0]}, if that is meant, or remove the parameter." if near else None


def expand_all(values: t.Mapping[str, str], names: t.Iterable[str]) -> dict[str, str]:
    """The expanded values of the parameters that exist."""
    macros = Macros(values)
    return {name: macros.value(name) for name in sorted(names) if name in values}


__all__ = [
    "expand_all",
    "problem_findings",
    "protocol_findings",
    "setting_of",
    "submission_findings",
    "tlsproxy_findings",
    "unused_findings",
]
