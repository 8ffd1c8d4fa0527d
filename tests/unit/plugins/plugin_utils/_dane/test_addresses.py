# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses are asked when name servers, or whoever forges their answers, choose them."""

from __future__ import annotations

import typing as t

import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._addresses import (
    ToAsk,
    leading_back,
    to_ask,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import chain_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import brief
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Resolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey, survey
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._validation import Validator
from ansible_collections.postmaster.tls.tests.support import authority
from ansible_collections.postmaster.tls.tests.support.dane_cases import record
from ansible_collections.postmaster.tls.tests.support.signed_zones import (
    NOW,
    Resolving,
    SignedZone,
    Spoil,
    family,
)

OURS = authority.sign("far.example.test")
THEIRS = authority.sign("far.example.test")
FORGED = "198.51.100.66"


def validated(name: str, *zones: SignedZone, spoil: Spoil | None = None) -> Survey:
    """What a controller that validates by itself finds, through name servers that it need not trust."""
    parent, *below = zones or family()
    resolver = Resolver([Server("203.0.113.53")], transport=Resolving(parent, *below, spoil=spoil))
    look = Validator(
        lambda name, rdtype: resolver.ask(name, rdtype, unchecked=True),
        {parent.origin: [parent.ds]},
        now=NOW,
    )
    return survey(look, name, 25)


def forging(owner: str, *addresses: str) -> Spoil:
    """Name servers that say that a name has these addresses."""
    name = dns.name.from_text(owner)

    def spoil(found: dns.message.Message) -> dns.message.Message | None:
        [question] = found.question
        if question.rdtype not in (dns.rdatatype.A, dns.rdatatype.AAAA):
            return None
        kept = [one for one in found.answer if one.name != name or one.rdtype != question.rdtype]
        kind = dns.rdatatype.to_text(question.rdtype)
        mine = [one for one in addresses if (":" in one) == (kind == "AAAA")]
        if mine:
            kept.append(dns.rrset.from_text(name, 300, "IN", kind, *mine))
        found.answer = kept
        return found

    return spoil


def test_a_forged_address_in_a_signed_zone_is_not_asked() -> None:
    found = to_ask(validated("mx1.example.test", spoil=forging("mx1.example.test", FORGED)))
    assert found.addresses == ()
    assert "has a signature that does not hold" in found.unasked[0]


def test_a_forged_address_behind_an_alias_into_an_unsigned_zone_proves_nothing() -> None:
    """RFC 7672 section 2.2.2: that is where senders go, and the records at the secure alias are what they trust there."""
    spoil = forging("mx1.plain.test", FORGED)
    bare = validated("far.example.test", spoil=spoil)
    assert to_ask(bare).addresses == (FORGED,)
    seen = chain_of([THEIRS.pem], f"{FORGED}:25")
    absent, _findings = brief(bare, [seen], now=authority.NOW)
    assert absent["status"] == "absent"
    zones = family()
    owner = dns.name.from_text("_25._tcp.far.example.test.")
    zones[1].add(owner, dns.rdata.from_text("IN", "TLSA", record(3, 1, 1, OURS)))
    protected = validated("far.example.test", *zones, spoil=spoil)
    dane, _findings = brief(protected, [seen], now=authority.NOW)
    assert (to_ask(protected).addresses, dane["status"]) == ((FORGED,), "mismatch")


def test_of_any_number_of_addresses_only_so_many_are_asked() -> None:
    fours = [f"198.51.{high}.{low}" for high in range(4) for low in range(1, 251)]
    sixes = [f"2001:db8::{number:x}" for number in range(1, 1001)]
    found = to_ask(validated("far.example.test", spoil=forging("mx1.plain.test", *fours, *sixes)))
    assert len(found.addresses) == len(set(found.addresses)) == 32
    assert [one.split(":")[0] for one in found.unasked] == [
        "1968 of the 2000 addresses were not asked"
    ]


@pytest.mark.parametrize(("many", "beyond"), [(32, []), (33, ["1 of the 33 addresses"])])
def test_thirty_two_addresses_are_asked_and_no_more(many: int, beyond: list[str]) -> None:
    addresses = [f"198.51.100.{last}" for last in range(1, many + 1)]
    found = to_ask(validated("far.example.test", spoil=forging("mx1.plain.test", *addresses)))
    assert len(found.addresses) == 32
    assert [one.partition(" were")[0] for one in found.unasked] == beyond


def test_more_records_than_are_read_lead_nowhere() -> None:
    fours = [f"198.18.{high}.{low}" for high in range(20) for low in range(1, 202)]
    found = to_ask(validated("far.example.test", spoil=forging("mx1.plain.test", *fours)))
    assert found.addresses == ()
    assert "records" in found.unasked[0]


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.25",
        "255.255.255.255",
        "::",
        "::ffff:0.0.0.0",
        "::ffff:0.1.2.3",
        "::ffff:255.255.255.255",
        "ff02::1",
        "::ffff:224.0.0.1",
    ],
)
def test_what_is_no_address_of_one_machine_is_not_asked(address: str) -> None:
    """A connection to 0.0.0.0 or :: would end on the machine that probes, and its certificate be taken for the server's."""
    spoil = forging("mx1.plain.test", address, "10.0.0.25", "127.0.0.1")
    found = to_ask(validated("far.example.test", spoil=spoil))
    assert set(found.addresses) == {"10.0.0.25", "127.0.0.1"}
    assert [one.split(" ")[0] for one in found.unasked] == [address]
    alone = to_ask(validated("far.example.test", spoil=forging("mx1.plain.test", address)))
    assert alone.addresses == ()
    assert alone.unasked == (f"{address} cannot be the address of a server: not asked",)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1", True),
        ("127.0.1.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("198.51.100.7", False),
        ("::ffff:198.51.100.7", False),
        ("fe80::1%lo", False),
        (None, False),
    ],
)
def test_whoever_asks_a_name_and_is_led_to_himself_is_told(address: str | None, told: bool) -> None:
    found = leading_back({"host": "mx1.plain.test", "port": 25, "address": address})
    assert [one["code"] for one in found] == ["not-determined"] * told
    assert all(
        f"{address} is an address of the machine that asked" in one["evidence"] for one in found
    )


def test_addresses_of_no_server_are_told_in_one_sentence() -> None:
    spoil = forging("mx1.plain.test", "0.0.0.0", "224.0.0.25", "::", "198.51.100.7")
    found = to_ask(validated("far.example.test", spoil=spoil))
    [said] = found.unasked
    assert found.addresses == ("198.51.100.7",)
    assert said.endswith("and 2 more cannot be the address of a server: not asked")


def fails_for(kind: t.Any) -> Spoil:
    def spoil(found: dns.message.Message) -> dns.message.Message | bytes | None:
        return b"" if found.question[0].rdtype == kind else None

    return spoil


def test_a_look_up_that_fails_leaves_open_whether_there_are_more() -> None:
    found = to_ask(validated("mx1.example.test", spoil=fails_for(dns.rdatatype.AAAA)))
    assert (found.addresses, found.unasked) == (("203.0.113.11",), ())
    assert "mx1.example.test. AAAA" in found.unsettled[0]
    neither = to_ask(validated("mx1.example.test", spoil=fails_for(dns.rdatatype.A)))
    assert neither.addresses == ()
    assert "mx1.example.test. A" in neither.unasked[0]


def test_every_alias_is_followed_and_every_address_taken() -> None:
    found = to_ask(validated("mx1.moved.example.test"))
    assert found == ToAsk(("203.0.113.11",))
    assert to_ask(validated("bare.example.test")).addresses == ("203.0.113.12",)
