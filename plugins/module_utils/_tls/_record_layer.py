# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Records off a stream of bytes and onto it, each direction under its own protection; bounded whatever comes."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._framing import (
    MOST_BYTES,
    Oversized,
    Records,
)

_MOST_RECORDS: t.Final = 1024
_MOST_PLAIN: t.Final = 16384


class Protection(t.Protocol):
    """What stands between a fragment and its record; both methods count the records."""

    def seal(self, content: int, fragment: bytes) -> bytes:
        """The whole record."""

    def open(self, header: bytes, body: bytes) -> tuple[int, bytes]:
        """The type of the content and the fragment; raises CryptoError if it was not made with these keys."""


class Plain:
    """No protection."""

    def __init__(self, version: int) -> None:
        self._version = version

    def seal(self, content: int, fragment: bytes) -> bytes:
        return record(content, self._version, fragment)

    def open(self, header: bytes, body: bytes) -> tuple[int, bytes]:
        return header[0], body


def record(content: int, version: int, body: bytes) -> bytes:
    """A record of this body."""
    return b"".join(
        (bytes((content,)), version.to_bytes(2, "big"), len(body).to_bytes(2, "big"), body)
    )


class RecordLayer:
    """Both directions of one connection; C(reading) and C(writing) are exchanged as the handshake goes on."""

    def __init__(self, version: int) -> None:
        self.reading: Protection = Plain(version)
        self.writing: Protection = Plain(version)
        self._records = Records()
        self._received = 0
        self._taken = 0
        self._read = 0
        self._most = MOST_BYTES

    @property
    def started(self) -> bool:
        """Whether anything came."""
        return self._received > 0

    def feed(self, data: bytes) -> None:
        """The next bytes of the server; raises Oversized when they are too many."""
        self._received += len(data)
        if self._received > MOST_BYTES:
            raise Oversized(f"the handshake is over {MOST_BYTES} bytes")
        self._records.feed(data)

    def allow(self, more: int) -> None:
        """Let the server send no more than so many further bytes."""
        self._most = min(self._most, self._read + more)

    def next(self) -> tuple[int, bytes] | None:
        """Type and fragment of the next record, None while it is not complete.

        Raises NotTls for what is no record, Oversized for too long or too many, CryptoError for a forged one.
        """
        record = self._records.take() if self._records.begun() is not None else None
        if record is None:
            return None
        header, body = record
        self._read += len(header) + len(body)
        if self._read > self._most:
            raise Oversized(f"over {self._most} bytes were sent")
        self._taken += 1
        if self._taken > _MOST_RECORDS:
            raise Oversized(f"the handshake has over {_MOST_RECORDS} records")
        content, fragment = self.reading.open(header, body)
        if len(fragment) > _MOST_PLAIN:
            raise Oversized(f"a record holds {len(fragment)} bytes")
        return content, fragment

    def wrap(self, content: int, payload: bytes) -> bytes:
        """The payload in as many records as it needs."""
        parts = [payload[at : at + _MOST_PLAIN] for at in range(0, len(payload), _MOST_PLAIN)]
        return b"".join(self.writing.seal(content, part) for part in parts)


__all__ = ["Plain", "Protection", "RecordLayer", "record"]
