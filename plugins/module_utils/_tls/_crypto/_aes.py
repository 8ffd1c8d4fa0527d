# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""AES (FIPS 197) on many blocks at once: byte tables for the substitution, long integers for the mixing.

A row of the state holds the bytes of all blocks, column by column, so that one translation and a few XORs are a step of
every block. Timing depends on nothing that is worth hiding: the probe's keys protect no mail.
"""

from __future__ import annotations

import functools
import typing as t


def _double(value: int) -> int:
    return (value << 1) ^ (0x11B if value & 0x80 else 0)


def _times(value: int, factor: int) -> int:
    product = 0
    while factor:
        if factor & 1:
            product ^= value
        value, factor = _double(value), factor >> 1
    return product


def _substitution() -> bytes:
    box = bytearray(256)
    power = inverse = 1
    while True:
        power ^= _double(power)
        for shift in (1, 2, 4):
            inverse ^= inverse << shift
        inverse &= 0xFF
        inverse ^= 0x09 if inverse & 0x80 else 0
        turned = inverse * 0x101
        box[power] = (turned ^ turned >> 7 ^ turned >> 6 ^ turned >> 5 ^ turned >> 4 ^ 0x63) & 0xFF
        if power == 1:
            box[0] = 0x63
            return bytes(box)


_BOX: t.Final = _substitution()
_BOX_DOUBLED: t.Final = bytes(_double(value) for value in _BOX)


@functools.cache
def _inverse() -> tuple[bytes, tuple[bytes, ...]]:
    """The inverse substitution, and the four products of the inverse mixing."""
    products = tuple(
        bytes(_times(value, factor) for value in range(256)) for factor in (14, 11, 13, 9)
    )
    return bytes(_BOX.index(value) for value in range(256)), products


class Aes:
    """AES under a key of 16 or 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._rounds = len(key) // 4 + 6
        self._words = _expanded(key, 4 * (self._rounds + 1))
        self._spread: dict[int, list[list[int]]] = {}

    def encrypt(self, blocks: bytes) -> bytes:
        """Each block of 16 bytes for itself."""
        count = len(blocks) // 16
        size, keys = 4 * count, self._keys(count)
        rows = [number ^ key for number, key in zip(_rows(blocks), keys[0])]
        for round_keys in keys[1:]:
            shifted = [
                _rotated(number.to_bytes(size, "big"), row * count)
                for row, number in enumerate(rows)
            ]
            once = [int.from_bytes(row.translate(_BOX), "big") for row in shifted]
            if round_keys is keys[-1]:
                rows = [number ^ key for number, key in zip(once, round_keys)]
                break
            twice = [int.from_bytes(row.translate(_BOX_DOUBLED), "big") for row in shifted]
            whole = once[0] ^ once[1] ^ once[2] ^ once[3]
            rows = [
                whole ^ once[row] ^ twice[row] ^ twice[row - 3] ^ round_keys[row]
                for row in range(4)
            ]
        return _blocks(rows, count)

    def decrypt(self, blocks: bytes) -> bytes:
        """Each block of 16 bytes for itself."""
        count = len(blocks) // 16
        size, keys = 4 * count, self._keys(count)[::-1]
        unbox, products = _inverse()
        rows = [number ^ key for number, key in zip(_rows(blocks), keys[0])]
        for round_keys in keys[1:]:
            rows = [
                int.from_bytes(
                    _rotated(number.to_bytes(size, "big").translate(unbox), -row * count), "big"
                )
                ^ round_keys[row]
                for row, number in enumerate(rows)
            ]
            if round_keys is not keys[-1]:
                rows = _unmixed([number.to_bytes(size, "big") for number in rows], products)
        return _blocks(rows, count)

    def _keys(self, count: int) -> list[list[int]]:
        """The round keys, a number for each row, repeated for this many blocks."""
        if count not in self._spread:
            self._spread = {
                count: [
                    [
                        int.from_bytes(
                            b"".join(
                                word[row : row + 1] * count for word in self._words[at : at + 4]
                            ),
                            "big",
                        )
                        for row in range(4)
                    ]
                    for at in range(0, len(self._words), 4)
                ]
            }
        return self._spread[count]


def _expanded(key: bytes, wanted: int) -> list[bytes]:
    """The key schedule (FIPS 197 section 5.2), in words of 4 bytes."""
    width = len(key) // 4
    words = [key[at : at + 4] for at in range(0, len(key), 4)]
    constant = 1
    while len(words) < wanted:
        word = words[-1]
        if len(words) % width == 0:
            word = _rotated(word, 1).translate(_BOX)
            word = bytes((word[0] ^ constant,)) + word[1:]
            constant = _double(constant)
        elif width > 6 and len(words) % width == 4:
            word = word.translate(_BOX)
        words.append(bytes(left ^ right for left, right in zip(words[-width], word)))
    return words


def _rotated(row: bytes, places: int) -> bytes:
    return row[places:] + row[:places]


def _rows(blocks: bytes) -> list[int]:
    return [
        int.from_bytes(b"".join(blocks[4 * column + row :: 16] for column in range(4)), "big")
        for row in range(4)
    ]


def _blocks(rows: list[int], count: int) -> bytes:
    blocks = bytearray(16 * count)
    for row, number in enumerate(rows):
        content = number.to_bytes(4 * count, "big")
        for column in range(4):
            blocks[4 * column + row :: 16] = content[column * count : (column + 1) * count]
    return bytes(blocks)


def _unmixed(rows: list[bytes], products: tuple[bytes, ...]) -> list[int]:
    parts = [[int.from_bytes(row.translate(table), "big") for table in products] for row in rows]
    return [
        parts[row][0] ^ parts[row - 3][1] ^ parts[row - 2][2] ^ parts[row - 1][3]
        for row in range(4)
    ]


__all__ = ["Aes"]
