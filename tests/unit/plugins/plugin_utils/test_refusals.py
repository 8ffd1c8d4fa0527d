# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change brings is refused once for each cause; what was there before and is not touched is not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.plugin_utils._refusals import (
    certificate_refusals,
    change_refusals,
)

Facts = dict[str, t.Any]


def certificate(file: str, *codes: str, **values: t.Any) -> Facts:
    findings = [finding(code, where=file, evidence=f"{file}: it is so").as_dict() for code in codes]
    known = {"sha256": f"digest of {file}", "san": ["other.example.test"], "key_file": None}
    return {"file": file, **known, "findings": findings, **values}


def facts(*certificates: Facts, services: t.Sequence[Facts] = ()) -> Facts:
    found = [one for item in certificates for one in item["findings"]]
    return {"certificates": list(certificates), "findings": [*found, *services]}


OLD = certificate("/old.pem")
WRONG = certificate("/new.pem", "certificate-name-mismatch")


def test_a_certificate_that_does_not_cover_the_name_of_the_mx_record_is_refused() -> None:
    [said] = certificate_refusals(facts(OLD), facts(WRONG), mx_name="mx1.example.test")
    assert said.startswith("[certificate-name-mismatch] /new.pem: The certificate does not name")
    assert "Request a certificate" in said


@pytest.mark.parametrize(
    "san", [["mx1.example.test"], ["*.example.test"], ["a.test", "MX1.example.test"]]
)
def test_one_that_covers_it_and_not_the_name_of_the_host_is_only_told(san: list[str]) -> None:
    new = {**WRONG, "san": san}
    assert certificate_refusals(facts(OLD), facts(new), mx_name="mx1.example.test") == []


def test_without_the_name_of_an_mx_record_it_is_only_told() -> None:
    assert certificate_refusals(facts(OLD), facts(WRONG)) == []


def test_what_was_served_before_is_no_fault_of_the_change_also_under_another_path() -> None:
    moved = {**WRONG, "file": "/moved.pem"}
    assert certificate_refusals(facts(WRONG), facts(moved), mx_name="mx1.example.test") == []


def served(*certificates: Facts, mta: str = "postfix", **files: list[str]) -> Facts:
    """Facts with services by their lanes, each with the certificates of some files."""
    services = [
        {
            "lane": lane.removesuffix("_name"),
            "direction": "outbound" if lane == "outbound" else "inbound",
            **(
                {"certificate_files": None, "server_names": [{"certificate_files": names}]}
                if lane.endswith("_name")
                else {"certificate_files": names}
            ),
        }
        for lane, names in files.items()
    ]
    return {**facts(*certificates), mta: [{"services": services}]}


CLIENT = certificate(
    "/client.pem", "certificate-name-mismatch", "certificate-not-for-servers", sha256="client"
)


@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
def test_what_only_the_client_presents_needs_no_name_and_no_usage_of_a_server(mta: str) -> None:
    before = served(OLD, mx=["/old.pem"], outbound=[], mta=mta)
    after = served(OLD, CLIENT, mx=["/old.pem"], outbound=["/client.pem"], mta=mta)
    assert change_refusals(before, after, mx_name="mx1.example.test") == []
    readable = certificate("/client.pem", "key-readable", sha256="client")
    after = served(OLD, readable, mx=["/old.pem"], outbound=["/client.pem"], mta=mta)
    [said] = change_refusals(before, after, mx_name="mx1.example.test")
    assert said.startswith("[key-readable] /client.pem")


@pytest.mark.parametrize("path", ["/client.pem", "/copy.pem"])
@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
def test_a_client_certificate_is_judged_when_a_server_gets_it(mta: str, path: str) -> None:
    before = served(OLD, CLIENT, mx=["/old.pem"], outbound=["/client.pem"], mta=mta)
    new = [CLIENT] if path == CLIENT["file"] else [CLIENT, {**CLIENT, "file": path}]
    after = served(*new, mx=[path], outbound=["/client.pem"], mta=mta)
    said = change_refusals(before, after, mx_name="mx1.example.test")
    assert [one.partition("]")[0] for one in said] == [
        "[certificate-name-mismatch",
        "[certificate-not-for-servers",
    ]


@pytest.mark.parametrize(
    ("then", "now", "refused"),
    [
        ("submission", "mx", True),
        ("submission", "mx_name", True),
        ("mx", "submission", False),
        ("mx_name", "mx", False),
        ("mx", "outbound", False),
        ("submission", "submission", False),
    ],
)
def test_what_more_get_to_see_is_judged_anew(then: str, now: str, refused: bool) -> None:
    before, after = served(WRONG, **{then: ["/new.pem"]}), served(WRONG, **{now: ["/new.pem"]})
    said = certificate_refusals(before, after, mx_name="mx1.example.test")
    assert bool(said) is refused


def test_a_certificate_of_no_service_that_is_known_is_judged_as_a_server_s() -> None:
    after = served(WRONG, outbound=[])
    assert len(certificate_refusals(facts(OLD), after, mx_name="mx1.example.test")) == 1


def test_the_old_certificate_with_another_key_is_refused() -> None:
    mixed = {
        **OLD,
        "findings": certificate("/old.pem", "certificate-key-mismatch")["findings"],
    }
    [said] = certificate_refusals(facts(OLD), facts(mixed))
    assert said.startswith("[certificate-key-mismatch] /old.pem: The private key does not belong")


@pytest.mark.parametrize("code", ["chain-incomplete", "certificate-not-yet-valid", "key-readable"])
def test_what_keeps_senders_away_that_verify_is_refused(code: str) -> None:
    assert len(certificate_refusals(facts(OLD), facts(certificate("/new.pem", code)))) == 1
    assert certificate_refusals(facts(OLD), facts(certificate("/n", code)), accepted=[code]) == []


def test_one_cause_is_told_once_with_every_place() -> None:
    """As Postfix and sendmail have it: the same file in every service, in the words of different functions of OpenSSL."""
    new = certificate("/new.pem", "certificate-key-mismatch", key_file="/b.key")
    new["findings"][0]["evidence"] = "/b.key: key values mismatch"
    services = [
        finding(
            "certificate-key-mismatch", where=where, evidence="/b.key: no private key assigned"
        ).as_dict()
        for where in ("MTA-v4", "MSA-v4")
    ]
    [said] = change_refusals(facts(OLD), facts(new, services=services))
    assert said.startswith("[certificate-key-mismatch] /new.pem, MTA-v4, MSA-v4: The private key")
    assert said.count("Install the key") == 1


def test_what_is_critical_is_refused_whoever_found_it_unless_it_is_accepted() -> None:
    plan = [finding("no-shared-cipher", where="smtp/inet", evidence="nothing is left").as_dict()]
    expired = facts(certificate("/old.pem", "certificate-expired"))
    said = change_refusals(expired, expired, plan)
    assert [one.partition("]")[0] for one in said] == ["[no-shared-cipher", "[certificate-expired"]
    accepted = ["certificate-expired"]
    assert len(change_refusals(expired, expired, plan, accepted=accepted)) == 1
    medium = [finding("tls13-off", where="smtp/inet", evidence="x").as_dict()]
    assert change_refusals(facts(OLD), facts(OLD, services=medium)) == []


@pytest.mark.parametrize(
    ("accepted", "left"),
    [
        ("sendmail-option-unknown", ["[option-unknown"]),
        ("option-unknown", ["[sendmail-option-unknown"]),
        ("chain-expired,option-unknown", ["[sendmail-option-unknown"]),
        ("sendmail-option-unknown, option-unknown", []),
        (None, ["[option-unknown", "[sendmail-option-unknown"]),
    ],
)
def test_accepted_codes_with_commas_are_whole_codes(accepted: t.Any, left: list[str]) -> None:
    codes = ("option-unknown", "sendmail-option-unknown")
    plan = [
        {**finding(code, where="x", evidence=code).as_dict(), "severity": "critical"}
        for code in codes
    ]
    said = change_refusals(facts(OLD), facts(OLD), plan, accepted=accepted)
    assert [one.partition("]")[0] for one in said] == left
