# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The fields that a handshake to its end needs beyond those of the first flight."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import (
    Cursor,
    MalformedMessage,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._server_messages import (
    MOST_CERTIFICATES,
    extensions,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._server_messages import (
    staple as staple_of,
)

HELLO_REQUEST: t.Final = 0
CLIENT_HELLO: t.Final = 1
SERVER_HELLO: t.Final = 2
NEW_SESSION_TICKET: t.Final = 4
ENCRYPTED_EXTENSIONS: t.Final = 8
CERTIFICATE: t.Final = 11
SERVER_KEY_EXCHANGE: t.Final = 12
CERTIFICATE_REQUEST: t.Final = 13
SERVER_HELLO_DONE: t.Final = 14
CERTIFICATE_VERIFY: t.Final = 15
CLIENT_KEY_EXCHANGE: t.Final = 16
FINISHED: t.Final = 20
CERTIFICATE_STATUS: t.Final = 22
MESSAGE_HASH: t.Final = 254

STATUS_REQUEST: t.Final = 5
EXTENDED_MASTER_SECRET: t.Final = 23
SESSION_TICKET: t.Final = 35
PRE_SHARED_KEY: t.Final = 41
EARLY_DATA: t.Final = 42
COOKIE: t.Final = 44
PSK_MODES: t.Final = 45
AUTHORITIES: t.Final = 47
KEY_SHARE: t.Final = 51
RENEGOTIATION_INFO: t.Final = 0xFF01

_MOST_REPEATED: t.Final = 16 * 1024


@dataclass(frozen=True)
class Hello:
    """The random and the extensions of a ServerHello."""

    random: bytes
    extensions: dict[int, bytes]


def hello(body: bytes) -> Hello:
    """A ServerHello that the reader of first flights has understood."""
    cursor = Cursor(body, "ServerHello")
    cursor.take(2)
    random = cursor.take(32)
    cursor.vector(1)
    cursor.take(3)
    return Hello(random, extensions(cursor.vector(2), "ServerHello") if cursor.left else {})


def key_share(content: bytes) -> tuple[int, bytes]:
    """Group and key of a server's key_share."""
    cursor = Cursor(content, "key_share extension")
    return cursor.number(2), cursor.vector(2)


def encrypted_extensions(body: bytes) -> dict[int, bytes]:
    """The extensions of an EncryptedExtensions."""
    return extensions(Cursor(body, "EncryptedExtensions").vector(2), "EncryptedExtensions")


def certificates_13(body: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Chain and OCSP response of a Certificate message of TLS 1.3 (RFC 8446 section 4.4.2)."""
    cursor = Cursor(body, "Certificate message")
    cursor.vector(1)
    listed = Cursor(cursor.vector(3), "certificate list")
    if cursor.left:
        raise MalformedMessage("Bytes follow the certificate list")
    chain: list[bytes] = []
    staple = b""
    while listed.left:
        if len(chain) == MOST_CERTIFICATES:
            raise MalformedMessage(f"The server sent more than {MOST_CERTIFICATES} certificates")
        chain.append(listed.vector(3))
        status = extensions(listed.vector(2), "certificate").get(STATUS_REQUEST)
        if status is not None and len(chain) == 1:
            staple = staple_of(status)
    if not chain or not all(chain):
        raise MalformedMessage("The certificate list has no certificate, or an empty one")
    return tuple(chain), staple


@dataclass(frozen=True)
class CertificateRequest:
    """The context to repeat, and the DER names of the authorities."""

    context: bytes
    authorities: tuple[bytes, ...]


def certificate_request_13(body: bytes) -> CertificateRequest:
    """A CertificateRequest of TLS 1.3 (RFC 8446 section 4.3.2)."""
    cursor = Cursor(body, "CertificateRequest")
    context = cursor.vector(1)
    found = extensions(cursor.vector(2), "CertificateRequest")
    names: list[bytes] = []
    if AUTHORITIES in found:
        listed = Cursor(
            Cursor(found[AUTHORITIES], "list of authorities").vector(2), "list of authorities"
        )
        while listed.left:
            names.append(listed.vector(2))
    return CertificateRequest(context, tuple(names))


def repeatable(content: bytes, what: str) -> bytes:
    """What the client has to send back; raises MalformedMessage if it does not fit into a sound ClientHello."""
    if len(content) > _MOST_REPEATED:
        raise MalformedMessage(f"The server's {what} has {len(content)} bytes")
    return content


@dataclass(frozen=True)
class Ticket:
    """A NewSessionTicket: C(lifetime) in seconds; C(nonce), C(age_add) and C(early_data) in TLS 1.3 only."""

    lifetime: int
    ticket: bytes
    age_add: int = 0
    nonce: bytes = b""
    early_data: int = 0


def ticket_12(body: bytes) -> Ticket:
    """A NewSessionTicket up to TLS 1.2 (RFC 5077 section 3.3)."""
    cursor = Cursor(body, "NewSessionTicket")
    return Ticket(cursor.number(4), repeatable(cursor.vector(2), "ticket"))


def ticket_13(body: bytes) -> Ticket:
    """A NewSessionTicket of TLS 1.3 (RFC 8446 section 4.6.1)."""
    cursor = Cursor(body, "NewSessionTicket")
    lifetime, age_add, nonce = cursor.number(4), cursor.number(4), cursor.vector(1)
    ticket = repeatable(cursor.vector(2), "ticket")
    early = extensions(cursor.vector(2), "NewSessionTicket").get(EARLY_DATA, b"")
    return Ticket(lifetime, ticket, age_add, nonce, int.from_bytes(early[:4], "big"))


__all__ = [
    "AUTHORITIES",
    "CERTIFICATE",
    "CERTIFICATE_REQUEST",
    "CERTIFICATE_STATUS",
    "CERTIFICATE_VERIFY",
    "CLIENT_HELLO",
    "CLIENT_KEY_EXCHANGE",
    "COOKIE",
    "EARLY_DATA",
    "ENCRYPTED_EXTENSIONS",
    "EXTENDED_MASTER_SECRET",
    "FINISHED",
    "HELLO_REQUEST",
    "KEY_SHARE",
    "MESSAGE_HASH",
    "NEW_SESSION_TICKET",
    "PRE_SHARED_KEY",
    "PSK_MODES",
    "RENEGOTIATION_INFO",
    "SERVER_HELLO",
    "SERVER_HELLO_DONE",
    "SERVER_KEY_EXCHANGE",
    "SESSION_TICKET",
    "STATUS_REQUEST",
    "CertificateRequest",
    "Hello",
    "Ticket",
    "certificate_request_13",
    "certificates_13",
    "encrypted_extensions",
    "hello",
    "key_share",
    "repeatable",
    "ticket_12",
    "ticket_13",
]
