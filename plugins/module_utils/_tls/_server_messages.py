# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The messages of a server's first flight, from bytes (RFC 5246 section 7.4, RFC 8446 section 4.1.3)."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    DhParameters,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import (
    Cursor,
    MalformedMessage,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

MOST_CERTIFICATES: t.Final = 64
_RETRY_RANDOM: t.Final = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
)
_SUPPORTED_VERSIONS: t.Final = 43
_KEY_SHARE: t.Final = 51
_NAMED_CURVE: t.Final = 3
_OCSP: t.Final = 1


def server_hello(body: bytes) -> ServerHello:
    """A ServerHello or HelloRetryRequest; raises MalformedMessage for anything else or for a version without a name."""
    cursor = Cursor(body, "ServerHello")
    version = cursor.number(2)
    random = cursor.take(32)
    session_id = cursor.vector(1)
    suite = cursor.number(2)
    compression = cursor.number(1)
    group = None
    kinds = []
    for kind, content in _extensions(cursor):
        kinds.append(kind)
        if kind == _SUPPORTED_VERSIONS:
            version = Cursor(content, "supported_versions extension").number(2)
        elif kind == _KEY_SHARE:
            group = Cursor(content, "key_share extension").number(2)
    return ServerHello(
        _protocol(version),
        suite,
        group,
        random == _RETRY_RANDOM,
        extensions=frozenset(kinds),
        compression=compression,
        session_id=session_id,
    )


def _protocol(version: int) -> Protocol:
    if version < Protocol.SSLv3 or version > Protocol.TLSv1_3:
        raise MalformedMessage(f"The server chose version 0x{version:04X}, which has no name")
    return Protocol(version)


def _extensions(cursor: Cursor) -> t.Iterator[tuple[int, bytes]]:
    if not cursor.left:
        return
    block = Cursor(cursor.vector(2), "extension block")
    if cursor.left:
        raise MalformedMessage("Bytes follow the extensions of the ServerHello")
    while block.left:
        yield block.number(2), block.vector(2)


def certificates(body: bytes) -> tuple[bytes, ...]:
    """The DER certificates of a Certificate message up to TLS 1.2, leaf first, bounded in number."""
    cursor = Cursor(body, "Certificate message")
    listed = Cursor(cursor.vector(3), "certificate list")
    if cursor.left:
        raise MalformedMessage("Bytes follow the certificate list")
    chain: list[bytes] = []
    while listed.left:
        if len(chain) == MOST_CERTIFICATES:
            raise MalformedMessage(f"The server sent more than {MOST_CERTIFICATES} certificates")
        chain.append(listed.vector(3))
    return tuple(chain)


class KeyExchange(t.NamedTuple):
    """What a ServerKeyExchange tells: the named group or the finite-field group, and the scheme of the signature."""

    group: int | None = None
    dh: DhParameters | None = None
    signature: int | None = None


def key_exchange(body: bytes, suite: Suite | None, version: Protocol) -> KeyExchange:
    """A ServerKeyExchange (RFC 5246 section 7.4.3, RFC 8422 section 5.4, RFC 4279 section 2) of this suite and version.

    Of an exchange that is neither DHE nor ECDHE nothing is read.
    """
    cursor = Cursor(body, "ServerKeyExchange")
    kind = suite.key_exchange if suite is not None else ""
    if kind.endswith("PSK"):
        cursor.vector(2)
    group, dh = None, None
    if kind in ("ECDHE", "ECDHEPSK"):
        if cursor.number(1) != _NAMED_CURVE:
            return KeyExchange()
        group = cursor.number(2)
        cursor.vector(1)
    elif kind in ("DHE", "DHEPSK"):
        prime, generator = cursor.vector(2), cursor.vector(2)
        dh = DhParameters(int.from_bytes(prime, "big"), int.from_bytes(generator, "big"))
        cursor.vector(2)
    signed = version == Protocol.TLSv1_2 and (group or dh) is not None
    return KeyExchange(group, dh, cursor.number(2) if signed and cursor.left else None)


def authorities(body: bytes, version: Protocol) -> tuple[bytes, ...]:
    """The DER names of the authorities in a CertificateRequest up to TLS 1.2 (RFC 5246 section 7.4.4)."""
    cursor = Cursor(body, "CertificateRequest")
    cursor.vector(1)
    if version == Protocol.TLSv1_2:
        cursor.vector(2)
    listed = Cursor(cursor.vector(2), "list of authorities")
    names: list[bytes] = []
    while listed.left:
        names.append(listed.vector(2))
    return tuple(names)


def staple(body: bytes) -> bytes:
    """The OCSP response of a CertificateStatus message (RFC 6066 section 8); empty for another kind of status."""
    cursor = Cursor(body, "CertificateStatus")
    return cursor.vector(3) if cursor.number(1) == _OCSP else b""


__all__ = [
    "MOST_CERTIFICATES",
    "KeyExchange",
    "MalformedMessage",
    "authorities",
    "certificates",
    "key_exchange",
    "server_hello",
    "staple",
]
