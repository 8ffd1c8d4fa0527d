# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fuzzed of DANE: the answers of name servers, and TLSA records beside a chain; with what to start from."""

from __future__ import annotations

import functools
import ssl
import struct
import typing as t
from datetime import UTC, datetime

import dns.message
import dns.name
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import chain_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import NoAnswer, Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._matching import judge
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._options import Lookup
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import Coming, whole
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import Record, parsed
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._report import records_data
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import survey
from ansible_collections.postmaster.tls.tests.support.authority import sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import Served, chains, record_sets
from ansible_collections.postmaster.tls.tests.support.harmless import obedient
from ansible_collections.postmaster.tls.tests.support.signed_zones import NOW, Resolving, family

_HOST: t.Final = "mx1.example.test"
_THEN: t.Final = datetime.fromtimestamp(NOW, UTC)
_PUBLISHED: t.Final = parsed("3 1 1 " + "ab" * 32).wire
_SERVERS: t.Final = (Server("127.0.0.1"),)
_HEADER: t.Final = struct.Struct("!HHHHHH")


@functools.cache
def _zones() -> tuple[t.Any, ...]:
    return family()


@functools.cache
def _chains() -> dict[str, Served]:
    return chains(_THEN)


def _lookup(*, validating: bool) -> Lookup:
    parent = _zones()[0]
    anchors = {parent.origin: [parent.ds]} if validating else None
    return Lookup(_SERVERS, trusted=True, anchors=anchors)


def _pieces(data: bytes) -> list[bytes]:
    """What stands each behind its length in two bytes."""
    found = []
    while data:
        length = int.from_bytes(data[:2], "big")
        found.append(data[2 : 2 + length])
        data = data[2 + length :]
    return found


def _joined(pieces: t.Iterable[bytes]) -> bytes:
    return b"".join(len(one).to_bytes(2, "big") + one for one in pieces)


class _Answering:
    """A transport whose answers come in order: the flags and counts of a message, and all that follows its question."""

    def __init__(self, answers: t.Iterable[bytes]) -> None:
        self._answers = iter(answers)

    def __call__(self, server: Server, query: bytes, _tcp: bool, _seconds: float) -> bytes:
        answer = next(self._answers, None)
        if answer is None:
            raise NoAnswer("timeout", f"{server} did not answer")
        head, rest = answer[:8].ljust(8, b"\0"), answer[8:]
        flags, *counts = struct.unpack("!HHHH", head)
        _name, length = dns.name.from_wire(query, _HEADER.size)
        asked = query[_HEADER.size : _HEADER.size + length + 4]
        number = int.from_bytes(query[:2], "big")
        return _HEADER.pack(number, flags, 1, *counts) + asked + rest


def answers(data: bytes) -> None:
    """The answers of name servers, believed or validated, and all that is told of them."""
    variant, rest = (data or b"\0")[0], data[1:]
    validating = bool(variant & 1)
    look = _lookup(validating=validating).begun(now=_THEN, transport=_Answering(_pieces(rest)))
    found = survey(look, _HOST, 25, domain="example.test" if variant & 2 else None)
    served = _chains()["usual"]
    chain = chain_of([one.pem for one in served.chain], "203.0.113.11:25")
    told = whole(found, [chain], now=_THEN, coming=Coming(chain=chain))
    assert obedient(told) == []
    if validating and told["secure"]:
        assert {one.wire for one in found.records} <= {_PUBLISHED}


def tlsa(data: bytes) -> None:
    """Records and a chain: the first byte says how many of the pieces are records."""
    count, pieces = (data or b"\0")[0], _pieces(data[1:])
    records = [Record(one) for one in pieces[:count]]
    chain = chain_of(
        [ssl.DER_cert_to_PEM_cert(one) for one in pieces[count:] or [b""]], "203.0.113.11:25"
    )
    told = records_data(records)
    assert obedient(told) == []
    assert [parsed(one["record"]) for one in told] == records
    verdict = judge(records, chain, names=[_HOST], now=_THEN)
    assert verdict.status == "unusable" or any(one["usable"] for one in told)
    assert (verdict.status == "match") == any(one.authenticates for one in verdict.matches)
    assert obedient([verdict.reason, *(one.reason for one in verdict.matches)]) == []


def _recorded(validating: bool, domain: str | None) -> bytes:
    """The answers of sound zones to all questions about one name."""
    sound, kept = Resolving(*_zones(), secure=True), []

    def transport(server: Server, query: bytes, tcp: bool, seconds: float) -> bytes:
        wire = sound(server, query, tcp, seconds)
        asked = dns.message.from_wire(query).question[0].name.to_wire()
        kept.append(wire[2:4] + wire[6:12] + wire[_HEADER.size + len(asked) + 4 :])
        return wire

    survey(
        _lookup(validating=validating).begun(now=_THEN, transport=transport),
        _HOST,
        25,
        domain=domain,
    )
    return _joined(kept)


def of_answers() -> list[bytes]:
    """Sound answers for every variant, and one with a loop in its name."""
    variants = [(False, None), (True, None), (False, "example.test"), (True, "example.test")]
    sound = [bytes((number,)) + _recorded(*one) for number, one in enumerate(variants)]
    loop = struct.pack("!HHHH", 0x8180, 1, 0, 0) + b"\xc0\x1e" + bytes(10)
    return [*sound, b"\0" + _joined([loop]), b"\1" + _joined([loop])]


def of_tlsa() -> list[bytes]:
    """Every kind of record beside the usual chain, and one kind beside every chain."""
    known, found = _chains(), []
    other = sign("other")
    pairs = [(known["usual"], title) for title in record_sets(known["usual"], other)]
    pairs += [(one, "2-0-1-root") for one in known.values()]
    for served, title in pairs:
        records = [parsed(one).wire for one in record_sets(served, other)[title]]
        ders = [one.der for one in served.chain]
        found.append(bytes((len(records),)) + _joined([*records, *ders]))
    return found


__all__ = ["answers", "of_answers", "of_tlsa", "tlsa"]
