# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Public keys for the key_share of a hello that is not gone on with: well-formed, fresh, and nobody's.

The server computes with them (RFC 8446 section 4.2.8, FIPS 203 section 7.2, draft-ietf-tls-ecdhe-mlkem), so each is one
that it must accept. Where a fresh one would cost big numbers, the group's own generator stands: no secret is at stake.
"""

from __future__ import annotations

import typing as t

Entropy = t.Callable[[int], bytes]

# SEC 2 version 2, sections 2.4.2, 2.5.1 and 2.6.1: the base points, uncompressed.
_P256: t.Final = (
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
_P384: t.Final = (
    "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"
)
_P521: t.Final = (
    "0400c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66"
    "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650"
)
_POINTS: t.Final[dict[int, str]] = {0x0017: _P256, 0x0018: _P384, 0x0019: _P521}
_RANDOM: t.Final[dict[int, int]] = {0x001D: 32, 0x001E: 56}
# The length of the primes of RFC 7919 in bytes.
_PRIMES: t.Final[dict[int, int]] = {
    0x0100: 256,
    0x0101: 384,
    0x0102: 512,
    0x0103: 768,
    0x0104: 1024,
}
# The parts of a hybrid in the order of the wire: a named group, or the rank of an ML-KEM.
_HYBRIDS: t.Final[dict[int, tuple[tuple[str, int], ...]]] = {
    0x11EB: (("group", 0x0017), ("ml-kem", 3)),
    0x11EC: (("ml-kem", 3), ("group", 0x001D)),
    0x11ED: (("group", 0x0018), ("ml-kem", 4)),
}
_ML_KEM_MODULUS: t.Final = 3329


def is_grease(code: int) -> bool:
    """Whether a code point is one of the reserved ones of RFC 8701."""
    return code & 0x0F0F == 0x0A0A and code >> 8 == code & 0xFF


def key_share(group: int, entropy: Entropy) -> bytes:
    """The key_exchange bytes for a group; raises ValueError for a group without a key share here."""
    if is_grease(group):
        return b"\x00"
    if group in _POINTS:
        return bytes.fromhex(_POINTS[group])
    if group in _RANDOM:
        return entropy(_RANDOM[group])
    if group in _PRIMES:
        return (4).to_bytes(_PRIMES[group], "big")
    if group in _HYBRIDS:
        return b"".join(
            _ml_kem(number, entropy) if kind == "ml-kem" else key_share(number, entropy)
            for kind, number in _HYBRIDS[group]
        )
    raise ValueError(f"there is no key share for the group 0x{group:04X}")


def _ml_kem(rank: int, entropy: Entropy) -> bytes:
    """An encapsulation key: C(rank) polynomials of 256 coefficients below the modulus, 12 bits each, and a seed."""
    wanted = 256 * rank
    coefficients: list[int] = []
    while len(coefficients) < wanted:
        drawn = entropy(2 * wanted)
        for at in range(0, len(drawn), 2):
            number = (drawn[at] | drawn[at + 1] << 8) & 0x0FFF
            if number < _ML_KEM_MODULUS:
                coefficients.append(number)
    packed = bytearray()
    for low, high in zip(coefficients[0:wanted:2], coefficients[1:wanted:2]):
        packed += (low | high << 12).to_bytes(3, "little")
    return bytes(packed) + entropy(32)


__all__ = ["is_grease", "key_share"]
