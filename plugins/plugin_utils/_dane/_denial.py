# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What NSEC and NSEC3 records prove about a name that has no record of some type (RFC 4035 section 5.4, RFC 5155 section 8)."""

from __future__ import annotations

import base64
import contextlib
import typing as t
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import RRset

with contextlib.suppress(ImportError):
    import dns.dnssec
    import dns.exception
    import dns.name
    import dns.rdatatype

#: More rounds of hashing make a zone insecure (RFC 9276 section 3.2 lets a validator choose).
_MOST_ITERATIONS: t.Final = 100
_OPT_OUT: t.Final = 1
_NS: t.Final = 2
_CNAME: t.Final = 5
_SOA: t.Final = 6
_DNAME: t.Final = 39
_DS: t.Final = 43
_WILD: t.Final = b"*"


@dataclass(frozen=True)
class Proof:
    """``kind`` is nodata, nxdomain or insecure (opt-out, too many iterations). ``types`` are those that the name has, if told."""

    kind: t.Literal["nodata", "nxdomain", "insecure"]
    types: frozenset[int] = frozenset()


class Span(t.Protocol):
    """What one chain of denial knows of names; NSEC and NSEC3 each have their own."""

    def types_at(self, name: dns.name.Name) -> frozenset[int] | None:
        """The types that a name has, None where no record is for it."""

    def covered(self, name: dns.name.Name) -> bool | None:
        """Whether it is proved that there is no such name; None where that is so but for unsigned delegations (opt-out)."""

    def encloser(self, name: dns.name.Name) -> dns.name.Name | None:
        """The longest ancestor that is proved to exist."""


def proof(
    sets: Sequence[RRset], zone: dns.name.Name, name: dns.name.Name, rdtype: int
) -> Proof | None:
    """What verified NSEC or NSEC3 sets of a zone prove about a name and a type; None for nothing."""
    hashed = [one for one in sets if one.rdtype == dns.rdatatype.NSEC3]
    span: Span
    if hashed:
        found = Hashed(hashed, zone)
        if not found.fit:
            return None
        if found.costly:
            return Proof("insecure")
        span = found
    else:
        span = Plain([one for one in sets if one.rdtype == dns.rdatatype.NSEC], zone)
    types = span.types_at(name)
    if types is not None:
        return Proof("nodata", types) if _lacks(types, rdtype, name) else None
    return _absent(span, name, rdtype)


def expanded(
    sets: Sequence[RRset], zone: dns.name.Name, name: dns.name.Name, labels: int
) -> bool | None:
    """Whether it is proved that a wildcard with so many labels had to answer for a name (RFC 4035 section 5.3.4); None by opt-out."""
    closer = _last(name, labels + 2)
    hashed = [one for one in sets if one.rdtype == dns.rdatatype.NSEC3]
    if hashed:
        found = Hashed(hashed, zone)
        return None if found.fit and found.costly else found.fit and found.covered(closer)
    return Plain([one for one in sets if one.rdtype == dns.rdatatype.NSEC], zone).covered(closer)


def _absent(span: Span, name: dns.name.Name, rdtype: int) -> Proof | None:
    encloser = span.encloser(name)
    if encloser is None or encloser == name:
        return None
    covered = span.covered(_last(name, len(encloser.labels) + 1))
    if covered is False:
        return None
    if covered is None and rdtype == _DS:
        return Proof("insecure")
    wildcard = dns.name.Name((_WILD, *encloser.labels))
    types = span.types_at(wildcard)
    if types is not None:
        kind: t.Literal["nodata", "insecure"] = "insecure" if covered is None else "nodata"
        return Proof(kind) if _lacks(types, rdtype, wildcard) else None
    if span.covered(wildcard) is False:
        return None
    return Proof("insecure" if covered is None else "nxdomain")


def _lacks(types: frozenset[int], rdtype: int, name: dns.name.Name) -> bool:
    """Whether types without this one are those of the right side of a zone cut (RFC 4035 section 5.4, RFC 6840 section 4.1)."""
    if rdtype in types or _CNAME in types:
        return False
    if rdtype == _DS:
        return _SOA not in types or name == dns.name.root
    return _NS not in types or _SOA in types


def _last(name: dns.name.Name, labels: int) -> dns.name.Name:
    return dns.name.Name(name.labels[-labels:])


def _types(rdata: t.Any) -> frozenset[int]:
    return frozenset(
        window * 256 + octet * 8 + bit
        for window, bitmap in rdata.windows
        for octet, byte in enumerate(bitmap)
        for bit in range(8)
        if byte & (0x80 >> bit)
    )


def _cut_above(types: frozenset[int]) -> bool:
    """Whether what is below such a name belongs to somebody else (RFC 6840 section 4.1)."""
    return (_NS in types and _SOA not in types) or _DNAME in types


class Plain:
    """NSEC records (RFC 4034 section 4)."""

    def __init__(self, sets: Sequence[RRset], zone: dns.name.Name) -> None:
        self._zone = zone
        self._records = [
            (one.name, rdata.next, _types(rdata))
            for one in sets
            for rdata in one.rdatas[:1]
            if one.name.is_subdomain(zone)
        ]

    def types_at(self, name: dns.name.Name) -> frozenset[int] | None:
        for owner, following, types in self._records:
            if owner == name:
                return types
            if owner < name and following != name and following.is_subdomain(name):
                return frozenset()
        return None

    def covered(self, name: dns.name.Name) -> bool | None:
        return any(self._covers(record, name) for record in self._records)

    def encloser(self, name: dns.name.Name) -> dns.name.Name | None:
        for record in self._records:
            if self._covers(record, name):
                common = (self._common(name, other) for other in record[:2])
                return _last(name, max(common))
        return None

    def _covers(
        self, record: tuple[dns.name.Name, dns.name.Name, frozenset[int]], name: dns.name.Name
    ) -> bool:
        owner, following, types = record
        exists = following.is_subdomain(name)
        if exists or not owner < name or (name.is_subdomain(owner) and _cut_above(types)):
            return False
        return bool(name < following or following == self._zone)

    def _common(self, name: dns.name.Name, other: dns.name.Name) -> int:
        return name.fullcompare(other)[2]


class Hashed:
    """NSEC3 records (RFC 5155 section 3)."""

    def __init__(self, sets: Sequence[RRset], zone: dns.name.Name) -> None:
        rdatas = [(one.name, one.rdatas[0]) for one in sets if one.name.parent() == zone]
        self._zone = zone
        self._records = [(owner.labels[0].upper(), rdata) for owner, rdata in rdatas]
        sorts = {(one.algorithm, one.iterations, one.salt) for _owner, one in rdatas}
        #: Whether all records are of one chain, with a hash that is known and no flag that is not (RFC 5155 section 8.2).
        self.fit = len(sorts) == 1 and all(
            one.algorithm == 1 and one.flags in (0, _OPT_OUT) for _owner, one in rdatas
        )
        self.costly = self.fit and rdatas[0][1].iterations > _MOST_ITERATIONS
        self._hashes: dict[dns.name.Name, bytes] = {}

    def types_at(self, name: dns.name.Name) -> frozenset[int] | None:
        for owner, rdata in self._records:
            if owner == self._hash(name):
                return _types(rdata)
        return None

    def covered(self, name: dns.name.Name) -> bool | None:
        for owner, rdata in self._records:
            following = base64.b32hexencode(rdata.next).rstrip(b"=")
            wanted = self._hash(name)
            inside = owner < wanted < following
            if inside or (following <= owner and (wanted > owner or wanted < following)):
                return None if rdata.flags & _OPT_OUT else True
        return False

    def encloser(self, name: dns.name.Name) -> dns.name.Name | None:
        for labels in range(len(name.labels), len(self._zone.labels) - 1, -1):
            ancestor = _last(name, labels)
            types = self.types_at(ancestor)
            if types is not None:
                return None if ancestor != name and _cut_above(types) else ancestor
        return None

    def _hash(self, name: dns.name.Name) -> bytes:
        if name not in self._hashes:
            sort = self._records[0][1]
            text = dns.dnssec.nsec3_hash(name, sort.salt, sort.iterations, sort.algorithm)
            self._hashes[name] = text.encode("ascii")
        return self._hashes[name]


__all__ = ["Proof", "expanded", "proof"]
