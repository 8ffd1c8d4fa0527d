# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Why a suite that the library knows cannot be negotiated: one reason and the setting that causes it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Library,
    LibraryCipher,
    Refusal,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

_CERTIFIED: t.Final = {"RSA": ("RSA",), "ECDSA": ("ECDSA",), "DSS": ("DSS",)}
_SHARED_SECRETS: t.Final = ("PSK", "SRP", "KRB5")


@dataclass(frozen=True)
class Dropped:
    """One suite that a peer cannot get."""

    code: int
    name: str
    reason: str
    setting: str


@dataclass(frozen=True)
class Choices:
    """The settings that a dropped suite is blamed on: names of parameters, and the pieces of the cipher string.

    `exclusions` are (item, parameter) in order; `base` is the list of the grade.
    """

    base: str
    base_setting: str
    grade: str
    exclusions: tuple[tuple[str, str], ...]
    protocols: frozenset[Protocol]
    protocol_setting: str
    certificate_setting: str
    level: int = 0
    role: str = "server"


class Matcher:
    """Which suites a cipher string stands for; asks the library once for each string."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, tuple[LibraryCipher, ...]] = {}

    def ciphers(self, text: str) -> tuple[LibraryCipher, ...]:
        if text not in self._known:
            found = self._library.match(text)
            self._known[text] = () if isinstance(found, Refusal) else found
        return self._known[text]

    def codes(self, text: str) -> frozenset[int]:
        return frozenset(cipher.code for cipher in self.ciphers(text))

    def everything(self) -> tuple[LibraryCipher, ...]:
        """Every suite that the library has code for."""
        return self.ciphers("ALL:COMPLEMENTOFALL")


def _from_string(code: int, matcher: Matcher, choices: Choices) -> tuple[str, str]:
    if code not in matcher.codes(choices.base):
        return f"not in the list of the grade {choices.grade}", choices.base_setting
    for item, setting in choices.exclusions:
        if code in matcher.codes(item):
            return f"excluded by {item}", setting
    return "left out by the cipher list", choices.base_setting


def _from_library(suite: Suite, effective: Effective, choices: Choices) -> tuple[str, str]:
    spoken = [one for one in choices.protocols if suite.minimum <= one <= suite.maximum]
    if not spoken:
        return f"needs {suite.minimum.label} to {suite.maximum.label}", choices.protocol_setting
    shared = next((one for one in _SHARED_SECRETS if one in suite.key_exchange), None)
    if shared:
        return f"needs {shared}, which mail servers do not use", "none"
    if choices.role == "client":
        return "OpenSSL does not offer it with these protocols and groups", "none"
    needed = _CERTIFIED.get(suite.authentication)
    if needed and not set(needed) & set(effective.keys):
        return f"no {suite.authentication} certificate", choices.certificate_setting
    if suite.key_exchange in ("DH", "ECDH"):
        return "needs a certificate for fixed Diffie-Hellman", choices.certificate_setting
    if choices.level:
        setting = choices.base_setting if "@SECLEVEL" in choices.base else "set by Postfix itself"
        return f"security level {choices.level}", setting
    return "OpenSSL does not choose it with this certificate and these groups", "none"


def _reason(
    cipher: LibraryCipher, effective: Effective, matcher: Matcher, choices: Choices
) -> tuple[str, str]:
    suite = _suites.by_code(cipher.code)
    listed = {one.code for one in effective.listed}
    if suite is not None and suite.minimum == Protocol.TLSv1_3:
        if Protocol.TLSv1_3 not in choices.protocols:
            return "TLSv1.3 is off", choices.protocol_setting
        if cipher.code not in listed:
            return "not in OpenSSL's list for TLSv1.3", "Ciphersuites in openssl.cnf"
    elif cipher.code not in listed:
        return _from_string(cipher.code, matcher, choices)
    if suite is None:
        return "OpenSSL does not choose it", "none"
    return _from_library(suite, effective, choices)


def dropped_suites(effective: Effective, matcher: Matcher, choices: Choices) -> tuple[Dropped, ...]:
    """Every suite that the library knows and a peer cannot get, most specific reason first, in the library's order."""
    kept = {code for codes in effective.suites.values() for code in codes}
    return tuple(
        Dropped(cipher.code, cipher.name, *_reason(cipher, effective, matcher, choices))
        for cipher in matcher.everything()
        if cipher.code not in kept
    )


__all__ = ["Choices", "Dropped", "Matcher", "dropped_suites"]
