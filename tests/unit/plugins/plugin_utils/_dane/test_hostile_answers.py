# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that somebody changed on the way: whatever becomes of them, nothing that is not in the zone is secure."""

from __future__ import annotations

import contextlib
import random
import struct
import time
import typing as t
from collections import Counter

import dns.message
import dns.name
import dns.rdatatype
import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import Answer
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import (
    UnreadableAnswer,
    read,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Resolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._validation import Validator
from ansible_collections.postmaster.tls.tests.support.signed_zones import (
    NOW,
    Resolving,
    SignedZone,
    Spoil,
    family,
)

ASKED = [
    ("_25._tcp.mx1.example.test.", "TLSA"),
    ("_25._tcp.bare.example.test.", "TLSA"),
    ("alias.example.test.", "A"),
    ("x.wild.example.test.", "A"),
    ("mx1.moved.example.test.", "A"),
    ("mx1.example.test.", "AAAA"),
]
Zones = t.Sequence[SignedZone]


def look(zones: Zones, name: str, rdtype: str, spoil: Spoil | None = None) -> Answer:
    parent, *below = zones
    transport = Resolving(parent, *below, spoil=spoil)
    resolver = Resolver([Server("127.0.0.1")], transport=transport)
    validator = Validator(
        lambda name, rdtype: resolver.ask(name, rdtype, unchecked=True),
        {parent.origin: [parent.ds]},
        now=NOW,
    )
    return validator.look(dns.name.from_text(name), dns.rdatatype.from_text(rdtype))


def wires(answer: Answer) -> list[bytes] | None:
    return answer.rrset and sorted(one.to_wire() for one in answer.rrset.rdatas)


@pytest.mark.parametrize("options", [{}, {"iterations": 1}], ids=["nsec", "nsec3"])
def test_no_change_of_bytes_is_ever_secure(options: dict[str, t.Any]) -> None:
    zones, chance, count = family(**options), random.Random(7), Counter[str]()
    sound = {asked: look(zones, *asked) for asked in ASKED}
    assert all(one.secure for one in sound.values())

    def spoil(message: dns.message.Message) -> bytes:
        wire = bytearray(message.to_wire(max_size=65535))
        for _change in range(chance.choice((0, 1, 1, 2, 8))):
            wire[chance.randrange(12, len(wire))] = chance.randrange(256)
        return bytes(wire[: len(wire) - chance.choice((0, 0, 0, 0, 3))])

    for _run in range(25):
        for asked, right in sound.items():
            found = look(zones, *asked, spoil=spoil)
            count[found.status if found.secure is not False else "insecure"] += 1
            if found.secure:
                assert (found.status, wires(found)) == (right.status, wires(right))
            assert found.secure is not False
    assert count["bogus"] > 5
    assert count["malformed"] > 5


@pytest.mark.parametrize("options", [{}, {"iterations": 1}], ids=["nsec", "nsec3"])
def test_no_answer_to_another_question_is_ever_secure(options: dict[str, t.Any]) -> None:
    """Sets with true signatures, in the wrong place: replayed from the answers to other questions."""
    zones, chance = family(**options), random.Random(8)
    known: list[dns.message.Message] = []

    def keep(message: dns.message.Message) -> None:
        known.append(message)

    sound = {asked: look(zones, *asked, spoil=keep) for asked in ASKED}

    def replayed(message: dns.message.Message) -> None:
        other = chance.choice(known)
        choice = chance.randrange(4)
        if choice == 0:
            message.answer, message.authority = other.answer, other.authority
        elif choice == 1:
            message.answer, message.authority = [], other.authority
            message.set_rcode(chance.choice((0, 3)))
        elif choice == 2:
            message.authority = other.authority

    secure = 0
    for _run in range(40):
        for asked, right in sound.items():
            found = look(zones, *asked, spoil=replayed)
            if found.secure:
                assert (found.status, wires(found)) == (right.status, wires(right))
                secure += 1
            assert found.secure is not False
    assert 5 < secure < 120


def test_names_through_many_pointers_cost_little() -> None:
    owner = dns.name.from_text("_25._tcp.mx1.example.test.")
    wire = owner.to_wire() + struct.pack("!HH", 52, 1)
    chain = b"".join(b"\x01a" + struct.pack("!H", 0xC000 | (12 if not n else 12 + len(wire) + 12 + (n - 1) * 4)) for n in range(100))  # fmt: skip
    first = b"\xc0\x0c" + struct.pack("!HHIH", 10, 1, 0, len(chain)) + chain
    last = struct.pack("!H", 0xC000 | (12 + len(wire) + 12 + 99 * 4))
    rest = (last + struct.pack("!HHIH", 52, 1, 0, 3) + b"\3\1\1") * 3000
    header = struct.pack("!HHHHHH", 7, 0x8180, 1, 3001, 0, 0)
    began = time.process_time()
    with contextlib.suppress(UnreadableAnswer):
        read(header + wire + first + rest, number=7, name=owner, rdtype=52)
    assert time.process_time() - began < 5
