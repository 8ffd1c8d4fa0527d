# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""ChaCha20 on many blocks at once, and Poly1305 (RFC 8439).

A row of the state is one long integer: a lane of 64 bits for each word of 32, column by column, all blocks of a column
side by side.
"""

from __future__ import annotations

import typing as t

_CONSTANTS: t.Final = b"expand 32-byte k"
_PRIME: t.Final = (1 << 130) - 5
_CLAMP: t.Final = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF


def key_stream(key: bytes, nonce: bytes, length: int, counter: int = 0) -> bytes:
    """This many bytes from the block with this number on; the key has 32 bytes, the nonce 12."""
    count = -(-length // 64)
    counters = b"".join(number.to_bytes(8, "little") for number in range(counter, counter + count))
    start = [
        _row(_CONSTANTS, count),
        _row(key[:16], count),
        _row(key[16:], count),
        int.from_bytes(counters, "little") | _row(bytes(4) + nonce, count),
    ]
    mask = int.from_bytes(b"\xff\xff\xff\xff\0\0\0\0" * (4 * count), "little")
    ended = _mixed(start, count, mask)
    stream = bytearray(64 * count)
    words = memoryview(stream).cast("I")
    for row, (first, last) in enumerate(zip(start, ended)):
        content = ((first + last) & mask).to_bytes(32 * count, "little")
        lanes = memoryview(content).cast("I")[::2]
        for column in range(4):
            words[4 * row + column :: 16] = lanes[column * count : (column + 1) * count]
    return bytes(stream[:length])


def _row(words: bytes, count: int) -> int:
    lanes = b"".join((words[at : at + 4] + bytes(4)) * count for at in range(0, 16, 4))
    return int.from_bytes(lanes, "little")


def _mixed(rows: list[int], count: int, mask: int) -> list[int]:
    first, second, third, fourth = rows
    column, row = 64 * count, 256 * count
    for half in range(20):
        first = (first + second) & mask
        fourth ^= first
        fourth = (fourth << 16 | fourth >> 16) & mask
        third = (third + fourth) & mask
        second ^= third
        second = (second << 12 | second >> 20) & mask
        first = (first + second) & mask
        fourth ^= first
        fourth = (fourth << 8 | fourth >> 24) & mask
        third = (third + fourth) & mask
        second ^= third
        second = (second << 7 | second >> 25) & mask
        left, right = (3, 1) if half % 2 else (1, 3)
        second = (second >> left * column | second << row - left * column) & mask
        third = (third >> 2 * column | third << 2 * column) & mask
        fourth = (fourth >> right * column | fourth << row - right * column) & mask
    return [first, second, third, fourth]


def poly1305(key: bytes, message: bytes) -> bytes:
    """The tag of 16 bytes under a key of 32 bytes that is used once."""
    factor = int.from_bytes(key[:16], "little") & _CLAMP
    total = 0
    for at in range(0, len(message), 16):
        block = int.from_bytes(message[at : at + 16] + b"\x01", "little")
        total = (total + block) * factor % _PRIME
    total += int.from_bytes(key[16:], "little")
    return (total & ((1 << 128) - 1)).to_bytes(16, "little")


__all__ = ["key_stream", "poly1305"]
