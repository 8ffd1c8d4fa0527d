# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is certain about suites where no library can be asked: what an exclusion takes away from a sender of today, whatever
the MTA is.

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
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._modern_suites import (
    modern_suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

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


def protocol_causes(suite: Suite, allowed: t.Iterable[Protocol], setting: str) -> list[Cause]:
    """Why no protocol that is configured has the suite; nothing where one has."""
    if any(suite.minimum <= protocol <= suite.maximum for protocol in allowed):
        return []
    needs = f"needs {suite.minimum.label} to {suite.maximum.label}"
    return [Cause(needs, setting, "protocol")]


def losses(causes: t.Callable[[Suite], t.Sequence[Cause]]) -> tuple[Dropped, ...]:
    """Of the suites up to TLS 1.2 that a sender of today offers, those that have a cause."""
    older = (
        suite
        for suite in _suites.ALL
        if suite.code in modern_suites() and suite.minimum < Protocol.TLSv1_3
    )
    reasons = ((suite, tuple(causes(suite))) for suite in older)
    return tuple(Dropped(suite.code, suite.name, why) for suite, why in reasons if why)


def loss_findings(
    dropped: t.Sequence[Dropped],
    allowed: t.Collection[Protocol],
    *,
    newest: bool,
    strict: str,
    where: str,
) -> list[Finding]:
    """Whether nothing, or only DHE, is left of what senders of today offer up to TLS 1.2; else what is C(strict). `newest` tells
    whether they may get TLS 1.3.
    """
    gone = {one.code for one in dropped}
    modern = [_suites.by_code(code) for code in modern_suites()]
    left = [
        suite
        for suite in modern
        if suite and suite.minimum < Protocol.TLSv1_3 and suite.code not in gone
    ]
    older = set(allowed) != {Protocol.TLSv1_3}
    if gone and older and all(suite.key_exchange == "DHE" for suite in left):
        nothing = "no-suite-before-tls13" if newest else "no-shared-cipher"
        code = "only-dhe" if left else nothing
        return [finding(code, where=where, evidence=causes_of(dropped))]
    if not gone or not strict:
        return []
    return [finding("opportunistic-strict", where=where, evidence=strict)]


def strict_evidence(
    dropped: t.Sequence[Dropped], allowed: t.Collection[Protocol], setting: str
) -> str:
    """What no policy advises to keep from other servers: TLS 1.2, or a suite of RFC 9325 section 4.2 whatever the type of the
    certificate is.
    """
    if Protocol.TLSv1_2 not in allowed:
        return f"no TLSv1.2: {setting}"
    missing = {one.name: one for one in advised_and_excluded(dropped)}
    return kept_back(
        one
        for name, one in missing.items()
        if {name.replace("RSA", "ECDSA"), name.replace("ECDSA", "RSA")} & {*missing} - {name}
    )


__all__ = ["loss_findings", "losses", "matches", "protocol_causes", "strict_evidence"]
