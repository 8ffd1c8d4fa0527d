# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The DER of a distinguished name as text, for the authorities that a server names in a CertificateRequest (RFC 4514)."""

from __future__ import annotations

import typing as t

_SEQUENCE, _SET, _OID = 0x30, 0x31, 0x06
#: Of one number; those below 2.25 have 128 (ITU-T X.667).
_MOST_OID_BITS: t.Final = 128
_ENCODINGS: t.Final[dict[int, str]] = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1E: "utf-16-be",
}
_TYPES: t.Final[dict[bytes, str]] = {
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x05": "serialNumber",
    b"\x55\x04\x06": "C",
    b"\x55\x04\x07": "L",
    b"\x55\x04\x08": "ST",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x0b": "OU",
    b"\x55\x04\x61": "organizationIdentifier",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01": "emailAddress",
    b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19": "DC",
}


def text_of(der: bytes) -> str:
    """The name as RFC 4514 writes it, the most specific part first; what is no such DER, in hexadecimal behind a #."""
    try:
        parts = []
        for relative in _members(_content(der, _SEQUENCE)):
            pairs = [_attribute(member) for member in _members(_content(relative, _SET))]
            parts.append("+".join(pairs))
    except (ValueError, IndexError):
        return f"#{der.hex()}"
    return ",".join(reversed(parts))


def _element(der: bytes, start: int) -> tuple[int, int]:
    """The begin and the end of the content of the element at a place."""
    length, begin = der[start + 1], start + 2
    if length & 0x80:
        width = length & 0x7F
        length, begin = int.from_bytes(der[begin : begin + width], "big"), begin + width
    if begin + length > len(der):
        raise ValueError
    return begin, begin + length


def _content(der: bytes, tag: int) -> bytes:
    begin, end = _element(der, 0)
    if der[0] != tag or end != len(der):
        raise ValueError
    return der[begin:end]


def _members(content: bytes) -> t.Iterator[bytes]:
    start = 0
    while start < len(content):
        _begin, end = _element(content, start)
        yield content[start:end]
        start = end


def _attribute(der: bytes) -> str:
    kind, value = _members(_content(der, _SEQUENCE))
    oid = _content(kind, _OID)
    name = _TYPES.get(oid) or _dotted(oid)
    begin, end = _element(value, 0)
    encoding = _ENCODINGS.get(value[0])
    if encoding is None:
        return f"{name}=#{value.hex()}"
    return f"{name}={_escaped(value[begin:end].decode(encoding))}"


def _escaped(text: str) -> str:
    marked = "".join(f"\\{sign}" if sign in ',+"\\<>;' else sign for sign in text)
    if marked.startswith(("#", " ")):
        marked = f"\\{marked}"
    return f"{marked[:-1]}\\ " if len(text) > 1 and text.endswith(" ") else marked


def _dotted(oid: bytes) -> str:
    numbers, number = [], 0
    for byte in oid:
        number = number << 7 | byte & 0x7F
        if number >> _MOST_OID_BITS:
            raise ValueError
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    if not numbers:
        raise ValueError
    top = min(numbers[0] // 40, 2)
    return ".".join(map(str, (top, numbers[0] - 40 * top, *numbers[1:])))


__all__ = ["text_of"]
