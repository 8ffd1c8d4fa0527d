# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The key schedule of TLS 1.3 (RFC 8446 section 7.1)."""

from __future__ import annotations

import hashlib
import hmac


def expand_label(secret: bytes, label: bytes, context: bytes, length: int, name: str) -> bytes:
    """HKDF-Expand-Label with the hash of this name."""
    full = b"tls13 " + label
    info = length.to_bytes(2, "big") + bytes((len(full),)) + full
    info += bytes((len(context),)) + context
    output = block = b""
    counter = 1
    while len(output) < length:
        block = hmac.digest(secret, block + info + bytes((counter,)), name)
        output += block
        counter += 1
    return output[:length]


class KeySchedule:
    """The secrets of a connection, stage by stage; a transcript is what its hash is made from."""

    def __init__(self, name: str, psk: bytes = b"") -> None:
        self._name = name
        self._size = hashlib.new(name).digest_size
        self._current = hmac.digest(bytes(self._size), psk or bytes(self._size), name)
        self.client = self.server = b""

    def hashed(self, transcript: bytes) -> bytes:
        """The hash of a transcript."""
        return hashlib.new(self._name, transcript).digest()

    def derived(self, secret: bytes, label: bytes, transcript: bytes) -> bytes:
        """Derive-Secret."""
        return expand_label(secret, label, self.hashed(transcript), self._size, self._name)

    def binder(self, transcript: bytes) -> bytes:
        """The PSK binder over a truncated ClientHello (RFC 8446 section 4.2.11.2), in the early stage."""
        return self.finished(self.derived(self._current, b"res binder", b""), transcript)

    def handshake(self, shared: bytes, transcript: bytes) -> None:
        """Go on to the handshake stage, after the ServerHello."""
        self._advance(shared)
        self.client = self.derived(self._current, b"c hs traffic", transcript)
        self.server = self.derived(self._current, b"s hs traffic", transcript)

    def application(self, transcript: bytes) -> None:
        """Go on to the application stage, after the server's Finished."""
        self._advance(bytes(self._size))
        self.client = self.derived(self._current, b"c ap traffic", transcript)
        self.server = self.derived(self._current, b"s ap traffic", transcript)

    def ticket_secret(self, transcript: bytes, nonce: bytes) -> bytes:
        """The PSK of a ticket; the transcript ends with the client's Finished."""
        master = self.derived(self._current, b"res master", transcript)
        return expand_label(master, b"resumption", nonce, self._size, self._name)

    def finished(self, secret: bytes, transcript: bytes) -> bytes:
        """The verify_data of a Finished under a traffic secret."""
        key = expand_label(secret, b"finished", b"", self._size, self._name)
        return hmac.digest(key, self.hashed(transcript), self._name)

    def keys(self, secret: bytes, length: int) -> tuple[bytes, bytes]:
        """Key of this length and IV of a traffic secret."""
        return (
            expand_label(secret, b"key", b"", length, self._name),
            expand_label(secret, b"iv", b"", 12, self._name),
        )

    def _advance(self, given: bytes) -> None:
        salt = self.derived(self._current, b"derived", b"")
        self._current = hmac.digest(salt, given, self._name)


__all__ = ["KeySchedule", "expand_label"]
