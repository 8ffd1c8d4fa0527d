# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a ClientHello offers: reads the bytes that a TLS client sends first (RFC 8446 section 4.1.2)."""

from __future__ import annotations

import struct

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_SUPPORTED_GROUPS, _SIGNATURE_ALGORITHMS, _SUPPORTED_VERSIONS = 10, 13, 43
_SIGNALLING = frozenset({0x00FF, 0x5600})


@dataclass(frozen=True)
class ClientOffer:
    """Code points in the client's order; signalling values (RFC 5746, RFC 7507) are left out of `suites`."""

    versions: tuple[int, ...]
    suites: tuple[int, ...]
    groups: tuple[int, ...]
    signatures: tuple[int, ...]


def _words(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(data) // 2}H", data[: len(data) // 2 * 2])


def _handshake(records: bytes) -> bytes:
    message, position = b"", 0
    while position + 5 <= len(records) and records[position] == 22:
        length = int.from_bytes(records[position + 3 : position + 5], "big")
        message += records[position + 5 : position + 5 + length]
        position += 5 + length
    return message


def _extensions(data: bytes) -> dict[int, bytes]:
    found, position = {}, 0
    while position + 4 <= len(data):
        kind, length = struct.unpack_from(">HH", data, position)
        found[kind] = data[position + 4 : position + 4 + length]
        position += 4 + length
    return found


def parse_offer(records: bytes) -> ClientOffer:
    """Read the first flight of a client. Raises InvalidInput if it is not a ClientHello."""
    message = _handshake(records)
    if len(message) < 42 or message[0] != 1:
        raise InvalidInput("The library did not send a ClientHello.")
    legacy = int.from_bytes(message[4:6], "big")
    position = 38 + 1 + message[38]
    length = int.from_bytes(message[position : position + 2], "big")
    suites = _words(message[position + 2 : position + 2 + length])
    position += 2 + length
    position += 1 + message[position]
    extensions = _extensions(message[position + 2 :])
    versions = _words(extensions.get(_SUPPORTED_VERSIONS, b"\0")[1:])
    return ClientOffer(
        versions=versions or tuple(range(legacy, 0x0300, -1)),
        suites=tuple(suite for suite in suites if suite not in _SIGNALLING),
        groups=_words(extensions.get(_SUPPORTED_GROUPS, b"")[2:]),
        signatures=_words(extensions.get(_SIGNATURE_ALGORITHMS, b"")[2:]),
    )


__all__ = ["ClientOffer", "parse_offer"]
