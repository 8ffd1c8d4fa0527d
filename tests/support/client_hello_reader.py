# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorded ClientHello, from its bytes to the lines of a sender profile, without any of the code that writes hellos."""

from __future__ import annotations

import dataclasses
import struct
import typing as t
from dataclasses import dataclass

SERVER_NAME, PADDING, SESSION_TICKET, KEY_SHARE = 0, 21, 35, 51


@dataclass(frozen=True)
class Recorded:
    """The fields of a ClientHello, with the extensions as they stood on the wire."""

    record: int
    version: int
    session: int
    suites: tuple[int, ...]
    compressions: bytes
    extensions: tuple[tuple[int, bytes], ...]

    def sorted(self) -> Recorded:
        """The same with the extensions in the order of their numbers, for clients that shuffle them."""
        return dataclasses.replace(self, extensions=tuple(sorted(self.extensions)))

    def lines(self) -> list[str]:
        """What a profile says of it; the name, the padding and the key shares are made afresh for each hello."""
        found = [f"hello {self.record:04x} {self.version:04x} {self.session}"]
        width = 6 if self.record == 2 else 4
        found.append("suites " + " ".join(f"{suite:0{width}x}" for suite in self.suites))
        if self.compressions != b"\0":
            found.append(f"compressions {self.compressions.hex()}")
        if self.extensions:
            found.append("extensions " + " ".join(_extension(*pair) for pair in self.extensions))
        return found


def _extension(kind: int, content: bytes) -> str:
    if kind == SERVER_NAME:
        return f"{kind}=name"
    if kind == PADDING:
        return f"{kind}=padding"
    if kind == KEY_SHARE:
        return f"{kind}@" + ",".join(f"{group:04x}" for group in _share_groups(content))
    return f"{kind}={content.hex()}" if content else str(kind)


def _share_groups(content: bytes) -> t.Iterator[int]:
    position = 2
    while position < len(content):
        group, length = struct.unpack_from("!HH", content, position)
        yield group
        position += 4 + length


def read(data: bytes) -> Recorded:
    """The fields of one record with a ClientHello, or of an SSL 2.0 CLIENT-HELLO message."""
    if data[0] & 0x80:
        version, kinds, session, challenge = struct.unpack_from("!HHHH", data, 3)
        listed = data[11 : 11 + kinds]
        suites = tuple(int.from_bytes(listed[n : n + 3], "big") for n in range(0, kinds, 3))
        assert (session, len(data)) == (0, 11 + kinds + challenge)
        return Recorded(2, version, challenge, suites, b"\0", ())
    record = int.from_bytes(data[1:3], "big")
    assert (data[0], data[5], int.from_bytes(data[6:9], "big")) == (22, 1, len(data) - 9)
    version = int.from_bytes(data[9:11], "big")
    session, rest = _vector(data[43:], 1)
    suites_bytes, rest = _vector(rest, 2)
    compressions, rest = _vector(rest, 1)
    suites = struct.unpack(f"!{len(suites_bytes) // 2}H", suites_bytes)
    block = _vector(rest, 2)[0] if rest else b""
    return Recorded(record, version, len(session), suites, compressions, tuple(_pairs(block)))


def _pairs(block: bytes) -> t.Iterator[tuple[int, bytes]]:
    while block:
        kind = int.from_bytes(block[:2], "big")
        content, block = _vector(block[2:], 2)
        yield kind, content


def _vector(data: bytes, width: int) -> tuple[bytes, bytes]:
    end = width + int.from_bytes(data[:width], "big")
    assert end <= len(data)
    return data[width:end], data[end:]
