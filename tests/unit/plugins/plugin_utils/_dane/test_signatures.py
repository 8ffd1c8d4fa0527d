# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures and keys of every algorithm: the examples of RFC 6605 and RFC 8080, and such as dnspython makes."""

from __future__ import annotations

import typing as t
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import RRset
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._signatures import (
    Bogus,
    Budget,
    TooMuchWork,
    known,
    load_anchors,
    trusted_keys,
    verified,
)
from cryptography.hazmat.primitives.asymmetric import rsa

NET, COM = dns.name.from_text("example.net."), dns.name.from_text("example.com.")
#: Zone, key, DS record, the set that is signed, its signature, and a time at which that is valid (seconds since 1970).
EXAMPLES: dict[str, tuple[dns.name.Name, str, str, str, str, int]] = {
    "RFC 6605 6.1": (
        NET,
        "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
        "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
        "www.example.net. A 192.0.2.1",
        (
            "A 13 3 3600 20100909100439 20100812100439 55648 example.net. "
            "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw=="
        ),
        1_283_000_000,
    ),
    "RFC 6605 6.2": (
        NET,
        "257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
        "10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6",
        "www.example.net. A 192.0.2.1",
        (
            "A 14 3 3600 20100909102025 20100812102025 10771 example.net. "
            "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm"
        ),
        1_283_000_000,
    ),
    "RFC 8080 6.1": (
        COM,
        "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
        "3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b",
        "example.com. MX 10 mail.example.com.",
        (
            "MX 15 2 3600 1440021600 1438207200 3613 example.com. "
            "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg=="
        ),
        1_439_000_000,
    ),
    "RFC 8080 6.2": (
        COM,
        "257 3 16 3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
        "9713 16 2 6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7",
        "example.com. MX 10 mail.example.com.",
        (
            "MX 16 2 3600 1440021600 1438207200 9713 example.com. "
            "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/NB"
            "tOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA"
        ),
        1_439_000_000,
    ),
}


def rdata(kind: str, text: str) -> t.Any:
    return dns.rdata.from_text("IN", kind, text)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_an_rfc_holds(name: str) -> None:
    zone, key_text, ds, record, signature_text, at = EXAMPLES[name]
    key, signature = rdata("DNSKEY", key_text), rdata("RRSIG", signature_text)
    owner, kind, content = record.split(" ", 2)
    found = dns.name.from_text(owner), dns.rdatatype.from_text(kind), rdata(kind, content)
    rrset = RRset(*found[:2], 3600, (found[2],), (signature,))
    assert known([rdata("DS", ds)]) == [rdata("DS", ds)]
    assert verified(rrset, zone, [key], now=at, budget=Budget(1)) == signature
    keys = RRset(zone, dns.rdatatype.DNSKEY, 3600, (key,))
    other = NET if zone == COM else COM
    for owner, said in ((other, "no key that its parent"), (zone, "DNSKEY has no signature")):
        with pytest.raises(Bogus, match=said):
            trusted_keys(owner, keys, [rdata("DS", ds)], now=at, budget=Budget())


START, END = 1_700_000_000, 1_700_086_400
ADDRESS = rdata("A", "192.0.2.1")
WWW = dns.name.from_text("www.example.net.")
PRIVATE = rsa.generate_private_key(65537, 2048)


def made(
    algorithm: int = 8, *, flags: int = 257, count: int = 1, owner: dns.name.Name = WWW
) -> tuple[t.Any, RRset]:
    """A key, and a set that it has signed so many times."""
    key = dns.dnssec.make_dnskey(
        PRIVATE.public_key(), dns.dnssec.Algorithm.make(algorithm), flags=flags
    )
    rdataset = dns.rdataset.from_rdata_list(300, [ADDRESS])
    signatures = [
        dns.dnssec.sign((owner, rdataset), PRIVATE, NET, key, inception=START, expiration=END - at)
        for at in range(count)
    ]
    return key, RRset(owner, dns.rdatatype.A, 300, (ADDRESS,), tuple(signatures))


@pytest.mark.parametrize("algorithm", [8, 10])
def test_rfc5702_rsa_with_sha_256_and_512(algorithm: int) -> None:
    key, rrset = made(algorithm)
    assert verified(rrset, NET, [key], now=START + 1, budget=Budget(1)) == rrset.signatures[0]
    forged = RRset(WWW, dns.rdatatype.A, 300, (rdata("A", "192.0.2.2"),), rrset.signatures)
    with pytest.raises(Bogus, match="does not hold"):
        verified(forged, NET, [key], now=START + 1, budget=Budget(1))


@pytest.mark.parametrize(
    ("now", "holds"), [(START - 1, False), (START, True), (END, True), (END + 1, False)]
)
def test_rfc4034_section_3_1_5_the_first_and_the_last_second_count(now: int, holds: bool) -> None:
    key, rrset = made()
    if holds:
        assert verified(rrset, NET, [key], now=now, budget=Budget(1)) == rrset.signatures[0]
    else:
        with pytest.raises(Bogus, match="not valid at this time"):
            verified(rrset, NET, [key], now=now, budget=Budget(1))


@pytest.mark.parametrize(("flags", "holds"), [(256, True), (0, False), (1, False)])
def test_rfc4034_section_2_1_1_a_key_without_the_zone_bit_verifies_nothing(
    flags: int, holds: bool
) -> None:
    key, rrset = made()
    other = key.replace(flags=flags)
    tag = dns.dnssec.key_id(other)
    signature = rrset.signatures[0].replace(key_tag=tag)
    again = RRset(WWW, dns.rdatatype.A, 300, (ADDRESS,), (signature,))
    with pytest.raises(
        Bogus, match="does not hold" if holds else "which example.net. does not have"
    ):
        verified(again, NET, [other], now=START + 1, budget=Budget(1))


def test_a_signature_costs_one_of_the_budget_and_the_last_one_counts() -> None:
    key, rrset = made()
    budget = Budget(1)
    verified(rrset, NET, [key], now=START + 1, budget=budget)
    assert budget.left == 0
    with pytest.raises(TooMuchWork):
        verified(rrset, NET, [key], now=START + 1, budget=budget)


@pytest.mark.parametrize(("wrong", "holds"), [(7, True), (8, False)])
def test_of_the_signatures_of_a_set_only_eight_are_tried(wrong: int, holds: bool) -> None:
    key, rrset = made()
    sound = rrset.signatures[0]
    bad = tuple(sound.replace(signature=bytes([at]) * 256) for at in range(wrong))
    many = RRset(WWW, dns.rdatatype.A, 300, (ADDRESS,), (*bad, sound))
    budget = Budget(50)
    if holds:
        assert verified(many, NET, [key], now=START + 1, budget=budget) == sound
    else:
        with pytest.raises(Bogus, match="does not hold"):
            verified(many, NET, [key], now=START + 1, budget=budget)
    assert budget.left == 50 - 8


def test_rfc5011_a_revoked_key_is_no_key_of_its_zone() -> None:
    key, _set = made()
    revoked, second = key.replace(flags=257 | 0x80), key.replace(flags=256)
    other = key.replace(flags=0)
    keys = (key, revoked, second, other)
    rdataset = dns.rdataset.from_rdata_list(300, list(keys))
    signature = dns.dnssec.sign((NET, rdataset), PRIVATE, NET, key, inception=START, expiration=END)
    served = RRset(NET, dns.rdatatype.DNSKEY, 300, keys, (signature,))
    for anchor in (
        key,
        dns.dnssec.make_ds(NET, key, "SHA256"),
        dns.dnssec.make_ds(NET, key, "SHA384"),
    ):
        found = trusted_keys(NET, served, [anchor], now=START + 1, budget=Budget())
        assert found == [key, second]


def test_what_no_anchor_can_be_taken_from() -> None:
    ds = "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"
    of_sha1 = "60485 8 1 2BB183AF5F22588179A53B0A98631FAD1A292118"
    gost = "60485 13 3 " + "ab" * 32
    assert known([rdata("DS", one) for one in (ds, of_sha1, gost)]) == []


def test_anchors_of_a_zone_file_in_several_lines(tmp_path: Path) -> None:
    _zone, key, ds, *_rest = EXAMPLES["RFC 6605 6.2"]
    head, tag = key.rsplit(" ", 1)
    lines = f"example.net. 3600 IN DNSKEY {head} ( ; comes in parts (\n {tag[:40]}\n {tag[40:]} ) ; end )\n"
    path = tmp_path / "anchors"
    path.write_text(f"; nothing\nDS\n{lines}example.net. IN DS {ds}\n")
    assert load_anchors(str(path)) == {NET: [rdata("DNSKEY", key), rdata("DS", ds)]}
