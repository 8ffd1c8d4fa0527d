# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's DNS is what it says: signed, insecure or bogus by the word of other tools; and case 2 happens in it."""

from __future__ import annotations

import re

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab

pytestmark = pytest.mark.lab
SECURE = ("NOERROR", True)
INSECURE = ("NOERROR", False)
FAILURE = ("SERVFAIL", False)
NEXT = ("next/mx1.crt", "next/mx1-ecdsa.crt")


def answer(lab: DaneLab, name: str, kind: str, *options: str) -> tuple[str, bool]:
    """The status of an answer of the resolver, and whether it says that it validated it."""
    text = lab.on("sender-dane", "dig", "@127.0.0.1", "+tries=1", *options, name, kind)
    status = re.search(r"status: (\w+)", text)
    flags = re.search(r";; flags: ([a-z ]+);", text)
    assert status is not None, text
    assert flags is not None, text
    return status.group(1), "ad" in flags.group(1).split()


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("example.test", "MX", SECURE),
        ("_25._tcp.mx1.example.test", "TLSA", SECURE),
        ("_25._tcp.tlsa-alias.example.test", "TLSA", SECURE),
        ("_25._tcp.absent.example.test", "TLSA", ("NXDOMAIN", True)),
        ("_25._tcp.mx.nsec3.test", "TLSA", SECURE),
        ("nobody.nsec3.test", "A", ("NXDOMAIN", True)),
        ("_25._tcp.truncated.malformed.test", "TLSA", SECURE),
        ("_25._tcp.mx.insecure.test", "TLSA", INSECURE),
        ("_25._tcp.mx.unknown.test", "TLSA", INSECURE),
        ("_25._tcp.mx.child.optout.test", "TLSA", INSECURE),
        ("nobody.optout.test", "A", ("NXDOMAIN", False)),
        ("_25._tcp.tlsa-insecure-alias.example.test", "TLSA", INSECURE),
        ("_25._tcp.mx.expired.test", "TLSA", FAILURE),
        ("_25._tcp.mx.wrongkey.test", "TLSA", FAILURE),
        ("_25._tcp.tlsa-loop.example.test", "TLSA", FAILURE),
        ("mx.refused.test", "A", FAILURE),
    ],
)
def test_the_resolver_says_what_each_zone_is(
    lab: DaneLab, name: str, kind: str, expected: tuple[str, bool]
) -> None:
    assert answer(lab, name, kind) == expected


@pytest.mark.parametrize("zone", ["expired.test", "wrongkey.test"])
def test_what_is_bogus_is_there_for_those_who_do_not_check(lab: DaneLab, zone: str) -> None:
    assert answer(lab, f"_25._tcp.mx.{zone}", "TLSA", "+cd") == INSECURE


def test_the_trust_anchor_proves_the_records_by_two_other_tools(lab: DaneLab) -> None:
    anchor = "/etc/postmaster-lab/trust-anchor"
    chased = lab.on("sender-dane", "drill", "-S", "-k", anchor, "_25._tcp.mx1.example.test", "TLSA")
    assert "Chase successful" in chased
    flags, protocol, algorithm, key = lab.on("sender-dane", "cat", anchor).split()[2:6]
    delv = f'trust-anchors {{ . static-key {flags} {protocol} {algorithm} "{key}"; }};'
    validated = lab.shell(
        "sender-dane",
        f"echo '{delv}' > /tmp/delv && delv -a /tmp/delv @127.0.0.1 _25._tcp.mx1.example.test TLSA",
    )
    assert "; fully validated" in validated


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("example.test", "Verified"),
        ("alias.example.test", "Verified"),
        ("tlsa-alias.example.test", "Verified"),
        ("mixed.malformed.test", "Verified"),
        ("stale.example.test", "no matching DANE TLSA records"),
        ("half.example.test", "no matching DANE TLSA records"),
        ("issuer.example.test", "hostname mismatch"),
        ("pkix.example.test", "Untrusted"),
    ],
)
def test_postfix_judges_the_names(lab: DaneLab, name: str, verdict: str) -> None:
    assert verdict in lab.finger(name)


def test_an_update_reaches_both_servers_and_is_signed(lab: DaneLab) -> None:
    lab.publish("3 1 1 " + "ab" * 32, owner="_25._tcp.absent.example.test.")
    assert answer(lab, "_25._tcp.absent.example.test", "TLSA") == SECURE
    lab.publish(owner="_25._tcp.absent.example.test.")
    assert answer(lab, "_25._tcp.absent.example.test", "TLSA") == ("NXDOMAIN", True)


def test_case_2_defers_at_the_sender_that_validates_and_nowhere_else(lab: DaneLab) -> None:
    lab.reset("case2")
    for sender in ("sender", "sender-dane"):
        lab.send(sender)
    lab.logged("sender", "to=<postmaster@example.test>", "status=sent")
    lab.logged("sender-dane", "status=deferred", "Server certificate not verified")
    lab.publish(*(lab.digest(f"/etc/postfix/tls/{file}") for file in NEXT))
    lab.on("sender-dane", "postqueue", "-f")
    lab.logged("sender-dane", "to=<postmaster@example.test>", "status=sent")
