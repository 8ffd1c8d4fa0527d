# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""How records are protected: TLS 1.3, AEAD in TLS 1.2, and MAC then encrypt from SSL 3.0 on."""

from __future__ import annotations

import hashlib
import hmac
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._aead import Aead
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError
from ansible_collections.postmaster.tls.plugins.module_utils._tls._framing import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._record_layer import (
    record,
)


class Tls13Protection:
    """RFC 8446 section 5.2. An alert in clear is passed on: a server that lost its way may send one."""

    def __init__(self, cipher: Aead, iv: bytes) -> None:
        self._cipher = cipher
        self._iv = int.from_bytes(iv, "big")
        self._sequence = 0

    def seal(self, content: int, fragment: bytes) -> bytes:
        length = len(fragment) + 1 + self._cipher.overhead
        header = b"\x17\x03\x03" + length.to_bytes(2, "big")
        return header + self._cipher.seal(self._nonce(), fragment + bytes((content,)), header)

    def open(self, header: bytes, body: bytes) -> tuple[int, bytes]:
        if header[0] in (CHANGE_CIPHER_SPEC, ALERT):
            return header[0], body
        if header[0] != APPLICATION_DATA or len(body) < self._cipher.overhead:
            raise CryptoError("A record that must be encrypted is not")
        inner = self._cipher.open(self._nonce(), body, header).rstrip(b"\0")
        if not inner:
            raise CryptoError("A record has no type")
        return inner[-1], inner[:-1]

    def _nonce(self) -> bytes:
        nonce = (self._iv ^ self._sequence).to_bytes(12, "big")
        self._sequence += 1
        return nonce


class AeadProtection:
    """TLS 1.2 with an AEAD: a nonce with an explicit part (RFC 5288, RFC 6655), or without (RFC 7905)."""

    def __init__(self, cipher: Aead, iv: bytes) -> None:
        self._cipher = cipher
        self._iv = iv
        self._explicit = 12 - len(iv)
        self._sequence = 0

    def seal(self, content: int, fragment: bytes) -> bytes:
        explicit = self._sequence.to_bytes(8, "big")[: self._explicit]
        nonce = self._nonce(explicit)
        associated = self._associated(content, Protocol.TLSv1_2, fragment)
        sealed = self._cipher.seal(nonce, fragment, associated)
        return record(content, Protocol.TLSv1_2, explicit + sealed)

    def open(self, header: bytes, body: bytes) -> tuple[int, bytes]:
        if len(body) < self._explicit + self._cipher.overhead:
            raise CryptoError("A record is too short for its cipher")
        explicit, sealed = body[: self._explicit], body[self._explicit :]
        length = bytes(len(sealed) - self._cipher.overhead)
        version = int.from_bytes(header[1:3], "big")
        nonce = self._nonce(explicit)
        associated = self._associated(header[0], version, length)
        return header[0], self._cipher.open(nonce, sealed, associated)

    def _nonce(self, explicit: bytes) -> bytes:
        if self._explicit:
            return self._iv + explicit
        number = int.from_bytes(self._iv, "big") ^ self._sequence
        return number.to_bytes(12, "big")

    def _associated(self, content: int, version: int, fragment: bytes) -> bytes:
        sequence = self._sequence.to_bytes(8, "big")
        self._sequence += 1
        return sequence + record(content, version, fragment)[:5]


class Cipher(t.Protocol):
    """A cipher without authentication; C(block) is the size of its blocks, 1 for a stream."""

    block: int

    def encrypt(self, data: bytes) -> bytes:
        """The next data; whole blocks."""

    def decrypt(self, data: bytes) -> bytes:
        """The next data; whole blocks."""


class MacProtection:
    """MAC, then padding, then encryption (RFC 5246 section 6.2.3.2, RFC 2246 section 6.2.3.2, RFC 6101 section 5.2.3).

    TLS 1.1 and 1.2 begin a record with a block that only stands for the IV.
    """

    def __init__(
        self, cipher: Cipher, mac_key: bytes, *, name: str, version: Protocol, iv: bytes
    ) -> None:
        self._cipher = cipher
        self._mac_key = mac_key
        self._name = name
        self._version = version
        self._explicit = iv if version >= Protocol.TLSv1_1 and cipher.block > 1 else b""
        self._sequence = 0

    def seal(self, content: int, fragment: bytes) -> bytes:
        plain = self._explicit + fragment + self._mac(content, self._version, fragment)
        block = self._cipher.block
        if block > 1:
            padding = -(len(plain) + 1) % block
            plain += bytes((padding,)) * (padding + 1)
        return record(content, self._version, self._cipher.encrypt(plain))

    def open(self, header: bytes, body: bytes) -> tuple[int, bytes]:
        size = hashlib.new(self._name).digest_size
        block = self._cipher.block
        if len(body) % block or len(body) < len(self._explicit) + size:
            raise CryptoError("A record does not fit its cipher")
        plain = self._cipher.decrypt(body)[len(self._explicit) :]
        if block > 1:
            padding = plain[-1] + 1
            tail = plain[-padding:]
            if self._version > Protocol.SSLv3 and tail != bytes((padding - 1,)) * padding:
                raise CryptoError("A record has no sound padding")
            plain = plain[:-padding]
        fragment, mac = plain[:-size], plain[-size:]
        version = int.from_bytes(header[1:3], "big")
        if not hmac.compare_digest(mac, self._mac(header[0], version, fragment)):
            raise CryptoError("A record does not authenticate")
        return header[0], fragment

    def _mac(self, content: int, version: int, fragment: bytes) -> bytes:
        sequence = self._sequence.to_bytes(8, "big")
        self._sequence += 1
        data = record(content, version, fragment)
        if self._version > Protocol.SSLv3:
            return hmac.digest(self._mac_key, sequence + data, self._name)
        pads = 48 if self._name == "md5" else 40
        inner = self._mac_key + b"\x36" * pads + sequence + data[:1] + data[3:]
        outer = self._mac_key + b"\x5c" * pads + hashlib.new(self._name, inner).digest()
        return hashlib.new(self._name, outer).digest()


__all__ = ["AeadProtection", "Cipher", "MacProtection", "Tls13Protection"]
