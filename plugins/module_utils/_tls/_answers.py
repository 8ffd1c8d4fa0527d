# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a server can answer to a ClientHello, and what can keep the answer from being known."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

# RFC 8446 section 6, with the codes that RFC 5246 section 7.2 and RFC 6101 section 5.4 had before.
ALERTS: t.Final[dict[int, str]] = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}


@dataclass(frozen=True)
class DhParameters:
    """The group of a finite-field key exchange, as a ServerKeyExchange shows it (RFC 5246 section 7.4.3)."""

    prime: int
    generator: int

    @property
    def bits(self) -> int:
        """The size of the prime."""
        return self.prime.bit_length()


@dataclass(frozen=True)
class ServerHello:
    """A server's clear flight: all of it up to TLS 1.2, the ServerHello or HelloRetryRequest alone in TLS 1.3.

    C(group) is the named group of the key exchange, None where there is none or it is not a named one; C(dh) the group
    of DHE. C(certificates) are DER, leaf first, as served, C(authorities) the DER names that a CertificateRequest asks
    for, C(staple) the DER OCSP response. C(extensions) are the types that were answered in clear. C(signature) is the
    scheme that the server signed with: of its ServerKeyExchange in TLS 1.2, of its CertificateVerify in TLS 1.3; older
    versions do not name it. What TLS 1.3 encrypts is filled by a full handshake only.
    """

    version: Protocol
    suite: int
    group: int | None = None
    retry: bool = False
    certificates: tuple[bytes, ...] = ()
    certificate_requested: bool = False
    extensions: frozenset[int] = frozenset()
    compression: int = 0
    session_id: bytes = b""
    dh: DhParameters | None = None
    signature: int | None = None
    staple: bytes = b""
    authorities: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Alert:
    """A fatal alert; C(after) is the hello that the server had already sent, None when it sent none."""

    level: int
    description: int
    after: ServerHello | None = None

    @property
    def name(self) -> str:
        """The name in the TLS Alerts registry, or the number."""
        return ALERTS.get(self.description, str(self.description))


@dataclass(frozen=True)
class NotDetermined:
    """No verdict: C(reason) is a stable word such as C(timeout) or C(malformed), C(detail) a sentence for people.

    C(after_hello) tells that the server had the hello and ended the connection over it.
    """

    reason: str
    detail: str
    after_hello: bool = False


class SSLv2ServerHello(t.NamedTuple):
    """The answer of SSL 2.0: the suites that the server lists, and its certificate, DER, empty if there is none."""

    suites: tuple[int, ...]
    certificate: bytes = b""


Answer = t.Union[ServerHello, Alert, NotDetermined]

__all__ = [
    "ALERTS",
    "Alert",
    "Answer",
    "DhParameters",
    "NotDetermined",
    "SSLv2ServerHello",
    "ServerHello",
]
