# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS 1.3 server on paper that keeps to no rule: it encrypts whatever messages a test wants to be sent."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._aead import (
    ChaCha20Poly1305,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._key_agreement import (
    KeyPair,
    group,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._key_schedule import (
    KeySchedule,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._record_layer import record
from ansible_collections.postmaster.tls.plugins.module_utils._tls._record_protection import (
    Tls13Protection,
)
from ansible_collections.postmaster.tls.tests.support.server_bytes import (
    extension,
    message,
    vector,
)

X25519, CHACHA20 = 0x001D, 0x1303
EXTENSIONS, TICKET, CERTIFICATE, REQUEST, VERIFY, FINISHED = 8, 4, 11, 13, 15, 20


def certificate(*ders: bytes, extensions: bytes = b"") -> bytes:
    """A Certificate message, every certificate with these extensions."""
    entries = b"".join(vector(der, 3) + vector(extensions, 2) for der in ders)
    return message(CERTIFICATE, b"\0" + vector(entries, 3))


SOUND: t.Final = (
    message(EXTENSIONS, vector(b"", 2)),
    certificate(b"leaf"),
    message(VERIFY, b"\x08\x04" + vector(b"signature", 2)),
)


class PaperServer:
    """Answers one ClientHello of the exchange under test, which must have offered X25519 and ChaCha20."""

    def __init__(self, hello_record: bytes) -> None:
        self._hello = hello_record[5:]
        self._session_id = self._hello[39 : 39 + self._hello[38]]
        self._pair = KeyPair(group(X25519), lambda size: bytes(range(size)))
        self._schedule = KeySchedule("sha256")
        self.transcript = self._hello

    def server_hello(
        self,
        *,
        suite: int = CHACHA20,
        code: int = X25519,
        key: bytes | None = None,
        extra: bytes = b"",
    ) -> bytes:
        """A ServerHello in its record; the keys of the handshake follow from it."""
        public = self._pair.public if key is None else key
        share = extension(51, code.to_bytes(2, "big") + vector(public, 2))
        extensions = share + extension(43, b"\x03\x04") + extra
        body = b"\x03\x03" + bytes(32) + vector(self._session_id, 1) + suite.to_bytes(2, "big")
        raw = message(2, body + b"\0" + vector(extensions, 2))
        self.transcript += raw
        shared = self._pair.shared(self._client_key())
        self._schedule.handshake(shared, self.transcript)
        self.protect()
        return record(22, 0x0303, raw)

    def protect(self) -> None:
        """Encrypt with the secret of the present stage."""
        key, iv = self._schedule.keys(self._schedule.server, 32)
        self._protection = Tls13Protection(ChaCha20Poly1305(key), iv)

    def sealed(self, *messages: bytes, content: int = 22) -> bytes:
        """The messages in one encrypted record each."""
        sealed = b""
        for raw in messages:
            if content == 22:
                self.transcript += raw
            sealed += self._protection.seal(content, raw)
        return sealed

    def finished(self) -> bytes:
        """A sound Finished, and the keys of the application from now on."""
        raw = message(FINISHED, self._schedule.finished(self._schedule.server, self.transcript))
        sealed = self.sealed(raw)
        self._schedule.application(self.transcript)
        self.protect()
        return sealed

    def _client_key(self) -> bytes:
        start = self._hello.index(b"\0\x1d\0\x20") + 4
        return self._hello[start : start + 32]
