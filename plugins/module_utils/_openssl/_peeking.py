# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a context answers to a ClientHello: the bytes, or only the suite that it chooses, which costs no signature.

Runs in the child, after `_binding.py` and before `_child.py`. OpenSSL calls the function for stapled responses when it
has chosen suite, certificate and signature scheme (tls_handle_status_request() of ssl/statem/statem_srvr.c); a hello
that asks for a response is looked at there, and broken off. Without a certificate the function is not called. Below
TLS 1.3 the one that decides whether a session can be resumed is, which cannot break off: it raises the security level, so
that the library refuses the parameters of DHE before it makes a key (tls_construct_server_key_exchange() of the same file),
which takes ten times as long as all the rest. Of what neither is called for, the ServerHello tells.
"""

from __future__ import annotations

import ctypes

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._binding import (
    RESUMABLE_CALLBACK,
    STATUS_CALLBACK,
    Binding,
)

PENDING = 10
SET_STATUS_CALLBACK = 63
ABORT, NOTHING = 2, 3
HANDSHAKE, SERVER_HELLO = 22, 2
WITHOUT_CERTIFICATE = 1053  # NID_auth_null of include/openssl/obj_mac.h
HIGHEST_LEVEL = 5
TLS1_3 = 0x0304
SESSION_AT = 43
KEY_SHARE = 51
# The random of a HelloRetryRequest (RFC 8446 section 4.1.3).
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


class Peek:
    """What was seen of one handshake in the callbacks."""

    wanted = False
    suite = 0
    version = 0


def watch(library: Binding, context: int) -> None:
    """Let the context report its choice."""

    def note(connection: int, cipher: int | None) -> None:
        Peek.version = library.SSL_version(connection)
        Peek.suite = library.SSL_CIPHER_get_id(cipher) & 0xFFFF if cipher else 0

    def look(connection: int, _data: object) -> int:
        if not Peek.wanted:
            return NOTHING
        note(connection, library.SSL_get_pending_cipher(connection))
        return ABORT

    def resumable(connection: int, _forward_secret: int) -> int:
        if Peek.wanted and library.SSL_version(connection) < TLS1_3:
            cipher = library.SSL_get_pending_cipher(connection)
            if cipher and library.SSL_CIPHER_get_auth_nid(cipher) == WITHOUT_CERTIFICATE:
                note(connection, cipher)
                library.SSL_set_security_level(connection, HIGHEST_LEVEL)
        return 0

    callbacks = STATUS_CALLBACK(look), RESUMABLE_CALLBACK(resumable)
    library.callbacks += callbacks
    library.SSL_CTX_callback_ctrl(context, SET_STATUS_CALLBACK, callbacks[0])
    library.SSL_CTX_set_not_resumable_session_callback(context, callbacks[1])


class Connection:
    """One fresh connection of a context, without a network."""

    def __init__(self, library: Binding, context: int, state: str) -> None:
        self._library = library
        self._number = library.SSL_new(context)
        self._incoming, self._outgoing = (library.BIO_new(library.BIO_s_mem()) for _side in "io")
        library.SSL_set_bio(self._number, self._incoming, self._outgoing)
        getattr(library, state)(self._number)

    def feed(self, received: bytes) -> bytes:
        """What it sends after it has received these bytes."""
        library = self._library
        if received:
            library.BIO_write(self._incoming, received, len(received))
        library.SSL_do_handshake(self._number)
        size = library.BIO_ctrl(self._outgoing, PENDING, 0, None)
        buffer = ctypes.create_string_buffer(max(size, 1))
        count = library.BIO_read(self._outgoing, buffer, size) if size else 0
        return buffer.raw[: max(count, 0)]

    def close(self) -> None:
        self._library.SSL_free(self._number)
        self._library.ERR_clear_error()


def flight(library: Binding, context: int, state: str, received: bytes) -> bytes:
    """What one fresh connection of the context sends after it has received these bytes."""
    connection = Connection(library, context, state)
    sent = connection.feed(received)
    connection.close()
    return sent


def wanted_group(sent: bytes) -> int:
    """The group that a HelloRetryRequest asks for (RFC 8446 section 4.1.4); 0 for anything else."""
    if len(sent) < SESSION_AT + 1 or sent[0] != HANDSHAKE or sent[5] != SERVER_HELLO:
        return 0
    at, end = SESSION_AT + 1 + sent[SESSION_AT] + 5, 9 + int.from_bytes(sent[6:9], "big")
    while sent[11:SESSION_AT] == RETRY and at + 6 <= end:
        kind, length = int.from_bytes(sent[at : at + 2], "big"), sent[at + 2] << 8 | sent[at + 3]
        if (kind, length) == (KEY_SHARE, 2):
            return int.from_bytes(sent[at + 4 : at + 6], "big")
        at += 4 + length
    return 0


def talk(library: Binding, context: int, hello: bytes, retries: dict[int, bytes]) -> list[bytes]:
    """What a server sends after a hello, and after the second one if it asks for a group of the retries."""
    connection = Connection(library, context, "SSL_set_accept_state")
    sent = [connection.feed(hello)]
    second = retries.get(wanted_group(sent[0]))
    if second:
        sent.append(connection.feed(second))
    connection.close()
    return sent


def answer(library: Binding, context: int, hello: bytes) -> bytes:
    """The bytes that a server sends after a hello."""
    return flight(library, context, "SSL_set_accept_state", hello)


def chosen(library: Binding, context: int, protocol: int, hello: bytes) -> int:
    """The suite that a server chooses in this version; 0 if there is none, or another version is chosen."""
    Peek.wanted, Peek.suite = True, 0
    sent = answer(library, context, hello)
    Peek.wanted = False
    if Peek.suite:
        return Peek.suite if Peek.version == protocol else 0
    if len(sent) < SESSION_AT + 3 or sent[0] != HANDSHAKE or sent[5] != SERVER_HELLO:
        return 0
    if protocol < TLS1_3 and int.from_bytes(sent[9:11], "big") != protocol:
        return 0
    after = SESSION_AT + 1 + sent[SESSION_AT]
    return int.from_bytes(sent[after : after + 2], "big")


def offering(hello: bytes, suites: list[int]) -> bytes:
    """The same hello with other suites."""
    start = SESSION_AT + 1 + hello[SESSION_AT]
    end = start + 2 + int.from_bytes(hello[start : start + 2], "big")
    listed = b"".join(code.to_bytes(2, "big") for code in suites)
    body = hello[9:start] + len(listed).to_bytes(2, "big") + listed + hello[end:]
    message = hello[5:6] + len(body).to_bytes(3, "big") + body
    return hello[:3] + len(message).to_bytes(2, "big") + message


def choices(
    library: Binding, context: int, protocol: int, hello: bytes, suites: list[int]
) -> tuple[list[int], bytes]:
    """Every suite of the list that is chosen, by elimination, and the bytes of one answer to all that were."""
    left, picked = list(suites), list[int]()
    while left:
        code = chosen(library, context, protocol, offering(hello, left))
        if code not in left:
            break
        picked.append(code)
        left.remove(code)
    sent = answer(library, context, offering(hello, picked)) if picked else b""
    return picked, sent


__all__ = ["answer", "choices", "chosen", "flight", "offering", "talk", "watch"]
