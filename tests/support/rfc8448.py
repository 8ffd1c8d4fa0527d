# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trace of RFC 8448 section 3: a handshake with its keys, and every record of it."""

from __future__ import annotations

import typing as t
from pathlib import Path

_FILE = Path(__file__).parents[1] / "fixtures" / "rfc8448" / "simple_1rtt.txt"


def _read() -> t.Iterator[tuple[str, bytes]]:
    for line in _FILE.read_text().splitlines():
        if not line.startswith("#"):
            name, digits = line.split()
            yield name, bytes.fromhex(digits)


def messages(flight: bytes) -> list[bytes]:
    """The handshake messages that stand one behind the other."""
    found = []
    while flight:
        size = 4 + int.from_bytes(flight[1:4], "big")
        found.append(flight[:size])
        flight = flight[size:]
    return found


TRACE: t.Final = dict(_read())
