# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Authenticated encryption with associated data: AES-GCM, AES-CCM and ChaCha20-Poly1305 behind one face."""

from __future__ import annotations

import hmac
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import _chacha
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._aes import Aes
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError


class Aead(t.Protocol):
    """A cipher under one key, with nonces of 12 bytes."""

    overhead: int

    def seal(self, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        """The ciphertext and its tag."""

    def open(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        """The plaintext; raises CryptoError if the tag is not right."""


class Gcm:
    """AES-GCM (NIST SP 800-38D) with a tag of 16 bytes."""

    overhead = 16

    def __init__(self, key: bytes) -> None:
        self._aes = Aes(key)
        self._tables: list[list[int]] = []

    def seal(self, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        mask, stream = self._stream(nonce, len(plain))
        sealed = _xor(plain, stream)
        return sealed + _xor(self._hash(associated, sealed), mask)

    def open(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        content, tag = sealed[:-16], sealed[-16:]
        mask, stream = self._stream(nonce, len(content))
        if not hmac.compare_digest(tag, _xor(self._hash(associated, content), mask)):
            raise CryptoError("A record does not authenticate")
        return _xor(content, stream)

    def _stream(self, nonce: bytes, length: int) -> tuple[bytes, bytes]:
        blocks = -(-length // 16) + 1
        counters = b"".join(nonce + number.to_bytes(4, "big") for number in range(1, blocks + 1))
        stream = self._aes.encrypt(counters)
        return stream[:16], stream[16 : 16 + length]

    def _hash(self, associated: bytes, content: bytes) -> bytes:
        lengths = (8 * len(associated)).to_bytes(8, "big") + (8 * len(content)).to_bytes(8, "big")
        data = _padded(associated) + _padded(content) + lengths
        tables = self._tables = self._tables or _products(self._aes.encrypt(bytes(16)))
        state = 0
        for at in range(0, len(data), 16):
            mixed = (state ^ int.from_bytes(data[at : at + 16], "big")).to_bytes(16, "big")
            state = 0
            for table, value in zip(tables, mixed):
                state ^= table[value]
        return state.to_bytes(16, "big")


class Ccm:
    """AES-CCM (RFC 3610, RFC 6655) with a tag of 16 or 8 bytes and a length of 3 bytes."""

    def __init__(self, key: bytes, overhead: int) -> None:
        self._aes = Aes(key)
        self.overhead = overhead

    def seal(self, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        mask, stream = self._stream(nonce, len(plain))
        return _xor(plain, stream) + _xor(self._tag(nonce, plain, associated), mask)

    def open(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        content, tag = sealed[: -self.overhead], sealed[-self.overhead :]
        mask, stream = self._stream(nonce, len(content))
        plain = _xor(content, stream)
        if not hmac.compare_digest(tag, _xor(self._tag(nonce, plain, associated), mask)):
            raise CryptoError("A record does not authenticate")
        return plain

    def _stream(self, nonce: bytes, length: int) -> tuple[bytes, bytes]:
        counters = b"".join(
            b"\x02" + nonce + number.to_bytes(3, "big") for number in range(-(-length // 16) + 1)
        )
        stream = self._aes.encrypt(counters)
        return stream[: self.overhead], stream[16 : 16 + length]

    def _tag(self, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        flags = 0x40 + 8 * (self.overhead // 2 - 1) + 2
        head = bytes((flags,)) + nonce + len(plain).to_bytes(3, "big")
        prefixed = len(associated).to_bytes(2, "big") + associated
        data = head + _padded(prefixed) + _padded(plain)
        state = bytes(16)
        for at in range(0, len(data), 16):
            state = self._aes.encrypt(_xor(state, data[at : at + 16]))
        return state[: self.overhead]


class ChaCha20Poly1305:
    """ChaCha20-Poly1305 (RFC 8439 section 2.8)."""

    overhead = 16

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        stream = _chacha.key_stream(self._key, nonce, 64 + len(plain))
        sealed = _xor(plain, stream[64:])
        return sealed + self._tag(stream, sealed, associated)

    def open(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        content, tag = sealed[:-16], sealed[-16:]
        stream = _chacha.key_stream(self._key, nonce, 64 + len(content))
        if not hmac.compare_digest(tag, self._tag(stream, content, associated)):
            raise CryptoError("A record does not authenticate")
        return _xor(content, stream[64:])

    def _tag(self, stream: bytes, content: bytes, associated: bytes) -> bytes:
        lengths = len(associated).to_bytes(8, "little") + len(content).to_bytes(8, "little")
        data = _padded(associated) + _padded(content) + lengths
        return _chacha.poly1305(stream[:32], data)


def _xor(left: bytes, right: bytes) -> bytes:
    """The XOR of two texts, as long as the first, which is the shorter one."""
    size = len(left)
    number = int.from_bytes(left, "big") ^ int.from_bytes(right[:size], "big")
    return number.to_bytes(size, "big")


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 16)


def _products(subkey: bytes) -> list[list[int]]:
    """For each byte of a block the products of its 256 values with the hash subkey."""
    power = int.from_bytes(subkey, "big")
    tables = []
    for _place in range(16):
        bits = []
        for _bit in range(8):
            bits.append(power)
            power = power >> 1 ^ (0xE1 << 120 if power & 1 else 0)
        table = [0]
        for value in reversed(bits):
            table += [value ^ other for other in table]
        tables.append(table)
    return tables


__all__ = ["Aead", "Ccm", "ChaCha20Poly1305", "Gcm"]
