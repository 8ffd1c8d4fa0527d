# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of one service: what is configured, what the library makes of it, and why the rest is missing."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    CertificateFile,
    chains_of,
    unreadable,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import (
    Choices,
    Dropped,
    dropped_suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Oracle
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Bounds,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._shapes import (
    NOT_DETERMINED,
    NOTHING,
    dropped_dict,
    negotiable,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._verdicts import (
    refusal_findings,
    served_findings,
    weak_key_findings,
    weak_keys,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix import (
    _features,
    _lint,
    _verdicts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._destinations import (
    policies,
    server_names,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import (
    Request,
    request_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import (
    AddressesOf,
    TlsService,
    host_addresses,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._tables import (
    ReadSource,
    read_source,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.module_utils._records import (
    dataclass,
)

_SHARED: t.Final = ("tls_", "smtpd_sasl_auth_enable")
_NOISE: t.Final = ("tls_random_", "tls_daemon_random_")
_TLS_NAME: t.Final = re.compile(r"(?:^|_)tls(?:_|$)")
_REFERENCE: t.Final = re.compile(r"\$[{(]?\s*(\w+)")


@dataclass(frozen=True)
class Disk:
    """Where tables, certificates and the addresses of names are looked up: on this host, or among what was saved on another."""

    chains: t.Callable[[str, t.Sequence[str]], tuple[CertificateFile, ...]]
    read: ReadSource
    addresses_of: AddressesOf | None = None


HERE: t.Final = Disk(chains_of, read_source, host_addresses)


def is_tls_parameter(name: str) -> bool:
    """Whether a parameter is about TLS, by its name."""
    return bool(_TLS_NAME.search(name)) and not name.startswith(_NOISE)


def tls_settings(written: t.Mapping[str, str]) -> dict[str, str]:
    """What is written about TLS, not expanded, together with whatever those values refer to."""
    wanted = {name for name in written if is_tls_parameter(name)}
    pending = set(wanted)
    while pending:
        referenced = {one for name in pending for one in _REFERENCE.findall(written[name])}
        pending = {name for name in referenced if name in written} - wanted
        wanted |= pending
    return {name: written[name] for name in sorted(wanted)}


def _security_level(service: TlsService, request: Request) -> tuple[int, str]:
    """The security level that counts and what sets it: Postfix for a client certificate, else the list, or both."""
    levels = re.findall(r"@SECLEVEL=(\d)", request.cipher_string.text or "")
    listed, base = int(levels[-1]) if levels else 0, request.cipher_string.base_setting
    if request.settings and request.settings.level:
        name = "security_level" if service.direction == "outbound" else "req_ccert"
        setting = _verdicts.setting_of(service, f"{service.prefix}_{name}")
        both = f"{setting}, @SECLEVEL in {base}" if listed else setting
        return request.settings.level, both
    return listed, base


def choices_of(service: TlsService, request: Request, bounds: Bounds) -> Choices:
    """The settings that a suite may be missing because of; `bounds` are those of the context, which openssl.cnf has set."""
    strings, value = request.cipher_string, service.macros.value
    level, level_setting = _security_level(service, request)
    return Choices(
        base=strings.base,
        base_setting=f"{strings.grade_setting} = {strings.grade} ({strings.base_setting})",
        grade=strings.grade,
        exclusions=tuple((one.item, one.setting) for one in strings.exclusions),
        protocols=request.protocols.protocols,
        protocol_setting=f"{request.protocol_setting} = {value(request.protocol_setting)}",
        certificate_setting=f"{service.prefix}_cert_file",
        level=level,
        role=request.settings.role if request.settings else "server",
        base_list=strings.base_setting,
        level_setting=level_setting,
        out_of_bounds=bounds.outside(),
        bound_setting=f"MinProtocol and MaxProtocol in {_openssl_cnf(value)}",
    )


def _openssl_cnf(value: t.Callable[[str], str]) -> str:
    """What tls_config_file names; without a file of its own, that of the library."""
    named = value("tls_config_file")
    return named if named.startswith("/") else "openssl.cnf"


def _parameters(service: TlsService) -> dict[str, str]:
    daemon = service.prefix.partition("_")[0]
    prefixes = [f"{service.prefix}_", *_SHARED, f"{daemon}_use_tls", f"{daemon}_enforce_tls"]
    if "postscreen" in service.daemons:
        prefixes += ["postscreen_tls_", "tlsproxy_service_name"]
    names = (name for name in service.values if name.startswith(tuple(prefixes)))
    return _verdicts.expand_all(
        service.values, (name for name in names if not name.startswith(_NOISE))
    )


def _not_asked(
    service: TlsService,
    request: Request,
    version: PostfixVersion,
    *,
    where: str,
    reason: str,
    library: int = 0,
) -> tuple[dict[str, t.Any], list[Finding]]:
    """What is certain although nobody could ask the library, of which perhaps the version is known."""
    from ansible_collections.postmaster.tls.plugins.module_utils._postfix._paper import (  # noqa: PLC0415 - seldom needed
        certain_losses,
        loss_findings,
        old_protocol_findings,
    )

    losses = certain_losses(service, request, version)
    unknown = {**NOT_DETERMINED, "dropped": [dropped_dict(one) for one in losses] or None}
    findings = [finding("not-determined", where=where, evidence=reason)]
    if service.direction == "inbound":
        findings += loss_findings(losses, service, request, version, where)
    if not library:
        findings += old_protocol_findings(service, request, version, where)
    return unknown, findings


def _without_settings(
    service: TlsService, request: Request, version: PostfixVersion, where: str
) -> tuple[dict[str, t.Any], list[Finding]]:
    """No TLS, unless only the list of this build is unknown."""
    if not request.cipher_string.unknown or request.problem or service.level == "none":
        return dict(NOTHING), []
    missing = request.cipher_string.base_setting
    reason = f"the default of {missing} depends on the build, and is not among the parameters"
    return _not_asked(service, request, version, where=where, reason=reason)


def _asked(
    service: TlsService,
    request: Request,
    oracle: Oracle | None,
    *,
    version: PostfixVersion,
    where: str,
    reason: str,
) -> tuple[dict[str, t.Any], list[Finding]]:
    settings = request.settings
    if settings is None:
        return _without_settings(service, request, version, where)
    if oracle is not None:
        denied = unreadable(path for _kind, *paths in settings.certificates for path in paths)
        reason = f"{denied} cannot be read by this user" if denied else ""
    if oracle is None or reason:
        number = oracle.library.number if oracle else 0
        return _not_asked(service, request, version, where=where, reason=reason, library=number)
    try:
        result = oracle.effective(settings)
        dropped: tuple[Dropped, ...] = ()
        if result.refusal is None:
            choices = choices_of(service, request, result.bounds)
            possible = oracle.possible(settings, choices.level)
            dropped = dropped_suites(result, oracle.matcher, choices, possible)
    except NotSupported as error:
        return dict(NOT_DETERMINED), [finding("not-determined", where=where, evidence=str(error))]
    findings = refusal_findings(result, where)
    if result.unknown:
        evidence = "; ".join(result.unknown)
        findings.append(finding("not-determined", where=where, evidence=evidence))
    elif service.direction == "inbound":
        served = served_findings(result, dropped, where)
        findings += served + _lint.strength_findings(service, result, dropped, served, where)
        weak = weak_keys(result, dropped)
        findings += weak_key_findings(oracle.library, settings.certificates, weak, where)
    more = _features.features(
        service, request, result, version=version, library=oracle.library.number
    )
    return {**negotiable(result, dropped), **more}, findings


def _files(request: Request, disk: Disk) -> list[str]:
    chains = (disk.chains(kind, files) for kind, *files in request.certificates)
    return [entry.file for entries in chains for entry in entries]


def _configured(
    service: TlsService,
    request: Request,
    written: t.Mapping[str, str],
    where: str,
    library: int,
) -> list[Finding]:
    """What is wrong with the configuration of a service, whatever the library says."""
    findings: list[Finding] = []
    if service.level != "none":
        findings += _verdicts.protocol_findings(service, request, where, library)
        findings += _verdicts.problem_findings(service, request, where)
        findings += _lint.list_findings(service, request, where)
        findings += _lint.reach_findings(service, written, where)
    findings += _verdicts.submission_findings(service, where)
    findings += _lint.inbound_findings(service, where)
    findings += _lint.login_findings(service, where)
    return findings + _lint.client_findings(service, where)


def describe_service(
    service: TlsService,
    version: PostfixVersion,
    oracle: Oracle | None,
    *,
    where: str,
    reason: str = "",
    written: t.Mapping[str, str] | None = None,
    disk: Disk = HERE,
) -> tuple[dict[str, t.Any], tuple[tuple[str, ...], ...], list[Finding]]:
    """The facts of a service, the certificates that it loads, as Settings has them, those for single server names last, and
    its findings; without an oracle (`reason` says why) the rest.
    """
    library = oracle.library.number if oracle else 0
    request = request_of(service, version, library=library)
    findings = _configured(
        service, request, {**(written or {}), **service.overrides}, where, library
    )
    names, unread = server_names(service, where, disk.read)
    destinations, faults = policies(service, version, where, disk.read)
    negotiable, more = _asked(service, request, oracle, version=version, where=where, reason=reason)
    findings += more + unread + faults
    facts = {
        "name": service.name,
        "daemons": list(service.daemons),
        "direction": service.direction,
        "lane": service.lane,
        "listen": [one.as_dict() for one in service.listen],
        "local": service.local,
        "security_level": service.level,
        "parameters": _parameters(service),
        "overrides": tls_settings(service.overrides),
        "cipher_string": request.cipher_string.text,
        **negotiable,
        "certificate_files": _files(request, disk),
        **({"server_names": [one.as_dict() for one in names]} if names else {}),
        **({"policies": destinations} if destinations else {}),
    }
    more_chains = tuple(("chain", *one.files) for one in names)
    return facts, request.certificates + more_chains, findings


__all__ = [
    "HERE",
    "Disk",
    "choices_of",
    "describe_service",
    "is_tls_parameter",
    "tls_settings",
]
