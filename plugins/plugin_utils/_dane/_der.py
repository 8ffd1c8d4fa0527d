# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The parts of a certificate that TLSA records are about, as the very octets that were served."""

from __future__ import annotations

import typing as t

_SEQUENCE: t.Final = 0x30
_VERSION: t.Final = 0xA0
#: Serial number, signature, issuer, validity and subject stand before the key (RFC 5280 section 4.1).
_BEFORE_KEY: t.Final = 5


def one_element(der: bytes) -> bool:
    """Whether the octets are one DER element without anything behind it."""
    try:
        return _element(der, 0)[2] == len(der)
    except ValueError:
        return False


def subject_public_key_info(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a DER certificate, not encoded anew; ValueError where there is none."""
    tag, start, _end = _element(certificate, 0)
    inner, position, end = _element(certificate, start)
    if tag != _SEQUENCE or inner != _SEQUENCE:
        raise ValueError("it is no certificate in DER form")
    if position < end and certificate[position] == _VERSION:
        position = _element(certificate, position)[2]
    for _field in range(_BEFORE_KEY):
        position = _element(certificate, position)[2]
    tag, _start, stop = _element(certificate, position)
    if tag != _SEQUENCE or stop > end:
        raise ValueError("it has no public key where one belongs")
    return certificate[position:stop]


def _element(der: bytes, position: int) -> tuple[int, int, int]:
    """Tag, begin and end of the content of the element at a position."""
    if len(der) < position + 2:
        raise ValueError("it ends too early")
    tag, length = der[position], der[position + 1]
    start = position + 2
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4:
            raise ValueError("a length is not that of DER")
        length = int.from_bytes(der[start : start + octets], "big")
        start += octets
    if start + length > len(der):
        raise ValueError("it ends too early")
    return tag, start, start + length


__all__ = ["one_element", "subject_public_key_info"]
