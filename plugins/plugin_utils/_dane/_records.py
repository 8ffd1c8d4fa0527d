# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""TLSA records as RFC 6698 writes them, and which of them a mail server may use by RFC 7672."""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import load_certificate
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._der import one_element

with contextlib.suppress(ImportError):
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

DANE_TA: t.Final = 2
DANE_EE: t.Final = 3
CERTIFICATE: t.Final = 0
PUBLIC_KEY: t.Final = 1
FULL: t.Final = 0
#: The digest by matching type (RFC 6698 section 2.1.3), with its octets; a greater number is the stronger digest.
DIGESTS: t.Final = {1: ("sha256", 32), 2: ("sha512", 64)}
# RFC 7218 section 2.
_USAGES: t.Final = {"PKIX-TA": 0, "PKIX-EE": 1, "DANE-TA": 2, "DANE-EE": 3, "PRIVCERT": 255}
_SELECTORS: t.Final = {"CERT": 0, "SPKI": 1, "PRIVSEL": 255}
_MATCHINGS: t.Final = {"FULL": 0, "SHA2-256": 1, "SHA2-512": 2, "PRIVMATCH": 255}
_LONGEST: t.Final = 65535
#: Seconds that a cache keeps anything at the most (RFC 8767 section 4, max-cache-ttl of BIND): the time to live may be a forgery.
LONGEST_KEPT: t.Final = 7 * 86400


@dataclass(frozen=True)
class Record:
    """One TLSA record: its RDATA as it was received, whatever that is. ``ttl`` is in seconds, None for a text."""

    wire: bytes
    ttl: int | None = None

    @property
    def usage(self) -> int | None:
        return self._field(0)

    @property
    def selector(self) -> int | None:
        return self._field(1)

    @property
    def matching_type(self) -> int | None:
        return self._field(2)

    @property
    def data(self) -> bytes:
        return self.wire[3:]

    @property
    def text(self) -> str:
        """The presentation format (RFC 6698 section 2.2); that of RFC 3597 for what has no three fields and data."""
        if len(self.wire) <= 3:
            return f"\\# {len(self.wire)} {self.wire.hex()}".rstrip()
        return f"{self.usage} {self.selector} {self.matching_type} {self.data.hex()}"

    def _field(self, position: int) -> int | None:
        return self.wire[position] if len(self.wire) >= 3 else None


def record_of(usage: int, selector: int, matching_type: int, data: bytes) -> Record:
    """A record from its fields."""
    return Record(bytes((usage, selector, matching_type)) + data)


def associated(data: bytes, matching_type: int | None) -> bytes:
    """The certificate association data of a matching type: the data, or its digest."""
    digest = DIGESTS.get(matching_type or FULL)
    return hashlib.new(digest[0], data).digest() if digest else data


def kept(ttl: int) -> int:
    """For how many seconds caches may keep what has a time to live, whatever that says."""
    return max(0, min(ttl, LONGEST_KEPT))


def parsed(text: str, *, ttl: int | None = None) -> Record:
    """A record from its presentation format, with numbers or the words of RFC 7218; else InvalidInput."""
    words = text.split()
    try:
        if words[:1] == ["\\#"]:
            wire = bytes.fromhex("".join(words[2:]))
            if int(words[1]) != len(wire):
                raise ValueError("the length is not that of the data")
        else:
            fields = [
                _number(word, names)
                for word, names in zip(words, (_USAGES, _SELECTORS, _MATCHINGS), strict=False)
            ]
            wire = bytes(fields) + binascii.unhexlify("".join(words[3:]))
            if len(fields) < 3:
                raise ValueError("three numbers and the data are needed")
        if len(wire) > _LONGEST:
            raise ValueError("it is longer than a record can be")
    except (ValueError, IndexError) as error:
        shown = text if len(text) <= 80 else f"{text[:80]}…"
        raise InvalidInput(
            f"The TLSA record {shown!r} cannot be read ({error}): write it as 3 1 1 and a digest in hexadecimal."
        ) from None
    return Record(wire, ttl)


def _number(word: str, names: dict[str, int]) -> int:
    known = names.get(word.upper())
    if known is not None:
        return known
    if not (word.isascii() and word.isdecimal()) or int(word) > 255:
        raise ValueError(f"{word} is no number from 0 to 255")
    return int(word)


def unusable(record: Record) -> str | None:
    """Why a sender of mail cannot use a record (RFC 7671 section 4, RFC 7672 section 3.1), None where it can."""
    if record.usage is None:
        return f"it has {len(record.wire)} octets, and its three numbers alone take three"
    if record.usage in (0, 1):
        return f"usage {record.usage} is not for mail servers (RFC 7672 section 3.1.3)"
    if record.usage not in (DANE_TA, DANE_EE):
        return f"usage {record.usage} is not known"
    if record.selector not in (CERTIFICATE, PUBLIC_KEY):
        return f"selector {record.selector} is not known"
    if record.matching_type == FULL:
        return _unreadable(record)
    digest = DIGESTS.get(record.matching_type or 0)
    if digest is None:
        return f"matching type {record.matching_type} is not known"
    name, octets = digest
    if len(record.data) != octets:
        return f"{name} has {octets} octets, and {len(record.data)} are given"
    return None


def _unreadable(record: Record) -> str | None:
    what = "certificate" if record.selector == CERTIFICATE else "public key"
    if not record.data:
        return f"it has no {what}"
    if one_element(record.data):
        try:
            if record.selector == CERTIFICATE:
                load_certificate(record.data)
            else:
                public_key(record.data)
        except ValueError:
            return f"its data is no {what} in DER form"
        return None
    return f"its data is no {what} in DER form"


def public_key(der: bytes) -> t.Any:
    """The key of a SubjectPublicKeyInfo; ValueError for any that cannot be read."""
    try:
        return load_der_public_key(der)
    except (UnsupportedAlgorithm, TypeError) as error:
        raise ValueError(str(error)) from error


def strongest(records: t.Sequence[Record]) -> list[Record]:
    """Those that digest agility leaves (RFC 7671 section 9): for a usage and a selector, full data and the best digest."""
    best: dict[tuple[int | None, int | None], int] = {}
    for record in records:
        pair = (record.usage, record.selector)
        best[pair] = max(best.get(pair, FULL), record.matching_type or FULL)
    return [
        record
        for record in records
        if record.matching_type in (FULL, best[record.usage, record.selector])
    ]


__all__ = [
    "CERTIFICATE",
    "DANE_EE",
    "DANE_TA",
    "DIGESTS",
    "FULL",
    "LONGEST_KEPT",
    "PUBLIC_KEY",
    "Record",
    "associated",
    "kept",
    "parsed",
    "public_key",
    "record_of",
    "strongest",
    "unusable",
]
