# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a TLS server sends, built byte by byte, so that every length and value can be wrong on purpose."""

from __future__ import annotations

ALERT, HANDSHAKE, APPLICATION = 21, 22, 23
SERVER_HELLO, TICKET, CERTIFICATE, KEY_EXCHANGE, REQUEST, DONE, STATUS = 2, 4, 11, 12, 13, 14, 22
SSL3, TLS1, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
ECDHE_RSA, DHE_RSA, RSA_AES_CBC, AES_13 = 0xC02F, 0x009E, 0x002F, 0x1301
X25519, P256 = 29, 23
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
#: Any random bytes but those; RFC 8446 section 4.1.3.
RANDOM = bytes(range(32))


def number(value: int, width: int) -> bytes:
    return value.to_bytes(width, "big")


def vector(content: bytes, width: int) -> bytes:
    return number(len(content), width) + content


def record(content: bytes, kind: int = HANDSHAKE, *, version: int = TLS12) -> bytes:
    """One record, or as many as the content needs."""
    pieces = [content[at : at + 16384] for at in range(0, len(content), 16384)] or [b""]
    return b"".join(number(kind, 1) + number(version, 2) + vector(piece, 2) for piece in pieces)


def message(kind: int, body: bytes = b"") -> bytes:
    return number(kind, 1) + vector(body, 3)


def alert(description: int, level: int = 2) -> bytes:
    return record(bytes((level, description)), ALERT)


def extension(kind: int, content: bytes = b"") -> bytes:
    return number(kind, 2) + vector(content, 2)


def server_hello(
    suite: int = ECDHE_RSA,
    *extensions: bytes,
    version: int = TLS12,
    session: bytes = b"",
    compression: int = 0,
    random: bytes = RANDOM,
) -> bytes:
    body = number(version, 2) + random + vector(session, 1) + number(suite, 2)
    body += number(compression, 1)
    if extensions:
        body += vector(b"".join(extensions), 2)
    return message(SERVER_HELLO, body)


def hello13(
    hello: bytes,
    *more: bytes,
    suite: int = AES_13,
    group: int = X25519,
    version: int = TLS13,
    share: bytes | None = None,
    random: bytes = RETRY_RANDOM,
    session: bytes | None = None,
) -> bytes:
    """A HelloRetryRequest (or, with a share, a ServerHello) of TLS 1.3 that echoes the session id of this ClientHello."""
    key = b"" if share is None else vector(share, 2)
    return server_hello(
        suite,
        extension(43, number(version, 2)),
        extension(51, number(group, 2) + key),
        *more,
        session=session_of(hello) if session is None else session,
        random=random,
    )


def session_of(hello: bytes) -> bytes:
    """The session id of a ClientHello record."""
    return hello[44 : 44 + hello[43]]


def certificate(*ders: bytes) -> bytes:
    return message(CERTIFICATE, vector(b"".join(vector(der, 3) for der in ders), 3))


def ecdhe(
    point: bytes = bytes(range(1, 33)), *, curve: int = X25519, signature: bytes = bytes(256)
) -> bytes:
    parameters = b"\x03" + number(curve, 2) + vector(point, 1)
    return message(KEY_EXCHANGE, parameters + b"\x08\x04" + vector(signature, 2))


def dhe(prime: bytes, generator: bytes = b"\x02", public: bytes = b"\x04") -> bytes:
    parameters = b"".join(vector(part, 2) for part in (prime, generator, public))
    return message(KEY_EXCHANGE, parameters + b"\x08\x04" + vector(bytes(256), 2))


def request(*names: bytes) -> bytes:
    """A CertificateRequest of TLS 1.2."""
    listed = vector(b"".join(vector(name, 2) for name in names), 2)
    return message(REQUEST, vector(b"\x01", 1) + vector(b"\x08\x04", 2) + listed)


def flight(*messages: bytes, hello: bytes | None = None) -> bytes:
    """The records of a first flight up to TLS 1.2, with a leaf that no library reads, and ServerHelloDone."""
    first = server_hello() if hello is None else hello
    middle = messages or (certificate(b"leaf"), ecdhe())
    return record(first + b"".join(middle) + message(DONE))
