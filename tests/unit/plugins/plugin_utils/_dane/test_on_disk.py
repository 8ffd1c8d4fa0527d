# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import dns.name
import dns.rdata
import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._on_disk import (
    names_of,
    with_dane,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._options import Lookup
from ansible_collections.postmaster.tls.tests.support.authority import NOW, Signed, sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import MX, record
from ansible_collections.postmaster.tls.tests.support.signed_zones import Resolving, family

OLD, NEW = sign(MX, names=[MX]), sign(MX, names=[MX])
LOOKUP = Lookup((Server("127.0.0.1"),), trusted=True, anchors=None)
Data = dict[str, t.Any]


def facts(*services: Data) -> Data:
    files = ("/etc/mx.pem", "/etc/submission.pem")
    return {
        "postfix": [{"services": list(services)}],
        "certificates": [{"file": file, "findings": []} for file in files],
        "findings": [],
    }


def told(known: Data, first: Signed, second: Signed, *names: str) -> Data:
    zones = family()
    owner = dns.name.from_text("_25._tcp.mx1.example.test.")
    zones[1].add(owner, dns.rdata.from_text("IN", "TLSA", record(3, 1, 1, OLD)))
    return with_dane(
        known,
        [{"chain": [first.pem]}, {"chain": [second.pem]}],
        names=names or (MX,),
        lookup=LOOKUP,
        now=NOW,
        transport=Resolving(*zones, secure=True),
    )


def service(file: str, lane: str = "mx", *, local: bool = False) -> Data:
    return {"lane": lane, "direction": "inbound", "certificate_files": [file], "local": local}


def test_a_new_certificate_on_disk_is_seen_before_it_is_served() -> None:
    found = told(facts(service("/etc/mx.pem")), NEW, OLD)
    first, second = found["certificates"]
    assert [(one["name"], one["status"]) for one in first["dane"]] == [(MX, "mismatch")]
    assert second["dane"] == []
    [finding] = found["findings"]
    assert finding == first["findings"][0]
    assert finding["code"] == "stale-tlsa"
    assert "on disk" in finding["message"]
    assert "/etc/mx.pem" in finding["evidence"]


def test_a_certificate_that_the_records_fit_is_no_finding() -> None:
    found = told(
        facts(service("/etc/mx.pem"), service("/etc/submission.pem", "submission")), OLD, NEW
    )
    assert found["certificates"][0]["dane"][0]["status"] == "match"
    assert found["findings"] == []


def test_without_services_every_certificate_counts() -> None:
    found = told(facts(), NEW, NEW)
    assert [one["dane"][0]["status"] for one in found["certificates"]] == ["mismatch"] * 2


def test_a_certificate_that_nobody_outside_gets_has_no_verdict() -> None:
    """Filters hand mail back to a service of their own on the loopback, which may have any certificate."""
    filtered = service("/etc/submission.pem", local=True)
    for services in ([service("/etc/mx.pem"), filtered], [filtered]):
        found = told(facts(*services), OLD, NEW)
        [entry] = found["certificates"][1]["dane"]
        assert (entry["name"], entry["status"], entry["records"]) == (MX, None, [])
        assert "loopback" in entry["reason"]
        assert found["findings"] == []
    assert found["certificates"][0]["dane"] == []


def test_a_certificate_that_is_served_outside_too_has_its_verdict() -> None:
    both = facts(service("/etc/mx.pem", local=True), service("/etc/mx.pem"))
    found = told(both, NEW, OLD)
    assert [one["status"] for one in found["certificates"][0]["dane"]] == ["mismatch"]


def test_what_only_the_client_presents_or_nobody_names_is_not_compared() -> None:
    client = {**service("/etc/submission.pem"), "direction": "outbound"}
    known = facts(service("/etc/mx.pem"), client, {**service(""), "certificate_files": None})
    known["sendmail"] = [{"services": None}]
    found = told(known, OLD, NEW)
    assert [one["dane"] != [] for one in found["certificates"]] == [True, False]
    assert found["findings"] == []


def test_a_file_without_a_certificate_is_not_compared() -> None:
    for local in (False, True):
        known = facts(service("/etc/mx.pem", local=local), service("/etc/submission.pem"))
        found = with_dane(
            known,
            [{"chain": []}, {"chain": [OLD.pem]}],
            names=(MX,),
            lookup=LOOKUP,
            now=NOW,
            transport=Resolving(*family(), secure=True),
        )
        assert [len(one["dane"]) for one in found["certificates"]] == [0, 1]


def test_what_both_files_have_wrong_is_told_once_and_in_its_own_words() -> None:
    """The zone of the host has records that nobody can use: RFC 7672 section 3.1.3 leaves usage 1 out."""
    zones = family()
    owner = dns.name.from_text("_25._tcp.mx1.example.test.")
    zones[1].add(owner, dns.rdata.from_text("IN", "TLSA", record(1, 1, 1, OLD)))
    found = with_dane(
        facts(service("/etc/mx.pem"), service("/etc/submission.pem")),
        [{"chain": [OLD.pem]}, {"chain": [OLD.pem]}],
        names=(MX,),
        lookup=LOOKUP,
        now=NOW,
        transport=Resolving(*zones, secure=True),
    )
    assert [one["code"] for one in found["findings"]] == ["tlsa-unusable"]
    assert "on disk" not in found["findings"][0]["message"]


def test_a_host_of_two_names() -> None:
    found = told(facts(service("/etc/mx.pem")), OLD, NEW, MX, "bare.example.test")
    assert [one["status"] for one in found["certificates"][0]["dane"]] == ["match", "absent"]


@pytest.mark.parametrize(
    ("value", "names"),
    [("a.test, , b.test", ["a.test", "b.test"]), (["a.test"], ["a.test"]), (None, []), ([], [])],
)
def test_names(value: t.Any, names: list[str]) -> None:
    assert names_of(value) == names


@pytest.mark.parametrize("value", [True, 7, [1]])
def test_what_is_no_list_of_names_is_one_sentence(value: t.Any) -> None:
    with pytest.raises(InvalidInput, match="has to be a list of MX names"):
        names_of(value)
