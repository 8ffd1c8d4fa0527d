# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a name and what is returned with it, from zones in memory and chains that an authority made."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import (
    Answer,
    ByResolver,
    Status,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import Chain, chain_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import (
    Coming,
    brief,
    whole,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import parsed
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Resolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._state import Published
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey, survey
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._validation import Validator
from ansible_collections.postmaster.tls.tests.support.authority import NOW, Signed, sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import MX, record
from ansible_collections.postmaster.tls.tests.support.signed_zones import NOW as ZONES_NOW
from ansible_collections.postmaster.tls.tests.support.signed_zones import Resolving, family

ROOT = sign("Root", ca=True)
LEAF = sign(MX, ROOT, names=[MX])
OTHER = sign(MX, ROOT, names=[MX])
NEXT = sign(MX, ROOT, names=[MX])
OLD = sign(MX, ROOT, names=[MX], begin=NOW - timedelta(days=20), end=NOW - timedelta(days=10))
Data = dict[str, t.Any]


def surveyed(*records: str, name: str = MX, secure: bool = True, trusted: bool = True) -> Survey:
    """What a validating resolver says of mx1 with these records."""
    parent, child, plain = family()
    owner = dns.name.from_text("_25._tcp.mx1.example.test.")
    if records:
        kind = (dns.rdataclass.IN, dns.rdatatype.TLSA)
        rdatas = [dns.rdata.GenericRdata(*kind, parsed(one).wire) for one in records]
        child.sets[owner][dns.rdatatype.TLSA] = dns.rdataset.from_rdata_list(300, rdatas)
    else:
        del child.sets[owner]
    transport = Resolving(parent, child, plain, secure=secure)
    resolver = Resolver([Server("127.0.0.1")], transport=transport)
    return survey(ByResolver(resolver, trusted=trusted), name, 25)


def surveyed_without(kind: int, status: Status, *records: str) -> Survey:
    """The same, and one look-up for addresses fails while the other has some."""
    whole_survey = surveyed(*records)
    [answer] = [one for one in whole_survey.hosts if one.status == "found"]
    failed = Answer(status, None, answer.name, reason="no answer")
    hosts = (failed, answer) if kind == dns.rdatatype.A else (answer, failed)
    return replace(whole_survey, hosts=hosts)


def shown(*signed: Signed, source: str = "203.0.113.11:25") -> Chain:
    return chain_of([one.pem for one in signed], source)


def outcome(found: Survey, *chains: Chain, **more: t.Any) -> Data:
    return whole(found, chains or (shown(LEAF, ROOT),), now=NOW, **more)


def codes(result: Data) -> list[str]:
    return [finding["code"] for finding in result["findings"]]


CURRENT = record(3, 1, 1, LEAF)
STALE = record(3, 1, 1, OTHER)
ISSUER = record(2, 0, 1, ROOT)


@pytest.mark.parametrize(
    ("records", "state", "found"),
    [
        ([], "absent", []),
        ([CURRENT], "ok", []),
        ([ISSUER], "ok", []),
        ([STALE], "stale", ["stale-tlsa"]),
        ([CURRENT, STALE], "rollover-safe", []),
        ([CURRENT, ISSUER], "rollover-safe", []),
        ([STALE, ISSUER], "rollover-safe", ["tlsa-combination"]),
        ([record(3, 1, 2, LEAF), STALE], "ok", ["tlsa-combination"]),
        (["3 1 1 00"], "broken", ["tlsa-unusable"]),
        ([CURRENT, "3 1 1 00"], "ok", ["tlsa-malformed"]),
        ([record(1, 1, 1, LEAF)], "broken", ["tlsa-unusable"]),
    ],
)
def test_the_state_of_one_chain(records: Sequence[str], state: str, found: list[str]) -> None:
    result = outcome(surveyed(*records))
    assert (result["state"], codes(result), result["secure"]) == (state, found, True)


def test_an_expired_chain_breaks_a_record_of_its_issuer() -> None:
    result = outcome(surveyed(ISSUER), shown(OLD, ROOT))
    assert (result["state"], codes(result)) == ("broken", ["tlsa-unfit"])
    assert "not valid at this time" in result["reason"]
    assert outcome(surveyed(record(3, 1, 1, OLD)), shown(OLD, ROOT))["state"] == "ok"


def test_the_worst_chain_counts() -> None:
    """RSA and ECDSA, each address: one that fits does not help the others."""
    result = outcome(surveyed(CURRENT), shown(LEAF), shown(OTHER, source="[2001:db8::11]:25"))
    assert result["state"] == "stale"
    assert [one["status"] for one in result["chains"]] == ["match", "mismatch"]
    [finding] = result["findings"]
    assert "[2001:db8::11]:25" in finding["evidence"]
    assert result["chains"][1]["spki_sha256"] in finding["evidence"]


def test_insecure_records_protect_nothing() -> None:
    result = outcome(surveyed(CURRENT, secure=False))
    assert (result["state"], result["secure"]) == ("insecure", False)
    assert codes(result) == ["tlsa-without-dnssec"]


def test_a_resolver_that_is_not_trusted_leaves_it_open() -> None:
    result = outcome(surveyed(CURRENT, trusted=False))
    assert (result["state"], result["secure"]) == (None, None)
    assert codes(result) == ["not-determined"]
    assert "not on loopback" in result["reason"]


def test_without_a_certificate_nothing_is_a_verdict() -> None:
    found = surveyed(CURRENT)
    result = whole(found, (), now=NOW, unseen=["203.0.113.11:25 showed no certificate: refused"])
    assert result["state"] is None
    assert "refused" in result["reason"]
    assert set(codes(result)) == {"not-determined"}


REFUSED = "203.0.113.12:25 showed no certificate: refused"


@pytest.mark.parametrize(
    ("records", "state", "found"),
    [
        ([CURRENT], None, ["not-determined"]),
        ([CURRENT, STALE], None, ["not-determined"]),
        ([CURRENT, "3 1 1 00"], None, ["not-determined", "tlsa-malformed"]),
        ([STALE], "stale", ["stale-tlsa", "not-determined"]),
        ([], "absent", ["not-determined"]),
    ],
)
def test_an_address_that_nobody_saw_leaves_it_open_whether_all_fit(
    records: Sequence[str], state: str | None, found: list[str]
) -> None:
    """Its certificate may be another one, whose record a rotation must not take away."""
    result = outcome(surveyed(*records), unseen=[REFUSED])
    assert (result["state"], codes(result)) == (state, found)
    assert state is not None or result["reason"] == REFUSED
    since = Published(NOW - timedelta(seconds=1))
    assert outcome(surveyed(*records), unseen=[REFUSED], published=since)["state"] == state


@pytest.mark.parametrize("status", ["timeout", "servfail", "refused", "malformed"])
@pytest.mark.parametrize("kind", [dns.rdatatype.A, dns.rdatatype.AAAA])
def test_an_address_look_up_that_failed_leaves_it_open_whether_all_fit(
    kind: int, status: Status
) -> None:
    """The other look-up has addresses, and nobody knows whether this one would have, too."""
    found = surveyed_without(kind, status, CURRENT)
    result = outcome(found)
    assert (result["state"], result["secure"]) == (None, None)
    assert (result["reason"], codes(result)) == ("no answer", ["not-determined"])
    data, findings = brief(found, [shown(LEAF, ROOT)], now=NOW)
    assert (data["status"], data["secure"]) == ("match", None)
    assert [one["code"] for one in findings] == ["not-determined"]
    stale = outcome(surveyed_without(kind, status, STALE))
    assert (stale["state"], codes(stale)) == ("stale", ["stale-tlsa", "not-determined"])


@pytest.mark.parametrize(
    ("records", "state", "covered"),
    [
        ([CURRENT], "ok", False),
        ([CURRENT, record(3, 1, 1, NEXT)], "rollover-safe", True),
        ([CURRENT, ISSUER], "rollover-safe", True),
        ([record(3, 1, 1, NEXT)], "stale", True),
        ([], "absent", False),
    ],
)
def test_the_next_certificate(records: Sequence[str], state: str, covered: bool) -> None:
    result = outcome(surveyed(*records), coming=Coming(chain=shown(NEXT, ROOT)))
    assert (result["state"], result["covers_next"]) == (state, covered)


def test_the_next_key_alone_needs_a_record_of_its_own() -> None:
    key = shown(NEXT).certificates[0].key
    for records, covered in (
        ([CURRENT, ISSUER], False),
        ([CURRENT, record(3, 1, 1, NEXT)], True),
        ([CURRENT, record(3, 1, 2, NEXT)], True),
        ([CURRENT, record(3, 0, 1, NEXT)], False),
    ):
        assert outcome(surveyed(*records), coming=Coming(key=key))["covers_next"] is covered


def test_caches_are_waited_for() -> None:
    found = surveyed(CURRENT, record(3, 1, 1, NEXT))
    coming = Coming(chain=shown(NEXT, ROOT))
    for published, state, until in (
        (Published(NOW - timedelta(seconds=299)), "wait", "2026-11-21T12:00:01Z"),
        (Published(NOW - timedelta(seconds=300)), "rollover-safe", None),
        (Published(NOW - timedelta(seconds=300), 3600), "wait", "2026-11-21T12:55:00Z"),
        (Published(NOW - timedelta(days=6), 2**31 - 1), "wait", "2026-11-22T12:00:00Z"),
        (Published(NOW - timedelta(days=7), 2**31 - 1), "rollover-safe", None),
    ):
        result = outcome(found, coming=coming, published=published)
        assert (result["state"], result["wait_until"]) == (state, until)


def test_what_to_publish_is_the_current_keys_and_the_next() -> None:
    result = outcome(
        surveyed(CURRENT), shown(LEAF), shown(LEAF, source="x"), coming=Coming(chain=shown(NEXT))
    )
    owner = "_25._tcp.mx1.example.test. 300 IN TLSA"
    assert result["publish"] == [f"{owner} {CURRENT}", f"{owner} {record(3, 1, 1, NEXT)}"]


def test_evidence_names_record_certificate_and_place() -> None:
    result = outcome(surveyed(CURRENT, STALE), shown(LEAF, ROOT))
    of_current, of_stale = sorted(result["matches"], key=lambda one: one["certificate"] is None)
    assert (of_current["record"], of_current["authenticates"]) == (CURRENT, True)
    assert of_current["certificate"]["source"] == "203.0.113.11:25"
    assert of_current["certificate"]["subject"] == f"CN={MX}"
    assert of_current["certificate"]["depth"] == 0
    assert (of_stale["record"], of_stale["certificate"]) == (STALE, None)
    assert [one["ttl"] for one in result["records"]] == [300, 300]


@pytest.mark.parametrize(
    ("records", "status"),
    [
        ([CURRENT], "match"),
        ([STALE], "mismatch"),
        (["3 1 1 00"], "unusable"),
        ([], "absent"),
    ],
)
def test_the_word_of_the_probe(records: Sequence[str], status: str) -> None:
    data, _findings = brief(surveyed(*records), [shown(LEAF, ROOT)], now=NOW)
    assert data["status"] == status


def test_an_alias_is_followed_to_the_name_that_has_the_records() -> None:
    """RFC 7672 sections 2.2.2 and 3.2.2: the certificate is asked for by the expanded name, and has to show that one."""
    found = surveyed(CURRENT, name="alias.example.test")
    assert (found.base, found.names) == (MX, (MX,))
    assert outcome(found)["state"] == "ok"


def test_an_alias_out_of_the_signed_tree_is_asked_for_by_its_own_name() -> None:
    parent, *below = family()
    resolver = Resolver([Server("127.0.0.1")], transport=Resolving(parent, *below))
    look = Validator(
        lambda name, rdtype: resolver.ask(name, rdtype, unchecked=True),
        {parent.origin: [parent.ds]},
        now=ZONES_NOW,
    )
    found = survey(look, "far.example.test", 25)
    assert (found.base, found.addresses) == ("far.example.test", ("203.0.113.14",))
    assert outcome(found)["state"] == "absent"


@pytest.mark.parametrize(
    ("domain", "secure", "found"),
    [("example.test", True, []), ("plain.test", False, ["mx-without-dnssec"])],
)
def test_the_mx_records_of_the_domain(domain: str, secure: bool, found: list[str]) -> None:
    parent, *below = family()
    for zone in below:
        mx = dns.rdata.from_text("IN", "MX", "10 mx1.example.test.")
        zone.add(zone.origin, mx)
    owner = dns.name.from_text("_25._tcp.mx1.example.test.")
    below[0].add(owner, dns.rdata.from_text("IN", "TLSA", CURRENT))
    resolver = Resolver([Server("127.0.0.1")], transport=Resolving(parent, *below))
    look = Validator(
        lambda name, rdtype: resolver.ask(name, rdtype, unchecked=True),
        {parent.origin: [parent.ds]},
        now=ZONES_NOW,
    )
    result = outcome(survey(look, MX, 25, domain=domain))
    known = {"status": "found", "secure": secure, "hosts": [MX]}
    assert (result["state"], result["lookup"]["mx"], codes(result)) == ("ok", known, found)
    assert result["lookup"]["names"] == ([MX, domain] if secure else [MX])


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".test", "y." * 200])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(InvalidInput, match="is not a host name"):
        surveyed(CURRENT, name=name)


def test_times_are_utc() -> None:
    at = datetime.fromisoformat("2026-11-21T13:00:00+01:00")
    result = outcome(surveyed(CURRENT), published=Published(at.astimezone(UTC)))
    assert result["wait_until"] == "2026-11-21T12:05:00Z"
