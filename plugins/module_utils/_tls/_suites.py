# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a cipher suite is made of, and all of them by code and by name."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suite_registry import (
    REGISTRY,
    SSLV2,
)


@dataclass(frozen=True)
class Suite:
    """A cipher suite; C(name) is OpenSSL's name, or the IANA name where OpenSSL never had one.

    C(key_exchange) and C(authentication) are spelled as in C(openssl ciphers -V), except that DHE and ECDHE are told
    from static DH and ECDH, and that no authentication is C(anon). Both are C(any) in TLS 1.3, which negotiates them
    apart from the suite. C(bits) is the strength of the cipher. C(minimum) and C(maximum) are the versions in which
    some implementation negotiates it.
    """

    code: int
    iana: str
    name: str
    key_exchange: str
    authentication: str
    bits: int
    minimum: Protocol
    maximum: Protocol

    def as_dict(self) -> dict[str, str]:
        """The shape that modules return."""
        return {"name": self.name, "iana": self.iana, "code": self.code_text}

    @property
    def code_text(self) -> str:
        """The code point in hexadecimal: of two bytes, of three in SSL 2.0."""
        return f"0x{self.code:0{6 if self.maximum == Protocol.SSLv2 else 4}X}"


_TLS13: t.Final = frozenset((0x00C6, 0x00C7, 0xC0B4, 0xC0B5, 0xC103, 0xC104, 0xC105, 0xC106))
_EXCHANGES: t.Final[dict[str, tuple[str, str]]] = {
    "RSA": ("RSA", "RSA"),
    "DH_DSS": ("DH", "DSS"),
    "DH_RSA": ("DH", "RSA"),
    "DHE_DSS": ("DHE", "DSS"),
    "DHE_RSA": ("DHE", "RSA"),
    "DH_anon": ("DHE", "anon"),
    "ECDH_ECDSA": ("ECDH", "ECDSA"),
    "ECDH_RSA": ("ECDH", "RSA"),
    "ECDHE_ECDSA": ("ECDHE", "ECDSA"),
    "ECDHE_RSA": ("ECDHE", "RSA"),
    "ECDH_anon": ("ECDHE", "anon"),
    "PSK": ("PSK", "PSK"),
    "DHE_PSK": ("DHEPSK", "PSK"),
    "PSK_DHE": ("DHEPSK", "PSK"),
    "RSA_PSK": ("RSAPSK", "RSA"),
    "ECDHE_PSK": ("ECDHEPSK", "PSK"),
    "SRP_SHA": ("SRP", "SRP"),
    "SRP_SHA_RSA": ("SRP", "RSA"),
    "SRP_SHA_DSS": ("SRP", "DSS"),
    "KRB5": ("KRB5", "KRB5"),
    "ECCPWD": ("ECCPWD", "ECCPWD"),
    "FORTEZZA_KEA": ("FORTEZZA", "FORTEZZA"),
    "NULL": ("NULL", "anon"),
    "RSA_FIPS": ("RSA", "RSA"),
    "CECPQ1_RSA": ("CECPQ1", "RSA"),
    "CECPQ1_ECDSA": ("CECPQ1", "ECDSA"),
    "GOSTR341094": ("GOST", "GOST94"),
    "GOSTR341001": ("GOST", "GOST01"),
    "GOSTR341112_256": ("GOST", "GOST12"),
    "GOSTR341094_RSA": ("GOST", "RSA"),
}
_STRENGTHS: t.Final = (
    ("_40_", 40),
    ("DES40", 40),
    ("_56_", 56),
    ("3DES", 168),
    ("DES_CBC", 56),
    ("AES_128", 128),
    ("AES_256", 256),
    ("CAMELLIA_128", 128),
    ("CAMELLIA_256", 256),
    ("ARIA_128", 128),
    ("ARIA_256", 256),
    ("CHACHA20", 256),
    ("AEGIS_128L", 128),
    ("AEGIS_256", 256),
    ("RC4_128", 128),
    ("RC2_CBC", 128),
    ("IDEA", 128),
    ("SEED", 128),
    ("SM4", 128),
    ("28147", 256),
    ("KUZNYECHIK", 256),
    ("MAGMA", 256),
    ("FORTEZZA_CBC", 80),
)
_ALIASES: t.Final[dict[str, int]] = {
    "DHE-RSA-DES-CBC3-SHA": 0x0016,
    "DHE-DSS-DES-CBC3-SHA": 0x0013,
    "GOST2012-GOST8912-GOST8912": 0xFF85,
    "GOST2012-GOST8912-IANA": 0xC102,
    "TLS_DHE_PSK_WITH_AES_128_CCM_8": 0xC0AA,
    "TLS_DHE_PSK_WITH_AES_256_CCM_8": 0xC0AB,
}


def _bits(cipher: str) -> int:
    padded = f"{cipher}_"
    return next((bits for mark, bits in _STRENGTHS if mark in padded), 0)


def _minimum(exchange: str, cipher: str) -> Protocol:
    if "_GCM" in cipher or "_CCM" in cipher or "CHACHA20" in cipher or "_OMAC" in cipher:
        return Protocol.TLSv1_2
    if cipher.endswith(("SHA256", "SHA384")) and "PSK" not in exchange:
        return Protocol.TLSv1_2
    return Protocol.SSLv3


def _suite(line: str) -> Suite:
    code_text, iana, *known = line.split()
    code = int(code_text, 16)
    name = known[0] if known else iana
    exchange, _separator, cipher = iana[4:].partition("_WITH_")
    if code >> 8 == 0x13 or code in _TLS13:
        return Suite(
            code,
            iana,
            name,
            "any",
            "any",
            _bits(cipher or exchange),
            Protocol.TLSv1_3,
            Protocol.TLSv1_3,
        )
    key_exchange, authentication = _EXCHANGES[exchange.partition("_EXPORT")[0]]
    minimum = _minimum(exchange, cipher)
    return Suite(
        code, iana, name, key_exchange, authentication, _bits(cipher), minimum, Protocol.TLSv1_2
    )


def _sslv2_suite(line: str) -> Suite:
    code, known, name, bits = line.split()
    return Suite(
        int(code, 16), known, name, "RSA", "RSA", int(bits), Protocol.SSLv2, Protocol.SSLv2
    )


#: Those of SSL 3.0 to TLS 1.3.
ALL: t.Final[tuple[Suite, ...]] = tuple(_suite(line) for line in REGISTRY.splitlines())
#: Those of SSL 2.0; OpenSSL gave some of them a name that a suite of SSL 3.0 has too.
IN_SSLV2: t.Final[tuple[Suite, ...]] = tuple(_sslv2_suite(line) for line in SSLV2.splitlines())
_BY_CODE: t.Final[dict[int, Suite]] = {suite.code: suite for suite in (*IN_SSLV2, *ALL)}
_BY_NAME: t.Final[dict[str, Suite]] = {
    **{suite.name: suite for suite in IN_SSLV2},
    **{suite.iana: suite for suite in IN_SSLV2},
    **{alias: _BY_CODE[code] for alias, code in _ALIASES.items()},
    **{suite.iana: suite for suite in ALL},
    **{suite.name: suite for suite in ALL},
}


def by_code(code: int) -> Suite | None:
    """The suite of a code point, or None for one that the registry does not have."""
    return _BY_CODE.get(code)


def shape_of(code: int, name: str = "") -> dict[str, str]:
    """The shape that modules return, with this name for a code point that the registry does not have."""
    suite = by_code(code)
    if suite is None:
        return {"name": name or f"0x{code:04X}", "iana": "", "code": f"0x{code:04X}"}
    return suite.as_dict()


def by_name(name: str) -> Suite | None:
    """The suite of an OpenSSL or IANA name, older spellings of OpenSSL included, or None."""
    return _BY_NAME.get(name)


def in_version(protocol: Protocol) -> tuple[Suite, ...]:
    """Every suite that can be negotiated in a version, C(TLS_NULL_WITH_NULL_NULL) apart: that one is never offered."""
    if protocol < Protocol.SSLv3:
        return IN_SSLV2
    return tuple(
        suite for suite in ALL if suite.code and suite.minimum <= protocol <= suite.maximum
    )


def fits(code: int, protocol: Protocol) -> bool:
    """Whether a code point is a suite that can be negotiated in a version."""
    suite = by_code(code)
    return suite is not None and suite.minimum <= protocol <= suite.maximum


__all__ = ["ALL", "IN_SSLV2", "Suite", "by_code", "by_name", "fits", "in_version", "shape_of"]
