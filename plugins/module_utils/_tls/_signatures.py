# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Signature schemes: IANA's TLS SignatureScheme registry, and for older code points names of the same form.

RFC 8446 section 4.2.3, RFC 8734 (brainpool), RFC 8998 (SM2), RFC 9189 and RFC 9367 (GOST), draft-ietf-tls-mldsa (ML-DSA); the
code points of RFC 5246 section 7.4.1.4.1 are hash and signature in a byte each.
"""

from __future__ import annotations

import typing as t

NAMES: t.Final[dict[int, str]] = {
    0x0403: "ecdsa_secp256r1_sha256",
    0x0503: "ecdsa_secp384r1_sha384",
    0x0603: "ecdsa_secp521r1_sha512",
    0x0807: "ed25519",
    0x0808: "ed448",
    0x081A: "ecdsa_brainpoolP256r1tls13_sha256",
    0x081B: "ecdsa_brainpoolP384r1tls13_sha384",
    0x081C: "ecdsa_brainpoolP512r1tls13_sha512",
    0x0904: "mldsa44",
    0x0905: "mldsa65",
    0x0906: "mldsa87",
    0x0804: "rsa_pss_rsae_sha256",
    0x0805: "rsa_pss_rsae_sha384",
    0x0806: "rsa_pss_rsae_sha512",
    0x0809: "rsa_pss_pss_sha256",
    0x080A: "rsa_pss_pss_sha384",
    0x080B: "rsa_pss_pss_sha512",
    0x0401: "rsa_pkcs1_sha256",
    0x0501: "rsa_pkcs1_sha384",
    0x0601: "rsa_pkcs1_sha512",
    0x0708: "sm2sig_sm3",
    0x0709: "gostr34102012_256a",
    0x070A: "gostr34102012_256b",
    0x070B: "gostr34102012_256c",
    0x070C: "gostr34102012_256d",
    0x070D: "gostr34102012_512a",
    0x070E: "gostr34102012_512b",
    0x070F: "gostr34102012_512c",
    0x0303: "ecdsa_sha224",
    0x0301: "rsa_pkcs1_sha224",
    0x0203: "ecdsa_sha1",
    0x0201: "rsa_pkcs1_sha1",
    0x0101: "rsa_pkcs1_md5",
    0x0402: "dsa_sha256",
    0x0502: "dsa_sha384",
    0x0602: "dsa_sha512",
    0x0302: "dsa_sha224",
    0x0202: "dsa_sha1",
}
_FAMILIES: t.Final[dict[str, str]] = {
    "rsa_pss_pss": "RSA-PSS",
    "rsa": "RSA",
    "ecdsa": "ECDSA",
    "ed25519": "Ed25519",
    "ed448": "Ed448",
    "dsa": "DSA",
    "mldsa": "ML-DSA",
}
_ONLY_BEFORE_TLS13: t.Final = frozenset(
    code
    for code, name in NAMES.items()
    if name.startswith("dsa") or name.endswith(("sha224", "sha1", "md5")) or "rsa_pkcs1" in name
)
#: What a server may sign a TLS 1.3 handshake with; RFC 8446 section 4.2.3 keeps PKCS #1 v1.5 for certificates.
IN_TLS13: t.Final[tuple[int, ...]] = tuple(code for code in NAMES if code not in _ONLY_BEFORE_TLS13)
#: What a server may sign its ServerKeyExchange of TLS 1.2 with.
IN_TLS12: t.Final[tuple[int, ...]] = tuple(
    code for code, name in NAMES.items() if code >> 8 not in (0x07, 0x09) and "tls13" not in name
)


def name_of(code: int) -> str:
    """The name, or the code point in hexadecimal."""
    return NAMES.get(code, f"0x{code:04X}")


def key_type_of(code: int) -> str:
    """The type of the key that makes such a signature: C(RSA), C(ECDSA), C(Ed25519) and so on; empty if unknown."""
    name = name_of(code)
    return next((kind for start, kind in _FAMILIES.items() if name.startswith(start)), "")


__all__ = ["IN_TLS12", "IN_TLS13", "NAMES", "key_type_of", "name_of"]
