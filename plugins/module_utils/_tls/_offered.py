# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a ClientHello offered, read from its own bytes, and what a server must not answer to it."""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import Cursor
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_RECORD_AND_MESSAGE: t.Final = 5 + 4
_KEY_SHARE: t.Final = 51
_COOKIE: t.Final = 44
_RENEGOTIATION_INFO: t.Final = 0xFF01
_SIGNAL_OF_IT: t.Final = 0x00FF


@dataclass(frozen=True)
class Offered:
    """The parts of a ClientHello that an answer must agree with."""

    session_id: bytes
    suites: frozenset[int]
    extensions: frozenset[int]
    shares: frozenset[int]

    def contradiction(self, answer: ServerHello) -> str:
        """What a client must refuse in this answer; empty if nothing.

        RFC 8446 section 4.2 and RFC 5246 section 7.4.1.4 forbid extensions that were not asked for, but for the cookie
        of a HelloRetryRequest and for what the signalling suite of RFC 5746 stands for. Section 4.1.3 wants the
        session id back in TLS 1.3, and a key share only for a group that had one.
        """
        unasked = sorted(answer.extensions - self.extensions - self._free(answer))
        if unasked:
            return f"the extension {unasked[0]}"
        if answer.version < Protocol.TLSv1_3:
            return ""
        if answer.session_id != self.session_id:
            return "another session id"
        if not answer.retry and answer.group not in self.shares:
            return "a key share"
        return ""

    def _free(self, answer: ServerHello) -> set[int]:
        free = {_COOKIE} if answer.retry else set()
        return free | ({_RENEGOTIATION_INFO} if _SIGNAL_OF_IT in self.suites else set())


def offered(hello: bytes) -> Offered:
    """The offer of a ClientHello in one TLS record (RFC 8446 section 4.1.2)."""
    cursor = Cursor(hello[_RECORD_AND_MESSAGE:], "ClientHello")
    cursor.take(2 + 32)
    session_id = cursor.vector(1)
    suites = _numbers(cursor.vector(2))
    cursor.vector(1)
    extensions = _pairs(cursor.vector(2) if cursor.left else b"")
    shares = _pairs(extensions.get(_KEY_SHARE, b"\0\0")[2:])
    return Offered(session_id, suites, frozenset(extensions), frozenset(shares))


def _pairs(content: bytes) -> dict[int, bytes]:
    """Numbers of two bytes, each with a vector of at most 65535 bytes."""
    found, at = {}, 0
    while at < len(content):
        kind, length = struct.unpack_from("!HH", content, at)
        found[kind] = content[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def _numbers(content: bytes) -> frozenset[int]:
    return frozenset(struct.unpack(f"!{len(content) // 2}H", content))


__all__ = ["Offered", "offered"]
