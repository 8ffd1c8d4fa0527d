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
from ansible_collections.postmaster.tls.plugins.module_utils._tls._public_values import (
    check_dh,
    check_point,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

MOST_CERTIFICATES: t.Final = 64
_RETRY_RANDOM: t.Final = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
)
_SUPPORTED_VERSIONS: t.Final = 43
_KEY_SHARE: t.Final = 51
_MOST_IN_SESSION_ID: t.Final = 32
_NAMED_CURVE: t.Final = 3
_OCSP: t.Final = 1


def server_hello(body: bytes) -> ServerHello:
    """A ServerHello or HelloRetryRequest; raises MalformedMessage for anything else or for a version without a name."""
    cursor = Cursor(body, "ServerHello")
    version = cursor.number(2)
    random = cursor.take(32)
    session_id = cursor.vector(1)
    if len(session_id) > _MOST_IN_SESSION_ID:
        raise MalformedMessage(f"The session id has {len(session_id)} bytes")
    suite = cursor.number(2)
    compression = cursor.number(1)
    extensions = _extensions(cursor)
    retry = random == _RETRY_RANDOM
    if _SUPPORTED_VERSIONS in extensions:
        version = _selected_version(extensions[_SUPPORTED_VERSIONS])
    share = extensions.get(_KEY_SHARE)
    return ServerHello(
        _protocol(version),
        suite,
        None if share is None else _shared_group(share, retry=retry),
        retry,
        extensions=frozenset(extensions),
        compression=compression,
        session_id=session_id,
    )


def _protocol(version: int) -> Protocol:
    if version < Protocol.SSLv3 or version > Protocol.TLSv1_3:
        raise MalformedMessage(f"The server chose version 0x{version:04X}, which has no name")
    return Protocol(version)


def _extensions(cursor: Cursor) -> dict[int, bytes]:
    if not cursor.left:
        return {}
    block = cursor.vector(2)
    cursor.end()
    return extensions(block, "ServerHello")


def extensions(block: bytes, what: str) -> dict[int, bytes]:
    """Type and content of each extension in a block; raises MalformedMessage also for a repeated type."""
    cursor = Cursor(block, f"extension block of the {what}")
    found: dict[int, bytes] = {}
    while cursor.left:
        kind, content = cursor.number(2), cursor.vector(2)
        if kind in found:
            raise MalformedMessage(f"The {what} has the extension {kind} twice")
        found[kind] = content
    return found


def _selected_version(content: bytes) -> int:
    """RFC 8446 section 4.2.1: one version, and none before TLS 1.3."""
    cursor = Cursor(content, "supported_versions extension")
    version = cursor.number(2)
    cursor.end()
    if version < Protocol.TLSv1_3:
        raise MalformedMessage(f"The supported_versions extension names 0x{version:04X}")
    return version


def _shared_group(content: bytes, *, retry: bool) -> int:
    """RFC 8446 section 4.2.8: the group, and with it the key unless it is asked for."""
    cursor = Cursor(content, "key_share extension")
    group = cursor.number(2)
    if not retry:
        cursor.vector(2)
    cursor.end()
    return group


def certificates(body: bytes) -> tuple[bytes, ...]:
    """The DER certificates of a Certificate message up to TLS 1.2, leaf first, one at least, bounded in number."""
    cursor = Cursor(body, "Certificate message")
    listed = Cursor(cursor.vector(3), "certificate list")
    cursor.end()
    chain: list[bytes] = []
    while listed.left:
        if len(chain) == MOST_CERTIFICATES:
            raise MalformedMessage(f"The server sent more than {MOST_CERTIFICATES} certificates")
        chain.append(listed.vector(3))
    if not all(chain) or not chain:
        raise MalformedMessage("The certificate list has no certificate, or an empty one")
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
        check_point(group, cursor.vector(1))
    elif kind in ("DHE", "DHEPSK"):
        prime, generator = cursor.vector(2), cursor.vector(2)
        dh = DhParameters(int.from_bytes(prime, "big"), int.from_bytes(generator, "big"))
        check_dh(dh, int.from_bytes(cursor.vector(2), "big"))
    else:
        return KeyExchange()
    unsigned = suite is None or suite.authentication in ("anon", "PSK")
    scheme = None if unsigned else _signature(cursor, version)
    cursor.end()
    return KeyExchange(group, dh, scheme)


def _signature(cursor: Cursor, version: Protocol) -> int | None:
    """The scheme, which TLS 1.2 alone names, of a signature that is not verified."""
    scheme = cursor.number(2) if version == Protocol.TLSv1_2 else None
    if not cursor.vector(2):
        raise MalformedMessage("The signature of the ServerKeyExchange is empty")
    return scheme


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
    cursor.end()
    return tuple(names)


def staple(body: bytes) -> bytes:
    """The OCSP response of a CertificateStatus message (RFC 6066 section 8), the one kind that is asked for."""
    cursor = Cursor(body, "CertificateStatus")
    kind = cursor.number(1)
    if kind != _OCSP:
        raise MalformedMessage(f"The CertificateStatus is of kind {kind}")
    response = cursor.vector(3)
    cursor.end()
    return response


__all__ = [
    "MOST_CERTIFICATES",
    "KeyExchange",
    "MalformedMessage",
    "authorities",
    "certificates",
    "extensions",
    "key_exchange",
    "server_hello",
    "staple",
]
