# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Records off a stream of bytes, and handshake messages off their fragments; neither may be longer than it can be.

RFC 8446 sections 5.1 and 4, the same in RFC 5246 sections 6.2 and 7.4.
"""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import MalformedMessage

CHANGE_CIPHER_SPEC: t.Final = 20
ALERT: t.Final = 21
HANDSHAKE: t.Final = 22
APPLICATION_DATA: t.Final = 23
HEARTBEAT: t.Final = 24

MOST_BYTES: t.Final = 256 * 1024
_MOST_IN_RECORD: t.Final = 16384 + 2048
_MOST_IN_MESSAGE: t.Final = 128 * 1024


class Oversized(Exception):
    """More than a sound server sends; the text says what."""


class NotTls(MalformedMessage):
    """Bytes that are no record at all."""


class Records:
    """The records of a server; C(last) is the highest type of content that there may be."""

    def __init__(self, last: int = APPLICATION_DATA) -> None:
        self._last = last
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        self._buffer += data

    def begun(self) -> int | None:
        """What the next record contains, None while its header is not there; raises NotTls for what is no record."""
        if len(self._buffer) < 5:
            return None
        if not CHANGE_CIPHER_SPEC <= self._buffer[0] <= self._last or self._buffer[1] != 3:
            start = _readable(bytes(self._buffer[:5]))
            raise NotTls(f"The server answered {start}, which is not TLS")
        return self._buffer[0]

    def take(self) -> tuple[bytes, bytes] | None:
        """Header and body of the record that has begun, None while it is not complete; raises Oversized."""
        length = int.from_bytes(self._buffer[3:5], "big")
        if length > _MOST_IN_RECORD:
            raise Oversized(f"a record claims {length} bytes")
        if len(self._buffer) < 5 + length:
            return None
        header, body = bytes(self._buffer[:5]), bytes(self._buffer[5 : 5 + length])
        del self._buffer[: 5 + length]
        return header, body


class Messages:
    """The handshake messages of a server."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun."""
        return bool(self._buffer)

    def feed(self, fragment: bytes) -> None:
        """The next part of them."""
        self._buffer += fragment

    def take(self) -> tuple[int, bytes] | None:
        """Type and body of the next message, None while it is not complete; raises Oversized."""
        if len(self._buffer) < 4:
            return None
        length = int.from_bytes(self._buffer[1:4], "big")
        if length > _MOST_IN_MESSAGE:
            raise Oversized(f"a handshake message claims {length} bytes")
        if len(self._buffer) < 4 + length:
            return None
        kind, body = self._buffer[0], bytes(self._buffer[4 : 4 + length])
        del self._buffer[: 4 + length]
        return kind, body


def _readable(start: bytes) -> str:
    """Bytes for people: as text if they are that, or else in hexadecimal."""
    text = start.decode("ascii", "replace").rstrip()
    return f'"{text}"' if text.isascii() and text.isprintable() else f"the bytes {start.hex(' ')}"


__all__ = [
    "ALERT",
    "APPLICATION_DATA",
    "CHANGE_CIPHER_SPEC",
    "HANDSHAKE",
    "HEARTBEAT",
    "MOST_BYTES",
    "Messages",
    "NotTls",
    "Oversized",
    "Records",
]
