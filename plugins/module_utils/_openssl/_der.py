# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""As much of a certificate's DER as can be read without a library: where its parts are (RFC 5280 section 4.1)."""

from __future__ import annotations

import typing as t
from binascii import a2b_base64, b2a_base64

_VERSION: t.Final = 0xA0


def element(der: bytes, at: int) -> tuple[int, int, int]:
    """(tag, start of the content, end of the content) of the DER element at a place (ITU-T X.690 section 8.1)."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[at + 2 : start], "big")
    if start + length > len(der):
        raise ValueError("the DER ends early")
    return tag, start, start + length


def fields(der: bytes) -> list[tuple[int, int, int]]:
    """(start with the tag, start of the content, end) of serial number, signature, issuer, validity and subject.

    Raises ValueError or IndexError for what is no certificate.
    """
    _tag, at, _end = element(der, 0)
    _tag, at, _end = element(der, at)
    found: list[tuple[int, int, int]] = []
    while len(found) < 5:
        tag, start, end = element(der, at)
        if not (tag == _VERSION and not found):
            found.append((at, start, end))
        at = end
    return found


def der_of(pem: str) -> bytes:
    """The content of a PEM object of two lines of dashes. Raises ValueError where it is no base64."""
    return a2b_base64("".join(pem.splitlines()[1:-1]))


def issued(issuer: str, certificate: str) -> bool:
    """Whether a certificate names another as its issuer; both in PEM. False for what cannot be read."""
    try:
        above, below = der_of(issuer), der_of(certificate)
        (start, _at, end), (begin, _at, stop) = fields(above)[4], fields(below)[2]
    except (ValueError, IndexError):
        return False
    return above[start:end] == below[begin:stop]


def without_trust(pem: str) -> str:
    """A C(TRUSTED CERTIFICATE) of openssl-x509(1) as a plain one: without what follows the certificate."""
    try:
        der = der_of(pem)
        content = b2a_base64(der[: element(der, 0)[2]], newline=False).decode("ascii")
    except (ValueError, IndexError):
        return pem
    lines = [content[at : at + 64] for at in range(0, len(content), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


__all__ = ["der_of", "element", "fields", "issued", "without_trust"]
