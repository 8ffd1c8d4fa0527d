# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which records prove that there is nothing at a name, and which of them, replayed, prove nothing of a name that exists."""

from __future__ import annotations

import itertools
import typing as t
from types import SimpleNamespace

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdatatype
import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._denial import (
    Hashed,
    Proof,
    expanded,
    proof,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import RRset

ROOT = dns.name.root
ZONE = dns.name.from_text("example.test.")
DS = int(dns.rdatatype.DS)
TLSA = int(dns.rdatatype.TLSA)
APEX = dns.dnssec.nsec3_hash(ZONE, None, 0, 1)


def alone(algorithm: int = 1, flags: int = 0) -> Hashed:
    """The only record of a zone leads back to itself."""
    rdata = dns.rdata.from_text("IN", "NSEC3", f"{algorithm} {flags} 0 - {APEX} NS SOA MX")
    one = SimpleNamespace(name=dns.name.from_text(APEX, ZONE), rdatas=[rdata])
    return Hashed([one], ZONE)  # type: ignore[list-item]


def nsec(owner: str, following: str, types: str, zone: dns.name.Name = ZONE) -> RRset:
    following = dns.name.from_text(following, zone).to_text()
    rdata = dns.rdata.from_text("IN", "NSEC", f"{following} {types} RRSIG NSEC")
    return RRset(dns.name.from_text(owner, zone), int(dns.rdatatype.NSEC), 60, (rdata,))


def nsec3(owner: str, _following: str, types: str, zone: dns.name.Name = ZONE) -> RRset:
    """The record of a name; it spans every other one."""
    digest = dns.dnssec.nsec3_hash(dns.name.from_text(owner, zone), None, 0, 1)
    rdata = dns.rdata.from_text("IN", "NSEC3", f"1 0 0 - {digest} {types} RRSIG")
    return RRset(dns.name.from_text(digest, zone), int(dns.rdatatype.NSEC3), 60, (rdata,))


@pytest.mark.parametrize(
    "record",
    [
        nsec("mx0", "_25._tcp.mx1", "A"),
        nsec("mx0", "_25._tcp.mx1", "NS SOA"),
        nsec("_25._tcp.mx1", "mx2", "TLSA"),
    ],
)
def test_a_name_is_not_denied_by_the_record_that_leads_to_it(record: RRset) -> None:
    """RFC 4035 section 5.4: that a name is the next one says that it exists, and nothing of its types."""
    name = dns.name.from_text("_25._tcp.mx1", ZONE)
    assert proof([record], ZONE, name, TLSA) is None
    assert proof([record, nsec("@", "a", "NS SOA MX")], ZONE, name, TLSA) is None


@pytest.mark.parametrize("name", ["mx1", "_tcp.mx1"])
def test_a_name_with_nothing_but_names_below_it_has_no_types(name: str) -> None:
    record = nsec("mx0", "_25._tcp.mx1", "A")
    assert proof([record], ZONE, dns.name.from_text(name, ZONE), TLSA) == Proof("nodata")


@pytest.mark.parametrize(
    ("following", "name", "had_to"),
    [
        ("_25._tcp.mx", "_25._tcp.mx", False),
        ("_25._tcp.mx", "_465._tcp.mx", False),
        ("x._25._tcp.mx", "_25._tcp.mx", False),
        ("_25._tcp.mx", "_25._sctp.mx", True),
        ("mx1", "_25._tcp.mx", True),
        ("@", "_25._tcp.mx", True),
    ],
)
def test_a_wildcard_stands_for_no_name_below_one_that_exists(
    following: str, name: str, had_to: bool
) -> None:
    """RFC 4035 section 5.3.4; `_tcp.mx` exists where `_25._tcp.mx` does."""
    record = nsec("*.mx", following, "TLSA")
    assert expanded([record], ZONE, dns.name.from_text(name, ZONE), 3) is had_to


NAMES = ("@", "*", "_25._tcp.mx1", "*.mx1", "mx1", "a.b.mx2", "_25._tcp.mx2", "mx3", "*.b.mx3")
TYPED = dict.fromkeys(NAMES, "TLSA") | {"@": "NS SOA MX TLSA"}


def chain() -> list[RRset]:
    owners = sorted(NAMES, key=lambda name: dns.name.from_text(name, ZONE))
    return [
        nsec(owner, owners[(at + 1) % len(owners)], TYPED[owner]) for at, owner in enumerate(owners)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_no_two_records_of_a_zone_deny_what_it_has(name: str) -> None:
    """Whichever signed records are replayed together."""
    for replayed in itertools.product(chain(), repeat=2):
        assert proof(replayed, ZONE, dns.name.from_text(name, ZONE), TLSA) is None


@pytest.mark.parametrize(
    ("name", "wildcards"),
    [
        ("mx1", ["*"]),
        ("mx2", ["*"]),
        ("_25._tcp.mx1", ["*", "*.mx1", "*._tcp.mx1"]),
        ("_465._tcp.mx1", ["*", "*.mx1"]),
        ("_25._tcp.mx2", ["*", "*.mx2", "*._tcp.mx2"]),
    ],
)
def test_no_two_records_of_a_zone_bring_a_wildcard_to_where_something_is(
    name: str, wildcards: list[str]
) -> None:
    """Nor to what is below a name that is nearer than the wildcard."""
    asked = dns.name.from_text(name, ZONE)
    for replayed in itertools.product(chain(), repeat=2):
        for wildcard in wildcards:
            labels = len(dns.name.from_text(wildcard, ZONE).labels) - 2
            assert expanded(replayed, ZONE, asked, labels) is False


SIDES = pytest.mark.parametrize(
    ("types", "rdtype", "denied"),
    [
        ("A", TLSA, True),
        ("TLSA", TLSA, False),
        ("CNAME", TLSA, False),
        ("DNAME", TLSA, True),
        ("NS", TLSA, False),
        ("NS DS", TLSA, False),
        ("NS SOA", TLSA, True),
        ("NS", DS, True),
        ("NS DS", DS, False),
        ("A", DS, True),
        ("NS SOA", DS, False),
    ],
)


@SIDES
@pytest.mark.parametrize("record", [nsec, nsec3])
def test_a_record_of_the_other_side_of_a_zone_cut_denies_nothing(
    record: t.Callable[..., RRset], types: str, rdtype: int, denied: bool
) -> None:
    """RFC 6840 section 4.1: the parent knows of DS records alone, and the child of all others."""
    name = dns.name.from_text("mx1", ZONE)
    found = proof([record("mx1", "mx2", types)], ZONE, name, rdtype)
    assert (found.kind if found else None) == ("nodata" if denied else None)
    if found:
        wanted = {dns.rdatatype.from_text(one) for one in types.split()}
        assert wanted <= found.types


@SIDES
@pytest.mark.parametrize("record", [nsec, nsec3])
def test_nor_does_that_of_a_wildcard(
    record: t.Callable[..., RRset], types: str, rdtype: int, denied: bool
) -> None:
    sets = [record("*", "@", types), record("@", "*", "NS SOA MX")]
    found = proof(sets, ZONE, dns.name.from_text("mx1", ZONE), rdtype)
    assert found == (Proof("nodata") if denied else None)


@pytest.mark.parametrize("record", [nsec, nsec3])
def test_the_root_has_no_parent_that_could_deny_its_ds_record(
    record: t.Callable[..., RRset],
) -> None:
    found = proof([record(".", "test.", "NS SOA", ROOT)], ROOT, ROOT, DS)
    assert found is not None
    assert found.kind == "nodata"


@pytest.mark.parametrize(
    ("algorithm", "flags", "fit"), [(1, 0, True), (1, 1, True), (2, 0, False), (1, 2, False)]
)
def test_an_unknown_hash_or_flag_proves_nothing(algorithm: int, flags: int, fit: bool) -> None:
    assert alone(algorithm, flags).fit is fit


@pytest.mark.parametrize("name", ["a", "b", "mx1", "_25._tcp.mx1"])
def test_the_only_record_covers_every_other_name(name: str) -> None:
    assert alone().covered(dns.name.from_text(name, ZONE)) is True
    assert alone().covered(ZONE) is False
