# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The ClientKeyExchange up to TLS 1.2, and the premaster secret that it leads to (RFC 5246 section 7.4.7, RFC 8422)."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._channel import HandshakeFailed
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cipher_specs import spec
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._key_agreement import (
    KeyPair,
    group,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import Cursor
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol


@dataclass(frozen=True)
class ClientKey:
    """The body of the message, and the secret of both sides."""

    message: bytes
    premaster: bytes


def client_key(
    hello: ServerHello, server_key: bytes, *, entropy: t.Callable[[int], bytes]
) -> ClientKey:
    """Our part of the key exchange of this suite; C(server_key) is the body of the ServerKeyExchange, if there was one.

    Raises CryptoError, HandshakeFailed or MalformedMessage for what cannot be computed or makes no sense.
    """
    known = spec(hello.suite)
    kind = known.suite.key_exchange if known is not None else ""
    if kind == "RSA":
        return _encrypted(hello, entropy)
    if not server_key:
        raise HandshakeFailed("The server sent no key")
    cursor = Cursor(server_key, "ServerKeyExchange")
    if kind == "ECDHE":
        if cursor.number(1) != 3:
            raise HandshakeFailed("The server's curve has no name")
        pair = KeyPair(group(cursor.number(2)), entropy)
        premaster = pair.shared(cursor.vector(1))
        return ClientKey(bytes((len(pair.public),)) + pair.public, premaster)
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._finite_field import (  # noqa: PLC0415
        FiniteField,
    )

    prime = int.from_bytes(cursor.vector(2), "big")
    generator = int.from_bytes(cursor.vector(2), "big")
    pair = KeyPair(FiniteField("DH", prime, generator), entropy)
    premaster = pair.shared(cursor.vector(2)).lstrip(b"\0")
    return ClientKey(len(pair.public).to_bytes(2, "big") + pair.public, premaster)


def _encrypted(hello: ServerHello, entropy: t.Callable[[int], bytes]) -> ClientKey:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import (  # noqa: PLC0415
        _rsa,
    )

    if not hello.certificates:
        raise HandshakeFailed("The server sent no certificate to encrypt to")
    premaster = hello.version.to_bytes(2, "big") + entropy(46)
    message = _rsa.public_key(hello.certificates[0]).encrypted(premaster, entropy)
    length = b"" if hello.version == Protocol.SSLv3 else len(message).to_bytes(2, "big")
    return ClientKey(length + message, premaster)


__all__ = ["ClientKey", "client_key"]
