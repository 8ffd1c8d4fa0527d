# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Key agreement on the prime curves of NIST (FIPS 186-4 appendix D, SEC 1), with uncompressed points."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError

_Point = tuple[int, int, int]
_INFINITY: t.Final[_Point] = (1, 1, 0)


@dataclass(frozen=True)
class Weierstrass:
    """The curve y^2 = x^3 - 3x + b modulo a prime, with its base point; every order is prime."""

    name: str
    prime: int
    order: int
    b: int
    base: tuple[int, int]

    @property
    def size(self) -> int:
        """The bytes of a coordinate."""
        return (self.prime.bit_length() + 7) // 8

    def public(self, secret: bytes) -> bytes:
        """The public key of a secret of random bytes."""
        x, y = self._multiplied(self._scalar(secret), self.base)
        return b"\x04" + x.to_bytes(self.size, "big") + y.to_bytes(self.size, "big")

    def shared(self, secret: bytes, peer: bytes) -> bytes:
        """The shared secret; raises CryptoError for what is not a point of this curve."""
        return self._multiplied(self._scalar(secret), self.point(peer))[0].to_bytes(
            self.size, "big"
        )

    def point(self, peer: bytes) -> tuple[int, int]:
        """The coordinates of an uncompressed point; raises CryptoError for what is not a point of this curve."""
        size, p = self.size, self.prime
        if len(peer) != 1 + 2 * size or peer[0] != 4:
            raise CryptoError(f"A key of {self.name} is no uncompressed point")
        x, y = int.from_bytes(peer[1 : 1 + size], "big"), int.from_bytes(peer[1 + size :], "big")
        if x >= p or y >= p or (y * y - (x * x - 3) * x - self.b) % p:
            raise CryptoError(f"The server's key is no point of {self.name}")
        return x, y

    def _scalar(self, secret: bytes) -> int:
        return int.from_bytes(secret, "big") % (self.order - 1) + 1

    def _multiplied(self, scalar: int, point: tuple[int, int]) -> tuple[int, int]:
        """Four bits at a time; no scalar below the prime order leads to infinity at the end."""
        p = self.prime
        table: list[_Point] = [_INFINITY, (*point, 1)]
        for number in range(2, 16):
            table.append(
                _doubled(table[number // 2], p)
                if number % 2 == 0
                else _added(table[number - 1], table[1], p)
            )
        total = _INFINITY
        for digit in f"{scalar:x}":
            if total[2]:
                for _bit in range(4):
                    total = _doubled(total, p)
            total = _added(total, table[int(digit, 16)], p)
        x, y, z = total
        inverse = pow(z, p - 2, p)
        square = inverse * inverse % p
        return x * square % p, y * square * inverse % p


def _doubled(point: _Point, p: int) -> _Point:
    """Jacobian coordinates, a = -3."""
    x, y, z = point
    delta, gamma = z * z % p, y * y % p
    beta = x * gamma % p
    alpha = 3 * (x - delta) * (x + delta) % p
    doubled = (alpha * alpha - 8 * beta) % p
    return (
        doubled,
        (alpha * (4 * beta - doubled) - 8 * gamma * gamma) % p,
        2 * y * z % p,
    )


def _added(left: _Point, right: _Point, p: int) -> _Point:
    """Jacobian coordinates."""
    if not left[2]:
        return right
    if not right[2]:
        return left
    left_square, right_square = left[2] * left[2] % p, right[2] * right[2] % p
    u = left[0] * right_square % p
    s = left[1] * right_square * right[2] % p
    h = (right[0] * left_square - u) % p
    r = (right[1] * left_square * left[2] - s) % p
    if not h:
        return _INFINITY if r else _doubled(left, p)
    hh = h * h % p
    hhh, v = h * hh % p, u * hh % p
    x = (r * r - hhh - 2 * v) % p
    return x, (r * (v - x) - s * hhh) % p, left[2] * right[2] * h % p


P256: t.Final = Weierstrass(
    "P-256",
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)
P384: t.Final = Weierstrass(
    "P-384",
    (1 << 384) - (1 << 128) - (1 << 96) + (1 << 32) - 1,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    (
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
)
P521: t.Final = Weierstrass(
    "P-521",
    (1 << 521) - 1,
    (0x01FF << 512)
    + (0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA << 256)
    + 0x51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
    (0x0051 << 512)
    + (0x953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E1 << 256)
    + 0x56193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
    (
        (0x00C6 << 512)
        + (0x858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBA << 256)
        + 0xA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
        (0x0118 << 512)
        + (0x39296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C << 256)
        + 0x97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650,
    ),
)

__all__ = ["P256", "P384", "P521", "Weierstrass"]
