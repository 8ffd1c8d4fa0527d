# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Key exchange groups: the names of IANA's TLS Supported Groups registry, and which of them a probe asks for."""

from __future__ import annotations

import typing as t

NAMES: t.Final[dict[int, str]] = {
    0x0001: "sect163k1",
    0x0002: "sect163r1",
    0x0003: "sect163r2",
    0x0004: "sect193r1",
    0x0005: "sect193r2",
    0x0006: "sect233k1",
    0x0007: "sect233r1",
    0x0008: "sect239k1",
    0x0009: "sect283k1",
    0x000A: "sect283r1",
    0x000B: "sect409k1",
    0x000C: "sect409r1",
    0x000D: "sect571k1",
    0x000E: "sect571r1",
    0x000F: "secp160k1",
    0x0010: "secp160r1",
    0x0011: "secp160r2",
    0x0012: "secp192k1",
    0x0013: "secp192r1",
    0x0014: "secp224k1",
    0x0015: "secp224r1",
    0x0016: "secp256k1",
    0x0017: "secp256r1",
    0x0018: "secp384r1",
    0x0019: "secp521r1",
    0x001A: "brainpoolP256r1",
    0x001B: "brainpoolP384r1",
    0x001C: "brainpoolP512r1",
    0x001D: "x25519",
    0x001E: "x448",
    0x001F: "brainpoolP256r1tls13",
    0x0020: "brainpoolP384r1tls13",
    0x0021: "brainpoolP512r1tls13",
    0x0022: "GC256A",
    0x0023: "GC256B",
    0x0024: "GC256C",
    0x0025: "GC256D",
    0x0026: "GC512A",
    0x0027: "GC512B",
    0x0028: "GC512C",
    0x0029: "curveSM2",
    0x0100: "ffdhe2048",
    0x0101: "ffdhe3072",
    0x0102: "ffdhe4096",
    0x0103: "ffdhe6144",
    0x0104: "ffdhe8192",
    0x0200: "MLKEM512",
    0x0201: "MLKEM768",
    0x0202: "MLKEM1024",
    0x11EB: "SecP256r1MLKEM768",
    0x11EC: "X25519MLKEM768",
    0x11ED: "SecP384r1MLKEM1024",
    0x11EE: "curveSM2MLKEM768",
    0x6399: "X25519Kyber768Draft00",
    0x639A: "SecP256r1Kyber768Draft00",
}
_TLS1_2: t.Final = 0x0303
_TLS1_3: t.Final = 0x0304
_COMMON: t.Final = (0x001D, 0x0017, 0x001E, 0x0019, 0x0018)
_TLS13_ONLY: t.Final = tuple(code for code in NAMES if code >= 0x0100 or 0x001F <= code <= 0x0021)
_LEGACY: t.Final = tuple(code for code in NAMES if code <= 0x001C and code not in _COMMON)

#: What a hello offers where the groups are not the question: the common curves and the finite-field groups.
USUAL: t.Final[tuple[int, ...]] = (*_COMMON, 0x0100, 0x0101, 0x0102)
#: What is asked about in TLS 1.3 (RFC 8446 section 4.2.7 leaves out the curves that RFC 8422 obsoleted).
IN_TLS13: t.Final[tuple[int, ...]] = (
    *_COMMON,
    *_TLS13_ONLY,
    0x0022,
    0x0023,
    0x0024,
    0x0025,
    0x0026,
    0x0027,
    0x0028,
    0x0029,
)
#: What is asked about up to TLS 1.2, where the answer is a named curve in the ServerKeyExchange.
IN_TLS12: t.Final[tuple[int, ...]] = (*_COMMON, *_LEGACY)


def asked_in(version: int) -> tuple[int, ...]:
    """What a hello offers that asks for the suites of a version, by its number on the wire: a suite is refused for its own
    sake, never for want of a group. Before TLS 1.2 the usual ones, which servers of that age know.
    """
    if version >= _TLS1_3:
        return IN_TLS13
    return tuple(dict.fromkeys((*IN_TLS12, *USUAL))) if version == _TLS1_2 else USUAL


def name_of(code: int) -> str:
    """The registered name, or the code point in hexadecimal."""
    return NAMES.get(code, f"0x{code:04X}")


__all__ = ["IN_TLS12", "IN_TLS13", "NAMES", "USUAL", "asked_in", "name_of"]
