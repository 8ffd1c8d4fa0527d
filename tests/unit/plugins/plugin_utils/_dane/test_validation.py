# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataset
import dns.rdatatype
import dns.rrset
import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import Answer
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Resolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._signatures import (
    ALGORITHMS,
    Budget,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._validation import Validator
from ansible_collections.postmaster.tls.tests.support.signed_zones import (
    NOW,
    Resolving,
    SignedZone,
    Spoil,
    family,
)
from cryptography.hazmat.primitives.asymmetric import rsa

SERVER = Server("127.0.0.1")
KINDS = pytest.mark.parametrize(
    "options",
    [{}, {"iterations": 0}, {"iterations": 5, "opt_out": True}],
    ids=["nsec", "nsec3", "opt-out"],
)


def look(
    name: str,
    rdtype: str = "TLSA",
    *,
    zones: t.Sequence[SignedZone] | None = None,
    spoil: Spoil | None = None,
    budget: Budget | None = None,
    now: float = NOW,
    **options: t.Any,
) -> Answer:
    parent, *below = zones or family(**options)
    resolver = Resolver([SERVER], transport=Resolving(parent, *below, spoil=spoil))
    anchors = {parent.origin: [parent.ds]}
    validator = Validator(
        lambda name, rdtype: resolver.ask(name, rdtype, unchecked=True),
        anchors,
        now=now,
        budget=budget,
    )
    return validator.look(dns.name.from_text(name), dns.rdatatype.from_text(rdtype))


@KINDS
@pytest.mark.parametrize(
    ("name", "rdtype", "status"),
    [
        ("_25._tcp.mx1.example.test", "TLSA", "found"),
        ("mx1.example.test", "A", "found"),
        ("alias.example.test", "A", "found"),
        ("mx1.moved.example.test", "A", "found"),
        ("mx1.example.test", "AAAA", "nodata"),
        ("_tcp.mx1.example.test", "TLSA", "nodata"),
        ("alias.example.test", "AAAA", "nodata"),
        ("example.test", "TLSA", "nodata"),
    ],
)
def test_secure(name: str, rdtype: str, status: str, options: dict[str, t.Any]) -> None:
    found = look(name, rdtype, **options)
    assert (found.status, found.secure, found.reason) == (status, True, None)


@KINDS
def test_a_wildcard_that_opt_out_covers_is_insecure(options: dict[str, t.Any]) -> None:
    """RFC 5155 section 9.2."""
    found = look("x.wild.example.test", "A", **options)
    assert (found.status, found.secure) == ("found", "opt_out" not in options)


@KINDS
@pytest.mark.parametrize("name", ["_25._tcp.bare.example.test", "x.y.mx1.example.test"])
def test_a_name_that_does_not_exist(name: str, options: dict[str, t.Any]) -> None:
    found = look(name, **options)
    assert (found.status, found.secure) == ("nxdomain", "opt_out" not in options)


@KINDS
@pytest.mark.parametrize(
    ("name", "rdtype"),
    [
        ("_25._tcp.mx1.plain.test", "TLSA"),
        ("far.example.test", "A"),
    ],
)
def test_an_unsigned_delegation_is_insecure(
    name: str, rdtype: str, options: dict[str, t.Any]
) -> None:
    found = look(name, rdtype, **options)
    assert (found.status, found.secure) == ("found", False)
    assert "plain.test." in (found.reason or "")


def test_without_an_anchor_above_it_nothing_is_secure() -> None:
    parent, child, plain = family()
    elsewhere = SignedZone(dns.name.from_text("other."), "mx 300 IN A 203.0.113.9\n")
    found = look("mx.other", "A", zones=(parent, child, plain, elsewhere))
    assert (found.status, found.secure) == ("found", False)
    assert "no trust anchor" in (found.reason or "")


def changed(spoil: t.Callable[[dns.rrset.RRset], dns.rrset.RRset | None], *kinds: str) -> Spoil:
    """Spoils the sets of some types, whether they are the answer or deny it."""
    wanted = [dns.rdatatype.from_text(kind) for kind in kinds]

    def of(sets: list[dns.rrset.RRset]) -> list[dns.rrset.RRset]:
        return [
            new
            for one in sets
            for new in [spoil(one) if one.rdtype in wanted else one]
            if new is not None
        ]

    def spoilt(message: dns.message.Message) -> None:
        message.answer = of(message.answer)
        message.authority = of(message.authority)

    return spoilt


def without(*kinds: str) -> Spoil:
    return changed(lambda _rrset: None, *kinds)


def other_address(rrset: dns.rrset.RRset) -> dns.rrset.RRset:
    return dns.rrset.from_text(rrset.name, rrset.ttl, "IN", "A", "203.0.113.66")


@KINDS
@pytest.mark.parametrize(
    ("name", "rdtype", "spoil", "reason"),
    [
        ("mx1.example.test", "A", changed(other_address, "A"), "does not hold"),
        ("mx1.example.test", "A", without("RRSIG"), "no signature"),
        ("mx1.example.test", "AAAA", without("NSEC", "NSEC3"), "no proof"),
        ("_25._tcp.bare.example.test", "TLSA", without("NSEC", "NSEC3"), "no proof"),
        ("x.wild.example.test", "A", without("NSEC", "NSEC3"), "wildcard"),
        ("mx1.example.test", "A", without("DS"), "no proof that example.test. has no DS"),
        ("mx1.example.test", "A", without("DNSKEY"), "has no keys"),
        ("mx1.plain.test", "A", without("NSEC", "NSEC3"), "no proof that plain.test."),
    ],
)
def test_bogus(
    name: str, rdtype: str, spoil: Spoil, reason: str, options: dict[str, t.Any]
) -> None:
    found = look(name, rdtype, spoil=spoil, **options)
    assert found.status == "bogus"
    assert reason in (found.reason or "")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"expiration": NOW - 1}, "not valid at this time"),
        ({"inception": NOW + 1}, "not valid at this time"),
    ],
)
def test_signatures_out_of_their_time(options: dict[str, t.Any], reason: str) -> None:
    found = look("mx1.example.test", "A", **options)
    assert (found.status, reason in (found.reason or "")) == ("bogus", True)


def test_a_ds_record_for_another_key() -> None:
    parent, child, plain = family()
    other = SignedZone(child.origin, "")
    parent.add(child.origin, other.ds)
    found = look("mx1.example.test", "A", zones=(parent, child, plain))
    assert found.status == "bogus"
    assert "no key that its parent" in (found.reason or "")


@pytest.mark.parametrize(("algorithm", "digest"), [(5, 2), (250, 2), (13, 1), (13, 99)])
def test_unknown_algorithms_and_those_with_sha1_make_a_zone_insecure(
    algorithm: int, digest: int
) -> None:
    parent, child, plain = family()
    parent.add(child.origin, child.ds.replace(algorithm=algorithm, digest_type=digest, digest=b"x" * {1: 20, 2: 32, 99: 7}[digest]))  # fmt: skip
    found = look("mx1.example.test", "A", zones=(parent, child, plain))
    assert (found.status, found.secure) == ("found", False)


@pytest.mark.parametrize("algorithm", [*ALGORITHMS, 1, 3, 5, 7, 12, 253, 254])
@pytest.mark.parametrize(
    "key", [b"", b"\0", b"\0\0\1", b"\1\3", b"\3x\1", b"\xff" * 64, b"\0" * 97]
)
def test_a_broken_key_beside_a_sound_one_verifies_nothing(algorithm: int, key: bytes) -> None:
    parent, child, plain = family()
    broken = child.dnskey.replace(algorithm=algorithm, key=key)
    keys = dns.rdataset.from_rdata_list(300, [child.dnskey, broken])
    child.sets[child.origin][dns.rdatatype.DNSKEY] = keys

    def by_the_broken_one(rrset: dns.rrset.RRset) -> dns.rrset.RRset:
        tag = dns.dnssec.key_id(broken)
        forged = rrset[0].replace(algorithm=algorithm, key_tag=tag, signature=bytes(64))
        return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, [forged])

    def spoil(message: dns.message.Message) -> None:
        if message.question[0].rdtype == dns.rdatatype.A:
            changed(by_the_broken_one, "RRSIG")(message)

    found = look("mx1.example.test", "A", zones=(parent, child, plain), spoil=spoil)
    assert found.status == "bogus"


def test_rfc9905_a_signature_with_sha1_counts_for_nothing_beside_a_ds_record_for_another() -> None:
    parent, child, plain = family()
    weak = rsa.generate_private_key(65537, 2048)
    sha1 = dns.dnssec.make_dnskey(weak.public_key(), dns.dnssec.Algorithm.RSASHA1, flags=257)
    keys = dns.rdataset.from_rdata_list(300, [child.dnskey, sha1])
    child.sets[child.origin][dns.rdatatype.DNSKEY] = keys

    def spoil(message: dns.message.Message) -> None:
        if message.question[0].rdtype == dns.rdatatype.A:
            rrset = message.answer[0]
            signature = dns.dnssec.sign(
                rrset, weak, child.origin, sha1, inception=int(NOW - 1), expiration=int(NOW + 1),
                policy=dns.dnssec.allow_all_policy,
            )  # fmt: skip
            message.answer = [rrset, dns.rrset.from_rdata_list(rrset.name, 300, [signature])]

    found = look("mx1.example.test", "A", zones=(parent, child, plain), spoil=spoil)
    assert (found.status, "does not have" in (found.reason or "")) == ("bogus", True)


def test_too_many_iterations_make_denials_insecure() -> None:
    found = look("mx1.example.test", "AAAA", iterations=101)
    assert (found.status, found.secure) == ("nodata", False)


def test_the_time_to_live_is_that_of_the_zone() -> None:
    def aged(rrset: dns.rrset.RRset) -> dns.rrset.RRset:
        rrset.ttl = 7
        return rrset

    found = look("mx1.example.test", "A", spoil=changed(aged, "A", "RRSIG"))
    assert (found.secure, found.ttl) == (True, 300)
    assert look("mx1.plain.test", "A", spoil=changed(aged, "A")).ttl == 7


def test_a_signature_that_does_not_hold_sets_no_time_to_live() -> None:
    def spoil(message: dns.message.Message) -> None:
        [question] = message.question
        if question.rdtype == dns.rdatatype.A:
            signature = next(one for one in message.answer if one.rdtype == dns.rdatatype.RRSIG)
            signature.add(signature[0].replace(original_ttl=2**32 - 1, signature=bytes(64)))

    found = look("mx1.example.test", "A", spoil=spoil)
    assert (found.secure, found.ttl) == (True, 300)


def test_work_has_a_bound() -> None:
    found = look("mx1.example.test", "A", budget=Budget(3))
    assert found.status == "bogus"
    assert "too many signatures" in (found.reason or "")


def test_many_keys_and_signatures_of_one_tag_are_not_all_tried() -> None:
    """As in CVE-2023-50387: as many colliding keys, and signatures that do not hold, as an answer can carry."""
    parent, child, plain = family()

    def many(rrset: dns.rrset.RRset) -> dns.rrset.RRset:
        forged = [rrset[0].replace(signature=bytes([n]) * 64) for n in range(200)]
        return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, forged)

    def spoil(message: dns.message.Message) -> None:
        if message.question[0].rdtype == dns.rdatatype.A:
            changed(many, "RRSIG")(message)

    budget = Budget(50)
    found = look("mx1.example.test", "A", zones=(parent, child, plain), spoil=spoil, budget=budget)
    assert found.status == "bogus"
    assert budget.left > 20


def alias_loop(message: dns.message.Message) -> None:
    name = message.question[0].name
    message.answer = [dns.rrset.from_text(name, 300, "IN", "CNAME", f"a.{name}"[:200])]


def test_aliases_without_end() -> None:
    found = look("mx1.plain.test", "A", spoil=alias_loop)
    assert found.failed


def test_an_alias_to_itself() -> None:
    def spoil(message: dns.message.Message) -> None:
        name = message.question[0].name
        if message.question[0].rdtype == dns.rdatatype.A:
            message.answer = [dns.rrset.from_text(name, 300, "IN", "CNAME", name.to_text())]

    assert look("mx1.plain.test", "A", spoil=spoil).status == "malformed"


@pytest.mark.parametrize(
    ("code", "status"), [("SERVFAIL", "servfail"), ("REFUSED", "refused"), ("NOTIMP", "malformed")]
)
def test_a_server_that_does_not_want_to(code: str, status: str) -> None:
    def spoil(message: dns.message.Message) -> None:
        message.answer, message.authority = [], []
        message.set_rcode(dns.rcode.from_text(code))

    assert look("mx1.example.test", "A", spoil=spoil).status == status


def test_a_lie_that_a_name_does_not_exist() -> None:
    def spoil(message: dns.message.Message) -> None:
        message.set_rcode(dns.rcode.NXDOMAIN)

    found = look("mx1.example.test", "AAAA", spoil=spoil)
    assert found.status == "bogus"


def with_a_wildcard(text: str) -> tuple[SignedZone, SignedZone]:
    child = SignedZone(dns.name.from_text("example.test."), text)
    parent = SignedZone(
        dns.name.from_text("test."),
        "example 300 IN NS ns.example\nns.example 300 IN A 203.0.113.2\n",
    )
    parent.add(child.origin, child.ds)
    return parent, child


def moved(rrsets: t.Sequence[dns.rrset.RRset], name: dns.name.Name) -> list[dns.rrset.RRset]:
    """Sets as they are, signatures and all, at another name."""
    return [dns.rrset.from_rdata_list(name, one.ttl, list(one)) for one in rrsets]


def test_rfc4035_section_5_4_what_a_wildcard_lacks_says_nothing_of_other_names() -> None:
    """The signed NSEC record of a wildcard without TLSA records, at a name that has some: its signature holds there."""
    tlsa = "_25._tcp.mx1 300 IN TLSA 3 1 1 " + "ab" * 32
    parent, child = with_a_wildcard(f"mx1 300 IN A 203.0.113.11\n{tlsa}\n* 300 IN A 203.0.113.99\n")
    victim = "_25._tcp.mx1.example.test."

    def spoil(message: dns.message.Message) -> None:
        [question] = message.question
        if question.rdtype == dns.rdatatype.TLSA:
            nsec = child.with_signature(child._chain()[dns.name.from_text("*", child.origin)])
            message.answer, message.authority = [], moved(nsec, question.name)

    assert look(victim, zones=(parent, child)).status == "found"
    found = look(victim, zones=(parent, child), spoil=spoil)
    assert (found.status, found.secure) == ("bogus", None)
    assert "NSEC has no signature" in (found.reason or "")


def test_rfc4035_section_5_4_the_record_before_a_name_does_not_deny_it() -> None:
    """Whoever is on the path replays the signed NSEC record whose next name is the one that is asked for."""
    tlsa = "_25._tcp.mx1 300 IN TLSA 3 1 1 " + "ab" * 32
    parent, child = with_a_wildcard(f"mx0 300 IN A 203.0.113.10\n{tlsa}\n")

    def spoil(message: dns.message.Message) -> None:
        if message.question[0].rdtype == dns.rdatatype.TLSA:
            before = child._chain()[dns.name.from_text("mx0", child.origin)]
            message.answer, message.authority = [], child.with_signature(before)

    found = look("_25._tcp.mx1.example.test.", zones=(parent, child), spoil=spoil)
    assert (found.status, found.secure) == ("bogus", None)
    assert "no proof that _25._tcp.mx1.example.test. has no TLSA" in (found.reason or "")


@pytest.mark.parametrize("host", ["_25._tcp.mx", "_465._tcp.mx"])
def test_rfc4035_section_5_3_4_a_wildcard_does_not_replace_a_closer_name(host: str) -> None:
    """The records of the wildcard are the attacker's to serve, were it proved that the name does not exist."""
    tlsa = "300 IN TLSA 3 1 1 "
    text = f"*.mx {tlsa}{'cd' * 32}\n_25._tcp.mx {tlsa}{'ab' * 32}\n"
    parent, child = with_a_wildcard(text)
    name = dns.name.from_text(host, child.origin)
    wildcard = dns.name.from_text("*.mx", child.origin)

    def spoil(message: dns.message.Message) -> None:
        if message.question[0].rdtype == dns.rdatatype.TLSA:
            false = child.with_signature(child._rrset(wildcard, dns.rdatatype.TLSA), wildcard)
            message.set_rcode(dns.rcode.NOERROR)
            message.answer = moved(false, name)
            message.authority = child.with_signature(child._chain()[wildcard])

    found = look(name.to_text(), zones=(parent, child), spoil=spoil)
    assert (found.status, found.secure) == ("bogus", None)
    assert "from a wildcard, without proof that it had to" in (found.reason or "")


def test_a_wildcard_of_ds_records_makes_no_zone() -> None:
    """The key in the record is the attacker's own, who runs a zone that the wildcard delegates."""
    other = SignedZone(
        dns.name.from_text("mx1.example.test."), "_25._tcp 300 IN TLSA 3 1 1 " + "cd" * 32
    )
    parent, child = with_a_wildcard("mx1 300 IN NS ns\n* 300 IN NS ns\n")
    wildcard = dns.name.from_text("*", child.origin)
    child.add(wildcard, other.ds)

    def spoil(message: dns.message.Message) -> None:
        [question] = message.question
        if question.rdtype == dns.rdatatype.DS and question.name == other.origin:
            rrset = dns.rrset.from_rdata_list(wildcard, 300, [other.ds])
            message.answer = moved(child.with_signature(rrset, wildcard), other.origin)
            message.authority = []

    found = look("_25._tcp.mx1.example.test.", zones=(parent, child, other), spoil=spoil)
    assert (found.status, found.secure) == ("bogus", None)
