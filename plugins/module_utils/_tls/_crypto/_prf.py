# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The pseudorandom functions of TLS 1.0 to 1.2 (RFC 2246 and RFC 5246 section 5) and of SSL 3.0 (RFC 6101)."""

from __future__ import annotations

import hashlib
import hmac


def expanded(secret: bytes, seed: bytes, length: int, name: str) -> bytes:
    """P_hash with the hash of this name."""
    output, chained = b"", seed
    while len(output) < length:
        chained = hmac.digest(secret, chained, name)
        output += hmac.digest(secret, chained + seed, name)
    return output[:length]


def prf(secret: bytes, label: bytes, seed: bytes, length: int, name: str) -> bytes:
    """The PRF; the name C(md5-sha1) stands for that of TLS 1.0 and 1.1."""
    if name != "md5-sha1":
        return expanded(secret, label + seed, length, name)
    half = (len(secret) + 1) // 2
    left = expanded(secret[:half], label + seed, length, "md5")
    right = expanded(secret[-half:] if half else b"", label + seed, length, "sha1")
    return bytes(one ^ other for one, other in zip(left, right))


def hashed(transcript: bytes, name: str) -> bytes:
    """The hash of a transcript that goes into Finished; both hashes for C(md5-sha1)."""
    return b"".join(hashlib.new(part, transcript).digest() for part in name.split("-"))


def ssl3_expanded(secret: bytes, seed: bytes, length: int) -> bytes:
    """What SSL 3.0 makes of a secret and random bytes (RFC 6101 section 6.1 and 6.2.2)."""
    output = b""
    for number in range(1, length // 16 + 2):
        salt = bytes((64 + number,)) * number
        output += hashlib.md5(secret + hashlib.sha1(salt + secret + seed).digest()).digest()
    return output[:length]


def ssl3_finished(transcript: bytes, sender: bytes, secret: bytes) -> bytes:
    """The Finished of SSL 3.0 (RFC 6101 section 5.6.9)."""
    output = b""
    for name, pads in (("md5", 48), ("sha1", 40)):
        inner = hashlib.new(name, transcript + sender + secret + b"\x36" * pads).digest()
        output += hashlib.new(name, secret + b"\x5c" * pads + inner).digest()
    return output


__all__ = ["expanded", "hashed", "prf", "ssl3_expanded", "ssl3_finished"]
