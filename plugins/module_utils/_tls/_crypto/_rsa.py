# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The RSA key of a certificate, and encryption to it (RFC 5280 section 4.1, RFC 8017 section 7.2.1)."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError

MOST_BITS: t.Final = 16384
_LEAST_BITS: t.Final = 480
_MOST_EXPONENT_BITS: t.Final = 64
_RSA_ENCRYPTION: t.Final = bytes.fromhex("2a864886f70d010101")
_SEQUENCE, _INTEGER, _BIT_STRING, _OBJECT, _VERSION = 0x30, 0x02, 0x03, 0x06, 0xA0


@dataclass(frozen=True)
class RsaKey:
    """A public key; raises CryptoError for a size that is not worth the time."""

    modulus: int
    exponent: int

    def __post_init__(self) -> None:
        bits = self.modulus.bit_length()
        if not _LEAST_BITS <= bits <= MOST_BITS:
            limits = f"{_LEAST_BITS} to {MOST_BITS}"
            raise CryptoError(f"The server's RSA key has {bits} bits, and {limits} are computed")
        if not 1 < self.exponent < 1 << _MOST_EXPONENT_BITS or not self.modulus % 2:
            raise CryptoError("The server's RSA key is no sound key")

    def encrypted(self, message: bytes, entropy: t.Callable[[int], bytes]) -> bytes:
        """A message of at most 48 bytes, padded as RSAES-PKCS1-v1_5 is."""
        size = (self.modulus.bit_length() + 7) // 8
        padding = b""
        while len(padding) < size - len(message) - 3:
            padding += entropy(size).replace(b"\0", b"")
        padding = padding[: size - len(message) - 3]
        block = int.from_bytes(b"\0\x02" + padding + b"\0" + message, "big")
        return pow(block, self.exponent, self.modulus).to_bytes(size, "big")


def public_key(certificate: bytes) -> RsaKey:
    """The key of a DER certificate; raises CryptoError for another kind of key and for what is no certificate."""
    signed = _Der(_Der(certificate).value(_SEQUENCE)).value(_SEQUENCE)
    fields = _Der(signed)
    fields.skip(_VERSION)
    for kind in (_INTEGER, _SEQUENCE, _SEQUENCE, _SEQUENCE, _SEQUENCE):
        fields.value(kind)
    info = _Der(fields.value(_SEQUENCE))
    if _Der(info.value(_SEQUENCE)).value(_OBJECT) != _RSA_ENCRYPTION:
        raise CryptoError("The server's certificate has no RSA key")
    numbers = _Der(_Der(info.value(_BIT_STRING)[1:]).value(_SEQUENCE))
    modulus, exponent = numbers.value(_INTEGER), numbers.value(_INTEGER)
    return RsaKey(int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big"))


class _Der:
    """Values of DER, one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def skip(self, kind: int) -> None:
        if self._content[self._at : self._at + 1] == bytes((kind,)):
            self.value(kind)

    def value(self, kind: int) -> bytes:
        start = self._at + 2
        head = self._content[self._at : start]
        if len(head) < 2 or head[0] != kind:
            raise CryptoError("The server's certificate is not understood")
        length = head[1]
        if length & 0x80:
            width = length & 0x7F
            length = int.from_bytes(self._content[start : start + width], "big")
            start += width
        if not _is_sound(head[1]) or start + length > len(self._content):
            raise CryptoError("The server's certificate is not understood")
        self._at = start + length
        return self._content[start : self._at]


def _is_sound(first: int) -> bool:
    # A definite length of at most 4 bytes.
    return first < 0x80 or 0x81 <= first <= 0x84


__all__ = ["MOST_BITS", "RsaKey", "public_key"]
