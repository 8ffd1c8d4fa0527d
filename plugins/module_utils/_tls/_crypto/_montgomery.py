# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""X25519 and X448 (RFC 7748)."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError


@dataclass(frozen=True)
class Montgomery:
    """A curve of RFC 7748 section 4: the prime, (A - 2) / 4, the base point, and how a scalar is clamped."""

    name: str
    prime: int
    factor: int
    base: int
    cleared: int
    size: int

    def public(self, secret: bytes) -> bytes:
        """The public key of a secret of C(size) random bytes."""
        return self._multiplied(secret, self.base)

    def shared(self, secret: bytes, peer: bytes) -> bytes:
        """The shared secret; raises CryptoError for a public key that no sound peer sends (RFC 7748 section 6)."""
        if len(peer) != self.size:
            raise CryptoError(f"A key of {self.name} has {len(peer)} bytes")
        result = self._multiplied(secret, int.from_bytes(peer, "little"))
        if not any(result):
            raise CryptoError(f"The server's key of {self.name} makes a degenerate secret")
        return result

    def _multiplied(self, secret: bytes, point: int) -> bytes:
        bits = 255 if self.size == 32 else 448
        scalar = int.from_bytes(secret, "little") & ~self.cleared & ((1 << bits) - 1)
        scalar |= 1 << (bits - 1)
        p, x1 = self.prime, point & ((1 << bits) - 1)
        x2, z2, x3, z3 = 1, 0, x1, 1
        swapped = 0
        for place in range(bits - 1, -1, -1):
            bit = scalar >> place & 1
            if swapped != bit:
                x2, x3, z2, z3 = x3, x2, z3, z2
            swapped = bit
            a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
            aa, bb, da, cb = a * a % p, b * b % p, d * a % p, c * b % p
            e = aa - bb
            x3 = (da + cb) ** 2 % p
            z3 = x1 * ((da - cb) ** 2 % p) % p
            x2 = aa * bb % p
            z2 = e * (aa + self.factor * e) % p
        if swapped:
            x2, z2 = x3, z3
        return (x2 * pow(z2, p - 2, p) % p).to_bytes(self.size, "little")


X25519: t.Final = Montgomery("X25519", (1 << 255) - 19, 121665, 9, 7, 32)
X448: t.Final = Montgomery("X448", (1 << 448) - (1 << 224) - 1, 39081, 5, 3, 56)

__all__ = ["X448", "X25519", "Montgomery"]
