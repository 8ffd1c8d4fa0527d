# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""From the premaster secret to the protection of both directions, SSL 3.0 to TLS 1.2 (RFC 5246 sections 6.3 and 8.1)."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cipher_specs import (
    CipherSpec,
    spec,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import _prf
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._record_layer import Protection
from ansible_collections.postmaster.tls.plugins.module_utils._tls._record_protection import (
    AeadProtection,
    Cipher,
    MacProtection,
)

_SSL3_SENDERS: t.Final = {"client": b"CLNT", "server": b"SRVR"}


class MasterSecret:
    """The secret of one connection, once it is C(known) or C(agreed), and what is made of it."""

    def __init__(self, hello: ServerHello, client_random: bytes, server_random: bytes) -> None:
        self._version = hello.version
        self._cipher = t.cast(CipherSpec, spec(hello.suite))
        self._client_random = client_random
        self._server_random = server_random
        modern = hello.version >= Protocol.TLSv1_2
        self._hash = self._cipher.prf if modern else "md5-sha1"
        self.secret = b""

    def known(self, secret: bytes) -> None:
        """Go on with the secret of an earlier session."""
        self.secret = secret

    def agreed(self, premaster: bytes, transcript: bytes | None) -> None:
        """Make the secret; from the transcript up to the ClientKeyExchange where RFC 7627 was agreed on."""
        seed = self._client_random + self._server_random
        if self._version == Protocol.SSLv3:
            self.secret = _prf.ssl3_expanded(premaster, seed, 48)
        elif transcript is not None:
            session = _prf.hashed(transcript, self._hash)
            label = b"extended master secret"
            self.secret = _prf.prf(premaster, label, session, 48, self._hash)
        else:
            self.secret = _prf.prf(premaster, b"master secret", seed, 48, self._hash)

    def finished(self, sender: str, transcript: bytes) -> bytes:
        """The verify_data of C(client) or C(server)."""
        if self._version == Protocol.SSLv3:
            return _prf.ssl3_finished(transcript, _SSL3_SENDERS[sender], self.secret)
        label = f"{sender} finished".encode("ascii")
        return _prf.prf(self.secret, label, _prf.hashed(transcript, self._hash), 12, self._hash)

    def protection(self, sender: str, explicit: bytes) -> Protection:
        """What protects the records of C(client) or C(server); C(explicit) are 16 random bytes for a visible IV."""
        cipher = self._cipher
        mac_key, key, iv = (
            parts[0 if sender == "client" else 1]
            for parts in self._parts(cipher.mac_size, cipher.key_size, cipher.iv_size)
        )
        if not cipher.mac:
            return AeadProtection(cipher.aead(key), iv)
        return MacProtection(
            _plain_cipher(cipher, key, iv),
            mac_key,
            name=cipher.mac,
            version=self._version,
            iv=explicit[: len(iv)],
        )

    def _parts(self, *sizes: int) -> t.Iterator[tuple[bytes, bytes]]:
        """The key block, cut into a client's and a server's part of each size."""
        seed = self._server_random + self._client_random
        length = 2 * sum(sizes)
        if self._version == Protocol.SSLv3:
            block = _prf.ssl3_expanded(self.secret, seed, length)
        else:
            block = _prf.prf(self.secret, b"key expansion", seed, length, self._hash)
        at = 0
        for size in sizes:
            yield block[at : at + size], block[at + size : at + 2 * size]
            at += 2 * size


def _plain_cipher(cipher: CipherSpec, key: bytes, iv: bytes) -> Cipher:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import (  # noqa: PLC0415
        _ciphers,
    )

    if cipher.cipher == "NULL":
        return _ciphers.Null()
    if cipher.cipher == "RC4_128":
        return _ciphers.Rc4(key)
    if cipher.cipher.startswith("AES"):
        from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._aes import (  # noqa: PLC0415
            Aes,
        )

        return _ciphers.Cbc(Aes(key), iv)
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._des import (  # noqa: PLC0415
        TripleDes,
    )

    return _ciphers.Cbc(TripleDes(key), iv)


__all__ = ["MasterSecret"]
