# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is wrong with a service or an instance: the findings of the catalogue, each with its evidence."""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    refused,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import Dropped
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._macros import Macros
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import Request
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import TlsService
from ansible_collections.postmaster.tls.plugins.module_utils._tls._modern_suites import (
    modern_suites,
)
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
    if request.cipher_string.problem:
        return [
            finding("cipher-list-rejected", where=where, evidence=request.cipher_string.problem)
        ]
    if request.problem and not request.certificates and service.direction == "inbound":
        evidence = setting_of(service, f"{service.prefix}_cert_file")
        return [finding("certificate-missing", where=where, evidence=evidence)]
    return []


def refusal_findings(effective: Effective, where: str) -> list[Finding]:
    """The library does not make the context: no TLS at all."""
    refusal = effective.refusal
    if refusal is None:
        return []
    if refusal.stage == "ciphers":
        evidence = f"{refusal.subject}: {refusal.error}"
        return [finding("cipher-list-rejected", where=where, evidence=evidence)]
    return [refused(refusal, where=where)]


def causes_of(dropped: t.Iterable[Dropped]) -> str:
    """The causes and how many suites each takes away, the most frequent first."""
    counted = Counter(
        one.reason if one.setting == "none" else f"{one.reason} ({one.setting})" for one in dropped
    )
    return "; ".join(f"{reason}: {number} suites" for reason, number in counted.most_common())


def suite_findings(effective: Effective, dropped: t.Sequence[Dropped], where: str) -> list[Finding]:
    """Whether anything is left that a sender of today offers."""
    kept = set(effective.order())
    if effective.refusal is not None or kept & modern_suites():
        return []
    modern = modern_suites()
    evidence = causes_of(one for one in dropped if one.code in modern)
    return [finding("no-shared-cipher", where=where, evidence=evidence)]


def submission_findings(service: TlsService, where: str) -> list[Finding]:
    """Whether a submission service insists on TLS."""
    if service.lane != "submission" or service.level is None or service.mandatory:
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


def unused_findings(
    unused: t.Iterable[tuple[str, str]], texts: t.Iterable[str], where: str
) -> list[Finding]:
    """Parameters that this version does not know, apart from those that another value refers to.

    By name only: what is unknown may be a password of a table that an earlier version had here.
    """
    referenced = {name for text in texts for name in re.findall(r"\$[{(]?\s*(\w+)", text)}
    found = []
    for file, text in unused:
        name = text.partition("=")[0].strip()
        if name not in referenced:
            found.append(finding("parameter-unknown", where=where, evidence=f"{file}: {name}"))
    return found


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


def expand_all(values: t.Mapping[str, str], names: t.Iterable[str]) -> dict[str, str]:
    """The expanded values of the parameters that exist."""
    macros = Macros(values)
    return {name: macros.value(name) for name in sorted(names) if name in values}


__all__ = [
    "built_findings",
    "causes_of",
    "expand_all",
    "library_findings",
    "problem_findings",
    "protocol_findings",
    "refusal_findings",
    "setting_of",
    "submission_findings",
    "suite_findings",
    "tlsproxy_findings",
    "unused_findings",
]
