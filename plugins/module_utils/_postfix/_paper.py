# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is certain about suites where no library can be asked: what an exclusion takes away from a sender of today.

The keywords are those of ciphers(1ssl). Where their meaning depends on a release of OpenSSL, nothing is said.
"""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import Cause, Dropped
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._verdicts import (
    advised_and_excluded,
    causes_of,
    kept_back,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import Request
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import TlsService
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._verdicts import setting_of
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._modern_suites import (
    modern_suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._notable import OLD_PROTOCOLS
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

_CURVES: t.Final = PostfixVersion(2, 6, 0)
_ALWAYS_CURVES: t.Final = PostfixVersion(3, 4, 0)
#: INSTALL of Postfix 3.6: OpenSSL 1.1.1 at least, whose builds leave SSL out.
_NEEDS_TLS13: t.Final = PostfixVersion(3, 6, 0)

_EXCHANGES: t.Final[dict[str, tuple[str, ...]]] = {
    "kRSA": ("RSA",),
    "kDHE": ("DHE",),
    "kEDH": ("DHE",),
    "kECDHE": ("ECDHE",),
    "kEECDH": ("ECDHE",),
}
_EPHEMERAL: t.Final = {"DHE": "DHE", "EDH": "DHE", "ECDHE": "ECDHE", "EECDH": "ECDHE"}
_AUTHENTICATIONS: t.Final = {
    "aRSA": "RSA",
    "aECDSA": "ECDSA",
    "ECDSA": "ECDSA",
    "aDSS": "DSS",
    "DSS": "DSS",
    "aNULL": "anon",
}
_CIPHERS: t.Final[dict[str, tuple[str, ...]]] = {
    "AES": ("_AES_",),
    "AES128": ("_AES_128_",),
    "AES256": ("_AES_256_",),
    "AESGCM": ("_GCM_",),
    "AESCCM": ("_CCM",),
    "CHACHA20": ("CHACHA20",),
    "CAMELLIA": ("CAMELLIA",),
    "CAMELLIA128": ("CAMELLIA_128",),
    "CAMELLIA256": ("CAMELLIA_256",),
    "ARIA": ("ARIA",),
    "SEED": ("SEED",),
    "IDEA": ("IDEA",),
    "3DES": ("3DES",),
    "RC4": ("RC4",),
}


def _keyword(word: str, suite: Suite) -> bool | None:
    """Whether a suite is one of those that a keyword stands for; None for a keyword that is not known here."""
    if word == suite.name:
        return True
    if word == "RSA":
        return suite.key_exchange == "RSA" and suite.authentication == "RSA"
    if word in _EXCHANGES:
        return suite.key_exchange in _EXCHANGES[word]
    if word in _EPHEMERAL:
        return suite.key_exchange == _EPHEMERAL[word] and suite.authentication != "anon"
    if word in _AUTHENTICATIONS:
        return suite.authentication == _AUTHENTICATIONS[word]
    if word in _CIPHERS:
        return any(mark in suite.iana for mark in _CIPHERS[word])
    if word in ("SHA1", "SHA"):
        return suite.iana.endswith("_SHA")
    if word in ("SHA256", "SHA384"):
        aead = any(mark in suite.iana for mark in ("_GCM_", "_CCM", "POLY1305"))
        return suite.iana.endswith(f"_{word}") and not aead
    return False if _suites.by_name(word) else None


def matches(item: str, suite: Suite) -> bool:
    """Whether an item such as C(RSA+AES) certainly stands for a suite."""
    return all(_keyword(word, suite) for word in item.split("+"))


def _causes(
    suite: Suite, service: TlsService, request: Request, version: PostfixVersion
) -> list[Cause]:
    found = [
        Cause(f"excluded by {one.item}", one.setting, "excluded", one.item)
        for one in request.cipher_string.exclusions
        if matches(one.item, suite)
    ]
    strings = request.cipher_string
    base = strings.base_setting
    found += [
        Cause(f"excluded by {item} in {base}", base, "excluded", item)
        for item in strings.base.split(":")
        if item.startswith("!") and matches(item[1:], suite)
    ]
    if service.direction == "inbound" and suite.key_exchange == "ECDHE":
        grade = f"{service.prefix}_eecdh_grade"
        off = service.macros.value(grade).lower() == "none" and version < _ALWAYS_CURVES
        if version < _CURVES:
            found.append(Cause("this Postfix has no elliptic curves", "none", "mta"))
        elif off:
            found.append(Cause("elliptic curves are off", setting_of(service, grade), "group"))
    allowed = request.protocols.protocols
    if not any(suite.minimum <= protocol <= suite.maximum for protocol in allowed):
        setting = setting_of(service, request.protocol_setting)
        needs = f"needs {suite.minimum.label} to {suite.maximum.label}"
        found.append(Cause(needs, setting, "protocol"))
    return found


def _is_refused(request: Request) -> bool:
    return request.cipher_string.text is None and not request.cipher_string.unknown


def certain_losses(
    service: TlsService, request: Request, version: PostfixVersion
) -> tuple[Dropped, ...]:
    """Of the suites up to TLS 1.2 that a sender of today offers, those that this configuration takes away whatever the
    library is.
    """
    found = []
    for suite in (one for one in _suites.ALL if one.code in modern_suites()):
        if suite.minimum == Protocol.TLSv1_3 or _is_refused(request):
            continue
        causes = _causes(suite, service, request, version)
        if causes:
            found.append(Dropped(suite.code, suite.name, tuple(causes)))
    return tuple(found)


def old_protocol_findings(
    service: TlsService, request: Request, version: PostfixVersion, where: str
) -> list[Finding]:
    """SSL 2.0 and 3.0 where the list does not exclude them. From 3.6 on Postfix needs an OpenSSL that has neither."""
    if service.direction != "inbound" or request.problem or version >= _NEEDS_TLS13:
        return []
    setting = setting_of(service, request.protocol_setting).rstrip()
    evidence = f"{setting} leaves it to the library, which was not asked"
    return [
        finding(code, where=where, message=f"{protocol.label} is not excluded", evidence=evidence)
        for protocol, code in OLD_PROTOCOLS.items()
        if protocol in request.protocols.protocols
    ]


def loss_findings(
    dropped: t.Sequence[Dropped],
    service: TlsService,
    request: Request,
    version: PostfixVersion,
    where: str,
) -> list[Finding]:
    """Whether nothing, or only DHE, is left of what senders of today offer up to TLS 1.2, or opportunistic TLS is too strict."""
    gone = {one.code for one in dropped}
    modern = [_suites.by_code(code) for code in modern_suites()]
    left = [
        suite
        for suite in modern
        if suite and suite.minimum < Protocol.TLSv1_3 and suite.code not in gone
    ]
    allowed = request.protocols.protocols
    if gone and all(suite.key_exchange == "DHE" for suite in left) and _older(allowed):
        newest = Protocol.TLSv1_3 in allowed and version >= _NEEDS_TLS13
        nothing = "no-suite-before-tls13" if newest else "no-shared-cipher"
        code = "only-dhe" if left else nothing
        return [finding(code, where=where, evidence=causes_of(dropped))]
    strict = _strict(dropped, service, request) if gone else ""
    return [finding("opportunistic-strict", where=where, evidence=strict)] if strict else []


def _older(protocols: t.Collection[Protocol]) -> bool:
    """Whether anything but TLS 1.3 alone is meant."""
    return set(protocols) != {Protocol.TLSv1_3}


def _strict(dropped: t.Sequence[Dropped], service: TlsService, request: Request) -> str:
    """What no policy advises to keep from other servers: TLS 1.2, or a suite of RFC 9325 section 4.2 whatever the type of the
    certificate is.
    """
    if service.level != "may" or service.lane != "mx":
        return ""
    if Protocol.TLSv1_2 not in request.protocols.protocols:
        return f"no TLSv1.2: {setting_of(service, request.protocol_setting)}"
    missing = {one.name: one for one in advised_and_excluded(dropped)}
    return kept_back(
        one
        for name, one in missing.items()
        if {name.replace("RSA", "ECDSA"), name.replace("ECDSA", "RSA")} & {*missing} - {name}
    )


__all__ = ["certain_losses", "loss_findings", "matches", "old_protocol_findings"]
