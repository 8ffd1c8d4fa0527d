# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Ciphers without authentication, as SSL 3.0 to TLS 1.2 chain them from record to record."""

from __future__ import annotations

import typing as t


class BlockCipher(t.Protocol):
    """A cipher of single blocks, many at a time."""

    def encrypt(self, blocks: bytes) -> bytes:
        """Each block for itself."""

    def decrypt(self, blocks: bytes) -> bytes:
        """Each block for itself."""


class Cbc:
    """Cipher block chaining: each record goes on from the last block of the one before."""

    def __init__(self, cipher: BlockCipher, iv: bytes) -> None:
        self._cipher = cipher
        self._last = iv
        self.block = len(iv)

    def encrypt(self, data: bytes) -> bytes:
        size = self.block
        blocks = []
        for at in range(0, len(data), size):
            self._last = self._cipher.encrypt(_xor(data[at : at + size], self._last))
            blocks.append(self._last)
        return b"".join(blocks)

    def decrypt(self, data: bytes) -> bytes:
        if not data:
            return b""
        plain = _xor(self._cipher.decrypt(data), self._last + data[: -self.block])
        self._last = data[-self.block :]
        return plain


class Rc4:
    """The stream cipher RC4."""

    block = 1

    def __init__(self, key: bytes) -> None:
        state = list(range(256))
        mixed = 0
        for place in range(256):
            mixed = (mixed + state[place] + key[place % len(key)]) & 0xFF
            state[place], state[mixed] = state[mixed], state[place]
        self._state = state
        self._place = self._mixed = 0

    def encrypt(self, data: bytes) -> bytes:
        state, place, mixed = self._state, self._place, self._mixed
        stream = bytearray()
        for _byte in data:
            place = (place + 1) & 0xFF
            mixed = (mixed + state[place]) & 0xFF
            state[place], state[mixed] = state[mixed], state[place]
            stream.append(state[(state[place] + state[mixed]) & 0xFF])
        self._place, self._mixed = place, mixed
        return _xor(data, bytes(stream))

    decrypt = encrypt


class Null:
    """No encryption."""

    block = 1

    def encrypt(self, data: bytes) -> bytes:
        return data

    decrypt = encrypt


def _xor(left: bytes, right: bytes) -> bytes:
    number = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return number.to_bytes(len(left), "big")


__all__ = ["BlockCipher", "Cbc", "Null", "Rc4"]
