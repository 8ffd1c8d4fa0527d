# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""DNS messages: a question as octets, and an answer read without trust in whoever sent it (RFC 1035 section 4.1)."""

from __future__ import annotations

import contextlib
import struct
import typing as t
from dataclasses import dataclass, field

from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError

with contextlib.suppress(ImportError):
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

_HEADER: t.Final = struct.Struct("!HHHHHH")
_FIXED: t.Final = struct.Struct("!HHIH")
_PAYLOAD: t.Final = 1232
MOST_RECORDS: t.Final = 4000
#: As many as Postfix reads of any set (var_dns_rr_list_limit in src/dns/dns_rr.c of 3.9).
MOST_TLSA: t.Final = 100
_OPT: t.Final = 41
_RRSIG: t.Final = 46
_EXTENDED_ERROR: t.Final = 15


class UnreadableAnswer(PostmasterTlsError):
    """What came is not an answer to the question; the message says why."""


@dataclass(frozen=True)
class RRset:
    """Records of one name and type, each once (RFC 2181 section 5), with their signatures; ``ttl`` is the smallest, in seconds."""

    name: dns.name.Name
    rdtype: int
    ttl: int
    rdatas: tuple[t.Any, ...]
    signatures: tuple[t.Any, ...] = ()


@dataclass(frozen=True)
class Message:
    """An answer. ``errors`` are the codes of RFC 8914 that came with it."""

    rcode: int
    truncated: bool
    authenticated: bool
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    errors: tuple[int, ...] = ()


def question(name: dns.name.Name, rdtype: int, *, number: int, unchecked: bool) -> bytes:
    """A query with DO and AD set, and CD if the answer is wanted ``unchecked`` (RFC 4035 section 3.2, RFC 6840 section 5.7)."""
    flags = dns.flags.RD | dns.flags.AD | (dns.flags.CD if unchecked else 0)
    query = dns.message.make_query(
        name, dns.rdatatype.RdataType.make(rdtype), want_dnssec=True, payload=_PAYLOAD, flags=flags
    )
    query.id = number
    return query.to_wire()


def read(
    wire: bytes, *, number: int, name: dns.name.Name, rdtype: int, most_tlsa: int = MOST_TLSA
) -> Message:
    """An answer to that question. Raises UnreadableAnswer; names are read with every loop cut short by the library."""
    if len(wire) < _HEADER.size:
        raise UnreadableAnswer("the answer is shorter than its header")
    got, flags, questions, *counts = _HEADER.unpack_from(wire)
    if got != number or not flags & dns.flags.QR or questions != 1:
        raise UnreadableAnswer("the answer is not one to this question")
    try:
        asked, length = dns.name.from_wire(wire, _HEADER.size)
        position = _HEADER.size + length
        if asked != name or wire[position : position + 2] != struct.pack("!H", rdtype):
            raise UnreadableAnswer("the answer is not one to this question")
        truncated = bool(flags & dns.flags.TC)
        sections = _Sections(wire, position + 4, most_tlsa)
        if not truncated:
            sections.read(counts)
    except (dns.exception.DNSException, struct.error, ValueError, IndexError) as error:
        raise UnreadableAnswer(f"the answer cannot be read: {error}") from error
    return Message(
        rcode=flags & 0xF | sections.rcode,
        truncated=truncated,
        authenticated=bool(flags & dns.flags.AD),
        answer=sections.sets(0),
        authority=sections.sets(1),
        errors=tuple(sections.errors),
    )


@dataclass
class _Growing:
    ttl: int
    rdatas: dict[t.Any, None] = field(default_factory=dict)
    signatures: dict[t.Any, None] = field(default_factory=dict)


class _Sections:
    def __init__(self, wire: bytes, position: int, most_tlsa: int) -> None:
        self._wire = wire
        self._position = position
        self._most_tlsa = most_tlsa
        self._found: list[dict[tuple[dns.name.Name, int], _Growing]] = [{}, {}, {}]
        self.rcode = 0
        self.errors: list[int] = []

    def read(self, counts: t.Sequence[int]) -> None:
        if sum(counts) > MOST_RECORDS:
            raise UnreadableAnswer(f"the answer has more than {MOST_RECORDS} records")
        for section, count in enumerate(counts):
            for _number in range(count):
                self._record(self._found[section])

    def sets(self, section: int) -> tuple[RRset, ...]:
        return tuple(
            RRset(name, rdtype, one.ttl, tuple(one.rdatas), tuple(one.signatures))
            for (name, rdtype), one in self._found[section].items()
            if one.rdatas
        )

    def _record(self, found: dict[tuple[dns.name.Name, int], _Growing]) -> None:
        name, length = dns.name.from_wire(self._wire, self._position)
        position = self._position + length
        rdtype, rdclass, ttl, octets = _FIXED.unpack_from(self._wire, position)
        start = position + _FIXED.size
        self._position = start + octets
        if self._position > len(self._wire):
            raise UnreadableAnswer("the answer ends within a record")
        if rdtype == _OPT:
            self.rcode = (ttl >> 24) << 4
            self._options(self._wire[start : self._position])
        elif rdclass == dns.rdataclass.IN:
            rdata = _rdata(self._wire, rdtype, start, octets)
            covered = rdata.type_covered if hasattr(rdata, "type_covered") else rdtype
            # A time to live with its highest bit set counts as 0 (RFC 2181 section 8).
            seconds = 0 if ttl > 0x7FFFFFFF else ttl
            one = found.setdefault((name, covered), _Growing(seconds))
            one.ttl = min(one.ttl, seconds)
            (one.signatures if rdtype == _RRSIG else one.rdatas)[rdata] = None
            if rdtype == dns.rdatatype.TLSA and len(one.rdatas) > self._most_tlsa:
                raise UnreadableAnswer(
                    f"a name has more than {self._most_tlsa} TLSA records, and senders read no more: "
                    "leave only those that count (tlsa_update with state exact)"
                )

    def _options(self, data: bytes) -> None:
        while len(data) >= 4:
            code, length = struct.unpack_from("!HH", data)
            if code == _EXTENDED_ERROR and length >= 2 and len(data) >= 6:
                self.errors.append(int.from_bytes(data[4:6], "big"))
            data = data[4 + length :]


def _rdata(wire: bytes, rdtype: int, start: int, octets: int) -> t.Any:
    """What a record says; TLSA records stay octets, so that a malformed one is not the end of the others."""
    if rdtype != dns.rdatatype.TLSA:
        kind = dns.rdatatype.RdataType.make(rdtype)
        return dns.rdata.from_wire(dns.rdataclass.IN, kind, wire, start, octets)
    data = wire[start : start + octets]
    return dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, data)


__all__ = ["MOST_RECORDS", "MOST_TLSA", "Message", "RRset", "UnreadableAnswer", "question", "read"]
