# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the cipher of a suite is made of, for the suites that can be computed here."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._aead import (
    Aead,
    Ccm,
    ChaCha20Poly1305,
    Gcm,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

# By preference: what takes the least time first.
_CIPHERS: t.Final[dict[str, tuple[int, int]]] = {
    "CHACHA20_POLY1305": (32, 12),
    "AES_128_GCM": (16, 4),
    "AES_256_GCM": (32, 4),
    "AES_128_CBC": (16, 16),
    "AES_256_CBC": (32, 16),
    "AES_128_CCM": (16, 4),
    "AES_256_CCM": (32, 4),
    "AES_128_CCM_8": (16, 4),
    "AES_256_CCM_8": (32, 4),
    "RC4_128": (16, 0),
    "3DES_EDE_CBC": (24, 8),
    "NULL": (0, 0),
}
_MACS: t.Final = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}
_EXCHANGES: t.Final = ("ECDHE", "RSA", "DHE")


@dataclass(frozen=True)
class CipherSpec:
    """C(cipher) by name with the bytes of its key and of what the key block gives for the IV.

    C(mac) is the hash of the record's MAC, empty for an AEAD; C(prf) the hash of the handshake from TLS 1.2 on.
    """

    suite: Suite
    cipher: str
    key_size: int
    iv_size: int
    mac: str
    prf: str

    @property
    def mac_size(self) -> int:
        """The bytes of a MAC and of its key."""
        return {"": 0, "md5": 16, "sha1": 20, "sha256": 32, "sha384": 48}[self.mac]

    def aead(self, key: bytes) -> Aead:
        """The AEAD of this suite under a key."""
        if self.cipher.startswith("CHACHA20"):
            return ChaCha20Poly1305(key)
        if self.cipher.endswith("_GCM"):
            return Gcm(key)
        return Ccm(key, 8 if self.cipher.endswith("_8") else 16)


def spec(code: int) -> CipherSpec | None:
    """The cipher of a suite, None for one that cannot be computed here."""
    suite = _suites.by_code(code)
    if suite is None or any(mark in suite.iana for mark in ("_OLD_", "EXPORT", "_FIPS_")):
        return None
    if suite.minimum < Protocol.TLSv1_3 and suite.key_exchange not in _EXCHANGES:
        return None
    text = suite.iana[4:].rpartition("_WITH_")[2]
    cipher, _separator, name = text.rpartition("_")
    if text in _CIPHERS:
        cipher, name = text, "SHA256"
    if cipher not in _CIPHERS or name not in _MACS:
        return None
    key_size, iv_size = _CIPHERS[cipher]
    aead = cipher.startswith("CHACHA20") or "_GCM" in cipher or "_CCM" in cipher
    prf = "sha384" if name == "SHA384" else "sha256"
    return CipherSpec(suite, cipher, key_size, iv_size, "" if aead else _MACS[name], prf)


def computable(version: Protocol) -> tuple[int, ...]:
    """The suites that can be computed in a version, quickest first; forward secret before others."""
    order = list(_CIPHERS)
    found = [
        known for suite in _suites.in_version(version) if (known := spec(suite.code)) is not None
    ]
    found.sort(key=lambda known: (order.index(known.cipher), known.suite.key_exchange != "ECDHE"))
    return tuple(known.suite.code for known in found)


__all__ = ["CipherSpec", "computable", "spec"]
