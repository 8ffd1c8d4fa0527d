# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Diffie-Hellman modulo a prime: the groups that a server sends, and those of RFC 7919."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError

MOST_BITS: t.Final = 8192
_LEAST_BITS: t.Final = 256


@dataclass(frozen=True)
class FiniteField:
    """The group of a generator modulo a prime that is not verified; a secret has 32 bytes.

    Raises CryptoError for a size that is not worth the time, and for what leads into a group of one or two elements.
    """

    name: str
    prime: int
    generator: int

    def __post_init__(self) -> None:
        bits = self.prime.bit_length()
        if not _LEAST_BITS <= bits <= MOST_BITS:
            limits = f"{_LEAST_BITS} to {MOST_BITS}"
            raise CryptoError(f"The server's DH prime has {bits} bits, and {limits} are computed")
        if not self.prime % 2:
            raise CryptoError("The server's DH prime is even")
        self._check(self.generator, "generator")

    @property
    def size(self) -> int:
        """The bytes of a number modulo the prime."""
        return (self.prime.bit_length() + 7) // 8

    def public(self, secret: bytes) -> bytes:
        """The public key of a secret of random bytes."""
        number = pow(self.generator, int.from_bytes(secret[:32], "big"), self.prime)
        return number.to_bytes(self.size, "big")

    def shared(self, secret: bytes, peer: bytes) -> bytes:
        """The shared secret, as long as the prime; raises CryptoError for a degenerate public key."""
        number = int.from_bytes(peer, "big")
        self._check(number, "public key")
        result = pow(number, int.from_bytes(secret[:32], "big"), self.prime)
        self._check(result, "public key")
        return result.to_bytes(self.size, "big")

    def _check(self, number: int, what: str) -> None:
        if not 1 < number < self.prime - 1:
            raise CryptoError(f"The server's DH {what} makes a degenerate secret")


def ffdhe(bits: int) -> FiniteField:
    """The group of RFC 7919 appendix A with this many bits: a prime made from the digits of e."""
    offset = {2048: 560316, 3072: 2625351, 4096: 5736041}[bits]
    precision = bits - 130 + 64
    total = term = 1 << precision
    number = 1
    while term:
        term //= number
        total += term
        number += 1
    digits = (total >> 64) + offset
    return FiniteField(f"ffdhe{bits}", (1 << bits) - (1 << bits - 64) + (digits << 64) - 1, 2)


__all__ = ["MOST_BITS", "FiniteField", "ffdhe"]
