# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Triple DES (NIST SP 800-67, FIPS 46-3), for servers that know nothing better."""

from __future__ import annotations

import typing as t

_INITIAL: t.Final = tuple(
    row - 8 * column for row in (58, 60, 62, 64, 57, 59, 61, 63) for column in range(8)
)
_FINAL: t.Final = tuple(_INITIAL.index(place) + 1 for place in range(1, 65))
_PERMUTATION: t.Final = (
    *(16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10),
    *(2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25),
)
_KEY_HALVES: t.Final = (
    *(57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18),
    *(10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36),
    *(63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22),
    *(14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4),
)
_ROUND_KEY: t.Final = (
    *(14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4),
    *(26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30, 40),
    *(51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32),
)
_SHIFTS: t.Final = (1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1)
_BOXES: t.Final = (
    "e4d12fb83a6c5907 0f74e2d1a6cb9538 41e8d62bfc973a50 fc8249175b3ea06d",
    "f18e6b34972dc05a 3d47f28ec01a69b5 0e7ba4d158c6932f d8a13f42b67c05e9",
    "a09e63f51dc7b428 d709346a285ecbf1 d6498f30b12c5ae7 1ad069874fe3b52c",
    "7de3069a1285bc4f d8b56f03472c1ae9 a690cb7df13e5284 3f06a1d8945bc72e",
    "2c417ab6853fd0e9 eb2c47d150fa3986 421bad78f9c5630e b8c71e2d6f09a453",
    "c1af92680d34e75b af427c9561de0b38 9ef528c3704a1db6 432c95fabe17608d",
    "4b2ef08d3c975a61 d0b7491ae35c2f86 14bdc37eaf680592 6bd814a7950fe23c",
    "d2846fb1a93e50c7 1fd8a374c56b0e92 7b419ce206adf358 21e74a8dfc90356b",
)


def _picked(number: int, size: int, places: tuple[int, ...]) -> int:
    """The bits at these places, counted from 1 at the most significant of C(size)."""
    picked = 0
    for place in places:
        picked = picked << 1 | (number >> size - place & 1)
    return picked


def _substitutions() -> list[list[int]]:
    """For each box and its 6 bits what it adds to a round, after the permutation."""
    tables = []
    for number, box in enumerate(_BOXES):
        rows = box.split()
        table = []
        for value in range(64):
            digit = rows[value >> 4 & 2 | value & 1][value >> 1 & 15]
            table.append(_picked(int(digit, 16) << 4 * (7 - number), 32, _PERMUTATION))
        tables.append(table)
    return tables


_TABLES: t.Final = _substitutions()
_Keys = list[list[int]]


def _round_keys(key: bytes) -> _Keys:
    both = _picked(int.from_bytes(key, "big"), 64, _KEY_HALVES)
    left, right = both >> 28, both & 0xFFFFFFF
    keys = []
    for shift in _SHIFTS:
        left = (left << shift | left >> 28 - shift) & 0xFFFFFFF
        right = (right << shift | right >> 28 - shift) & 0xFFFFFFF
        number = _picked(left << 28 | right, 56, _ROUND_KEY)
        keys.append([number >> 42 - 6 * place & 63 for place in range(8)])
    return keys


class TripleDes:
    """Encrypt, decrypt, encrypt under the three parts of a key of 24 bytes."""

    def __init__(self, key: bytes) -> None:
        first, second, third = (_round_keys(key[at : at + 8]) for at in (0, 8, 16))
        self._forward = (first, second[::-1], third)
        self._backward = (third[::-1], second, first[::-1])

    def encrypt(self, blocks: bytes) -> bytes:
        """Each block of 8 bytes for itself."""
        return _each(blocks, self._forward)

    def decrypt(self, blocks: bytes) -> bytes:
        """Each block of 8 bytes for itself."""
        return _each(blocks, self._backward)


def _each(blocks: bytes, stages: tuple[_Keys, ...]) -> bytes:
    done = []
    for at in range(0, len(blocks), 8):
        number = _picked(int.from_bytes(blocks[at : at + 8], "big"), 64, _INITIAL)
        for keys in stages:
            number = _through(number, keys)
        done.append(_picked(number, 64, _FINAL).to_bytes(8, "big"))
    return b"".join(done)


def _through(number: int, keys: _Keys) -> int:
    """The 16 rounds, with the halves exchanged at the end."""
    left, right = number >> 32, number & 0xFFFFFFFF
    for key in keys:
        wide = (right & 1) << 33 | right << 1 | right >> 31
        mixed = left
        for place, (table, part) in enumerate(zip(_TABLES, key)):
            mixed ^= table[(wide >> 28 - 4 * place & 63) ^ part]
        left, right = right, mixed
    return right << 32 | left


__all__ = ["TripleDes"]
