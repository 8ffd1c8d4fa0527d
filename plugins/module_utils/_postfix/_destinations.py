# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the tables say of single names: smtp_tls_policy_maps of the client, tls_server_sni_maps of the server.

Source: tls_policy_lookup_one() and set_cipher_grade() in src/smtp/smtp_tls_policy.c, server_sni_callback() in
src/tls/tls_misc.c, at the tag v3.11.6; postconf(5).
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import request_of
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import TlsService
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._tables import (
    Entry,
    ReadSource,
    read_source,
    tables_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, replace

_LEVELS: t.Final = frozenset(
    {"none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure"}
)
_TOKEN: t.Final = re.compile(r"\{[^{}]*\}|[^\s,{}]+")
_MOST: t.Final = 100


@dataclass(frozen=True)
class ServerName:
    """One name of tls_server_sni_maps and the chain files that are served for it."""

    name: str
    files: tuple[str, ...]

    def as_dict(self) -> dict[str, t.Any]:
        return {"name": self.name, "certificate_files": list(self.files)}


def _listed(
    service: TlsService, parameter: str, where: str, read: ReadSource
) -> tuple[list[Entry], list[Finding]]:
    entries: list[Entry] = []
    findings = []
    for table in tables_of(service.macros.value(parameter), read):
        entries += table.entries or ()
        if table.entries is None:
            evidence = f"{parameter}: {table.reason}"
            findings.append(finding("not-determined", where=where, evidence=evidence))
    if len(entries) > _MOST:
        evidence = f"{parameter}: only the first {_MOST} of {len(entries)} entries are looked at"
        findings.append(finding("not-determined", where=where, evidence=evidence))
    return entries[:_MOST], findings


def server_names(
    service: TlsService, where: str, read: ReadSource = read_source
) -> tuple[tuple[ServerName, ...], list[Finding]]:
    """The names for which an inbound service has certificates of their own."""
    if service.direction != "inbound" or service.level in (None, "none"):
        return (), []
    entries, findings = _listed(service, "tls_server_sni_maps", where, read)
    names = [ServerName(key, tuple(re.split(r"[\s,]+", value))) for key, value in entries]
    return tuple(names), findings


def _overlay(level: str, attributes: t.Mapping[str, str], prefix: str) -> dict[str, str]:
    kind = "" if level == "may" else "mandatory_"
    values = {f"{prefix}_security_level": level}
    for name in ("protocols", "ciphers"):
        if name in attributes:
            values[f"{prefix}_{kind}{name}"] = attributes[name]
    if "exclude" in attributes:
        values[f"{prefix}_exclude_ciphers"] = attributes["exclude"]
        values[f"{prefix}_mandatory_exclude_ciphers"] = ""
    return values


def _policy(
    entry: Entry, service: TlsService, version: PostfixVersion, where: str
) -> tuple[dict[str, t.Any], list[Finding]]:
    destination, text = entry
    level, *tokens = _TOKEN.findall(text) or [""]
    pairs = (token.strip("{} ").partition("=") for token in tokens)
    attributes = {name.strip().lower(): value.strip() for name, _sign, value in pairs}
    facts: dict[str, t.Any] = {"destination": destination, "security_level": level.lower()}
    facts.update(protocols=[], cipher_string=None)
    if level.lower() not in _LEVELS:
        evidence = (
            f"{destination} in {service.prefix}_policy_maps has a level that Postfix does not know"
        )
        facts["security_level"] = None
        return facts, [finding("security-level-invalid", where=where, evidence=evidence)]
    if level.lower() == "none":
        return facts, []
    values = {**service.values, **_overlay(level.lower(), attributes, service.prefix)}
    request = request_of(replace(service, level=level.lower(), values=values), version, library=0)
    facts["protocols"] = [one.label for one in sorted(request.protocols.protocols)]
    facts["cipher_string"] = request.cipher_string.text
    findings = []
    if request.protocols.invalid is not None:
        evidence = f"{destination} in {service.prefix}_policy_maps has a protocol that Postfix does not know"
        findings.append(finding("protocol-list-invalid", where=where, evidence=evidence))
    if request.cipher_string.problem:
        evidence = f"{destination}: {request.cipher_string.problem}"
        findings.append(finding("cipher-list-rejected", where=where, evidence=evidence))
    return facts, findings


def policies(
    service: TlsService, version: PostfixVersion, where: str, read: ReadSource = read_source
) -> tuple[list[dict[str, t.Any]], list[Finding]]:
    """What the policy tables of a client ask for at single destinations: the level, and the lists that result."""
    if service.direction != "outbound":
        return [], []
    entries, findings = _listed(service, f"{service.prefix}_policy_maps", where, read)
    found = []
    for entry in entries:
        facts, more = _policy(entry, service, version, where)
        found.append(facts)
        findings += more
    return found, findings


__all__ = ["ServerName", "policies", "server_names"]
