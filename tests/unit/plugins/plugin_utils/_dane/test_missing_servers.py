# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that are not those of a mail server: they do not exist, have no address, or are domains whose mail goes elsewhere."""

from __future__ import annotations

import typing as t

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import ByResolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import chain_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import brief, whole
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Resolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey, survey
from ansible_collections.postmaster.tls.tests.support.authority import NOW, sign
from ansible_collections.postmaster.tls.tests.support.signed_zones import (
    Resolving,
    SignedZone,
    Spoil,
)

CHAIN = chain_of([sign("mail.example.test").pem], "203.0.113.20:25")


def outcome(found: Survey) -> dict[str, t.Any]:
    return whole(found, [CHAIN], now=NOW)


def codes(result: dict[str, t.Any]) -> list[str]:
    return [finding["code"] for finding in result["findings"]]


MAIL = f"""
mail 300 IN A 203.0.113.20
mail 300 IN MX 10 mail
shop 300 IN A 203.0.113.21
shop 300 IN MX 10 mail
list 300 IN MX 10 mail
list 300 IN MX 20 mx.other.test.
quiet 300 IN A 203.0.113.22
quiet 300 IN MX 0 .
text 300 IN TXT "no address"
dangling 300 IN CNAME nobody
early 300 IN TXT "records before the address"
_25._tcp.early 300 IN TLSA 3 1 1 {"ab" * 32}
"""


def of_mail(name: str, *, domain: str | None = None, spoil: Spoil | None = None) -> Survey:
    zone = SignedZone(dns.name.from_text("example.test."), MAIL)
    resolver = Resolver([Server("127.0.0.1")], transport=Resolving(zone, secure=True, spoil=spoil))
    of = domain and f"{domain}.example.test"
    return survey(ByResolver(resolver, trusted=True), f"{name}.example.test", 25, domain=of)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nobody", "the name nobody.example.test does not exist"),
        ("dangling", "the name nobody.example.test does not exist"),
        ("text", "the name text.example.test has no address"),
        ("list", "list.example.test is a domain whose mail goes to mail.example.test, mx.other.test"),
    ],
)  # fmt: skip
def test_a_server_that_does_not_exist_is_not_one_without_records(name: str, said: str) -> None:
    result = outcome(of_mail(name))
    assert (result["state"], codes(result)) == (None, ["not-determined"])
    assert said in result["reason"]
    assert said in result["findings"][0]["evidence"]
    data, _findings = brief(of_mail(name), [CHAIN], now=NOW)
    assert (data["status"], said in data["reason"]) == (None, True)


def test_records_that_are_there_before_the_address_have_a_state() -> None:
    assert outcome(of_mail("early"))["state"] == "stale"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mail", None),
        ("shop", "shop.example.test is a domain whose mail goes to mail.example.test"),
        ("quiet", "quiet.example.test is a domain that takes no mail (RFC 7505)"),
    ],
)
def test_a_domain_in_place_of_a_mail_server_is_told_from_one(name: str, said: str | None) -> None:
    result = outcome(of_mail(name))
    assert (result["state"], (said or "") in (result["reason"] or "")) == ("absent", True)
    assert (result["reason"] is None) == (said is None)


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("shop", None),
        ("mail", None),
        ("nobody", "the domain nobody.example.test does not exist"),
        ("quiet", "quiet.example.test takes no mail"),
        ("text", "mail for text.example.test goes to text.example.test"),
    ],
)
def test_a_domain_whose_mail_goes_elsewhere(domain: str, said: str | None) -> None:
    result = outcome(of_mail("mail", domain=domain))
    assert codes(result) == (["mx-elsewhere"] if said else [])
    assert all(said in one["evidence"] for one in result["findings"] if said)


def no_mx(message: dns.message.Message) -> None:
    if message.question[0].rdtype == dns.rdatatype.MX:
        message.answer = []
        message.set_rcode(dns.rcode.SERVFAIL)


def test_mx_records_that_nobody_answers_for_are_not_determined() -> None:
    result = outcome(of_mail("mail", domain="shop", spoil=no_mx))
    assert codes(result) == ["not-determined"]
    assert "the MX records of shop.example.test" in result["findings"][0]["evidence"]
