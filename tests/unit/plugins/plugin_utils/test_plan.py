# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan import policy_plan
from ansible_collections.postmaster.tls.tests.support.postfix_host import (
    CLIENT,
    DIRECTORY,
    HISTORY,
    MX,
    POLICIES,
    POSTSCREEN,
    RELEASES,
    SMTPS,
    SUBMISSION,
    Entry,
    Host,
    defaults,
    release,
)

NEW_PROTOCOL_NAMES = {"2.6.15", "2.7.9", "2.8.10", "2.9.2", "3.0.14", "3.1.10", "3.2.7", "3.3.2"}
INTERMEDIATE = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)


def library_of(version: str) -> str:
    """An OpenSSL of the time."""
    ages = [((3, 10), "3.5.4"), ((3, 7), "3.0.17"), ((3, 4), "1.1.1w"), ((2, 11), "1.0.2p")]
    return next((library for first, library in ages if release(version) >= first), "1.0.1e")


def different(versions: list[str]) -> list[str]:
    """The first of each line, and every patch release that differs from the one before it."""
    found = versions[:1]
    for before, version in pairwise(versions):
        new_line = release(before)[:2] != release(version)[:2]
        if new_line or version in NEW_PROTOCOL_NAMES or defaults(before) != defaults(version):
            found.append(version)
    return found


VERSIONS = different(RELEASES)


def codes(plan: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in plan["findings"]}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("certificates", [("RSA",), ("ECDSA",), ("RSA", "ECDSA")], ids="+".join)
def test_every_policy_on_every_version_uses_what_the_version_has(
    policy: str, certificates: tuple[str, ...]
) -> None:
    for version in VERSIONS:
        host = Host(version=version, library=library_of(version), certificates=certificates)
        plan = policy_plan(host.facts(), mx=policy, submission=policy, outbound=policy)
        known = defaults(version)
        for values in (plan["parameters"], *plan["services"].values()):
            assert set(values) <= set(known), version
            assert ">=" not in "".join(filter(None, values.values())) or release(version) >= (3, 6)
        for values in plan["services"].values():
            assert not any(re.search(r"\s", value) for value in values.values() if value), version


@pytest.mark.parametrize(
    ("version", "spelled"),
    [
        ("2.6.6", "!SSLv2,!SSLv3,!TLSv1"),
        ("2.11.0", "!SSLv2,!SSLv3,!TLSv1,!TLSv1.1"),
        ("3.5.27", "!SSLv2,!SSLv3,!TLSv1,!TLSv1.1"),
        ("3.6.0", ">=TLSv1.2"),
        ("3.11.6", ">=TLSv1.2"),
    ],
)
def test_the_floor_is_spelled_for_the_version(version: str, spelled: str) -> None:
    host = Host(version=version, library=library_of(version))
    plan = policy_plan(host.facts(), mx="intermediate")
    assert plan["parameters"]["smtpd_tls_protocols"] == spelled


def test_the_first_case_is_cured() -> None:
    host = Host(
        version="3.10.5",
        main={
            "smtpd_tls_security_level": "may",
            "smtpd_tls_protocols": "TLSv1.2, TLSv1.1, !TLSv1, !SSLv2, !SSLv3",
            "smtpd_tls_exclude_ciphers": "aNULL, LOW, EXP, MEDIUM, RSA+AES, EECDH, EDH",
        },
        entries=(MX,),
    )
    plan = policy_plan(host.facts(), mx="intermediate")
    assert plan["parameters"] == {
        "smtpd_tls_protocols": ">=TLSv1.2",
        "smtpd_tls_ciphers": "high",
        "smtpd_tls_exclude_ciphers": None,
        "tls_high_cipherlist": INTERMEDIATE,
        "tls_eecdh_auto_curves": "X25519,X25519MLKEM768,prime256v1,secp384r1",
        "tls_ffdhe_auto_groups": "",
    }
    assert plan["services"] == {}
    assert plan["findings"] == []


def test_strict_submission_beside_a_tolerant_port_25() -> None:
    host = Host(version="3.7.11", library="3.0.17")
    plan = policy_plan(host.facts(), mx="postfix-default", submission="rfc9325")
    after = host.with_plan(plan)
    mx, submission = after.entries[0], after.entries[1]
    assert after.value(mx, "smtpd_tls_protocols") == ">=TLSv1"
    assert after.value(mx, "smtpd_tls_ciphers") == "medium"
    assert after.value(submission, "smtpd_tls_mandatory_protocols") == ">=TLSv1.2"
    assert after.cipher_list(submission, "mandatory_")[0].startswith("ECDHE-ECDSA-AES256-GCM")
    assert after.value(submission, "tls_preempt_cipherlist") == "yes"
    assert after.value(mx, "tls_preempt_cipherlist") == "no"


def test_one_value_that_all_want_is_set_once() -> None:
    plan = policy_plan(
        Host().facts(), mx="intermediate", submission="intermediate", outbound="intermediate"
    )
    assert plan["services"] == {}
    assert plan["parameters"]["tls_high_cipherlist"] == INTERMEDIATE


def test_a_policy_that_says_nothing_of_groups_does_not_get_those_of_another_lane() -> None:
    host = Host(main={"smtpd_tls_security_level": "may", "smtp_tls_security_level": "may"})
    after = host.with_plan(
        policy_plan(host.facts(), mx="rfc9325", submission="rfc9325", outbound="intermediate")
    )
    for before, entry in zip(host.entries, after.entries, strict=True):
        groups = after.value(entry, "tls_eecdh_auto_curves")
        kept = groups == host.value(before, "tls_eecdh_auto_curves")
        assert kept is (entry.lane != "outbound")


def test_a_lane_without_a_policy_is_pinned_when_main_cf_changes_under_it() -> None:
    host = Host(main={"smtpd_tls_security_level": "may", "smtpd_tls_exclude_ciphers": "aNULL, MD5"})
    plan = policy_plan(host.facts(), mx="intermediate")
    assert plan["parameters"]["smtpd_tls_exclude_ciphers"] is None
    for service in ("submission/inet", "smtps/inet"):
        assert plan["services"][service] == {"smtpd_tls_exclude_ciphers": "aNULL,MD5"}
    pinned = [change for change in plan["changes"] if change["service"] == "submission/inet"]
    assert [(change["lane"], change["policy"]) for change in pinned] == [("submission", None)]


def test_a_contradicting_override_goes_and_an_agreeing_one_stays() -> None:
    entry = Entry(
        "smtp/inet", "smtpd", "mx", {"smtpd_tls_protocols": "TLSv1", "smtpd_tls_ciphers": "high"}
    )
    plan = policy_plan(Host(entries=(entry,)).facts(), mx="intermediate")
    assert plan["services"] == {"smtp/inet": {"smtpd_tls_protocols": None}}
    assert plan["parameters"]["smtpd_tls_protocols"] == ">=TLSv1.2"


def test_behind_postscreen_the_policy_reaches_tlsproxy() -> None:
    host = Host(
        main={
            "smtpd_tls_security_level": "may",
            "smtp_tls_security_level": "may",
            "tlsproxy_tls_protocols": "!SSLv2",
        },
        entries=(*POSTSCREEN, CLIENT),
    )
    plan = policy_plan(host.facts(), mx="intermediate")
    after = host.with_plan(plan)
    proxy = next(entry for entry in after.entries if entry.command == "tlsproxy")
    assert after.value(proxy, "tlsproxy_tls_protocols") == ">=TLSv1.2"
    assert after.cipher_list(proxy, "") == (INTERMEDIATE, ())
    assert plan["services"]["tlsproxy/unix"]["tls_ffdhe_auto_groups"] == ""


def test_an_equal_meaning_in_another_spelling_stays() -> None:
    host = Host(
        main={
            "smtpd_tls_security_level": "may",
            "smtpd_tls_protocols": "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1",
        }
    )
    plan = policy_plan(host.facts(), mx="intermediate")
    assert "smtpd_tls_protocols" not in plan["parameters"]


def test_a_reference_to_a_changed_parameter_does_not_leak() -> None:
    host = Host(
        main={
            "smtpd_tls_security_level": "may",
            "smtpd_tls_protocols": ">=TLSv1",
            "smtpd_tls_mandatory_protocols": "$smtpd_tls_protocols",
        },
        entries=(MX, SUBMISSION),
    )
    after = host.with_plan(policy_plan(host.facts(), mx="intermediate"))
    assert after.value(after.entries[1], "smtpd_tls_mandatory_protocols") == ">=TLSv1"


@pytest.mark.parametrize(
    ("lane", "entry", "level", "expected"),
    [
        ("mx", MX, "", "may"),
        ("mx", MX, "none", "may"),
        ("mx", MX, "encrypt", "encrypt"),
        ("submission", SUBMISSION, "may", "encrypt"),
        ("submission", SMTPS, "none", "encrypt"),
    ],
)
def test_levels_are_raised_where_they_must_be(
    lane: str, entry: Entry, level: str, expected: str
) -> None:
    host = Host(main={"smtpd_tls_security_level": level}, entries=(entry,))
    after = host.with_plan(policy_plan(host.facts(), **{lane: "intermediate"}))
    assert after.level(after.entries[0]) == expected


@pytest.mark.parametrize("level", ["dane", "dane-only", "verify", "secure", "encrypt"])
def test_levels_of_the_client_are_kept(level: str) -> None:
    host = Host(main={"smtp_tls_security_level": level}, entries=(CLIENT,))
    plan = policy_plan(host.facts(), outbound="intermediate")
    assert "smtp_tls_security_level" not in plan["parameters"]
    assert plan["parameters"]["smtp_tls_mandatory_protocols"] == ">=TLSv1.2"
    assert ("smtp_tls_protocols" in plan["parameters"]) is (level == "dane")


def test_a_policy_table_makes_both_sets_count() -> None:
    host = Host(
        main={"smtp_tls_security_level": "may", "smtp_tls_policy_maps": "hash:/etc/postfix/policy"},
        entries=(CLIENT,),
    )
    plan = policy_plan(host.facts(), outbound="intermediate")
    assert {"smtp_tls_protocols", "smtp_tls_mandatory_protocols"} <= set(plan["parameters"])


def test_without_a_certificate_tls_is_not_switched_on() -> None:
    plan = policy_plan(Host(main={}, entries=(MX,), certificates=()).facts(), mx="intermediate")
    assert plan["changes"] == []
    assert codes(plan) == {"certificate-missing"}


@pytest.mark.parametrize(
    ("host", "lanes", "code"),
    [
        (Host(), {"mx": "modern"}, "policy-unfit-certificate"),
        (Host(certificates=("ECDSA",)), {"mx": "modern"}, "plaintext-fallback"),
        (Host(), {"mx": "rfc9325"}, "plaintext-fallback"),
        (
            Host(version="3.3.0", library="1.0.2p", certificates=("ECDSA",)),
            {"mx": "bettercrypto", "submission": "bettercrypto"},
            "policy-unfit-certificate",
        ),
        (Host(version="2.6.6", library="0.9.8e"), {"mx": "intermediate"}, "policy-unfit-library"),
        (Host(version="2.6.6", library="0.9.8e"), {"mx": "intermediate"}, "protocol-list-empty"),
        (Host(version="2.11.0", library="1.0.1e"), {"mx": "modern"}, "protocol-list-empty"),
        (Host(version="2.6.6", library="1.0.1e"), {"mx": "intermediate"}, "policy-not-expressible"),
        (Host(version="2.7.0", library="1.0.1e"), {"mx": "old"}, "policy-not-expressible"),
    ],
)
def test_what_must_be_told_before(host: Host, lanes: dict[str, str], code: str) -> None:
    assert code in codes(policy_plan(host.facts(), **lanes))


@pytest.mark.parametrize(
    ("host", "lanes"),
    [
        (Host(), {"mx": "intermediate", "submission": "intermediate"}),
        (Host(certificates=("ECDSA",)), {"submission": "modern"}),
        (Host(), {"submission": "rfc9325"}),
        (Host(), {"mx": "bettercrypto"}),
        (Host(version="3.5.27", library="1.1.1w"), {"mx": "old"}),
        (Host(), {"mx": "postfix-default"}),
    ],
)
def test_what_needs_no_words(host: Host, lanes: dict[str, str]) -> None:
    assert policy_plan(host.facts(), **lanes)["findings"] == []


@pytest.mark.parametrize(("curve", "told"), [("secp384r1", False), ("secp521r1", True)])
def test_a_curve_that_the_policy_does_not_name_is_told(curve: str, told: bool) -> None:
    facts = Host(certificates=("ECDSA",)).facts()
    facts["certificates"][0]["key_curve"] = curve
    plan = policy_plan(facts, submission="modern")
    weak = [one["evidence"] for one in plan["findings"] if one["code"] == "key-weak"]
    assert {one.partition(";")[0] for one in weak} == (
        {f"an ECDSA key on {curve}"} if told else set()
    )


def test_a_suite_of_tls_1_3_that_the_policy_excludes_is_told() -> None:
    facts = Host(entries=(MX,)).facts()
    facts["postfix"][0]["services"][0]["ciphers"] = [
        {"name": name, "protocols": ["TLSv1.3"], "authentication": "any"}
        for name in ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_8_SHA256")
    ]
    plan = policy_plan(facts, mx="ncsc-nl")
    assert [f["message"] for f in plan["findings"]] == [
        "No parameter of Postfix takes away TLS_AES_128_CCM_8_SHA256"
    ]


def test_bettercrypto_leaves_the_suites_of_port_25_alone_as_its_authors_advise() -> None:
    host = Host(entries=(MX, SUBMISSION))
    after = host.with_plan(policy_plan(host.facts(), mx="bettercrypto", submission="bettercrypto"))
    assert after.value(after.entries[0], "smtpd_tls_ciphers") == "medium"
    assert after.cipher_list(after.entries[1], "mandatory_")[0].startswith("EDH+CAMELLIA:")


def test_a_policy_of_the_user() -> None:
    policy = {
        "name": "house",
        "protocols": ["TLSv1.2"],
        "ciphers": ["ECDHE-RSA-AES256-GCM-SHA384"],
        "groups": ["secp384r1"],
        "preference": "server",
    }
    plan = policy_plan(Host(entries=(MX,)).facts(), mx=policy)
    assert plan["parameters"] == {
        "smtpd_tls_protocols": ">=TLSv1.2,<=TLSv1.2",
        "smtpd_tls_ciphers": "high",
        "tls_high_cipherlist": "ECDHE-RSA-AES256-GCM-SHA384",
        "tls_preempt_cipherlist": "yes",
        "tls_eecdh_auto_curves": "secp384r1",
        "tls_ffdhe_auto_groups": "",
    }


def test_what_a_policy_says_nothing_of_stays() -> None:
    main = {
        "smtpd_tls_security_level": "may",
        "smtpd_tls_exclude_ciphers": "RC4",
        "tls_medium_cipherlist": "HIGH",
        "tls_preempt_cipherlist": "yes",
        "tls_eecdh_auto_curves": "prime256v1",
    }
    policy = {"name": "floor", "protocols": ["TLSv1.2", "TLSv1.3"]}
    plan = policy_plan(Host(main=main, entries=(MX,)).facts(), mx=policy)
    assert plan["parameters"] == {"smtpd_tls_protocols": ">=TLSv1.2"}
    assert plan["findings"] == []


def test_a_cipher_string_without_its_suites_is_taken_on_trust() -> None:
    policy = {"name": "string", "protocols": ["TLSv1.2"], "cipher_string": "ECDHE+AESGCM"}
    plan = policy_plan(Host(entries=(MX,)).facts(), mx=policy)
    assert plan["parameters"]["tls_high_cipherlist"] == "ECDHE+AESGCM"
    assert plan["findings"] == []


@pytest.mark.parametrize("policy", ["intermediate", "old", "rfc9325"])
def test_facts_that_do_not_say_what_is_set_where_give_the_same_result(policy: str) -> None:
    entry = Entry("submission/inet", "smtpd", "submission", {"smtpd_tls_mandatory_ciphers": "high"})
    host = Host(
        version="3.5.27",
        library="1.1.1w",
        main={"smtpd_tls_security_level": "may", "smtpd_tls_exclude_ciphers": "aNULL, RC4"},
        entries=(MX, replace(entry, overrides={**SUBMISSION.overrides, **entry.overrides}), CLIENT),
    )
    lanes = {"mx": policy, "submission": policy, "outbound": policy}
    plan = policy_plan(host.facts(as_written=False), **lanes)
    after = host.with_plan(plan)
    for entry in after.entries:
        for infix in after.modes(entry):
            assert after.cipher_list(entry, infix)[1] == ()
            assert after.value(entry, f"{entry.prefix}{infix}ciphers") == "high"
    assert policy_plan(after.facts(as_written=False), **lanes)["changes"] == []


@pytest.mark.parametrize("version", [v for v in HISTORY["versions"] if release(v) < (2, 6)])
def test_older_versions_get_what_they_have(version: str) -> None:
    host = Host(version=version, library="0.9.8e")
    plan = policy_plan(host.facts(), mx="old", submission="old")
    assert set(plan["parameters"]) <= set(defaults(version))


def test_each_instance_has_its_own_plan() -> None:
    facts = Host(entries=(MX,)).facts()
    second = Host(version="3.5.27", library="1.1.1w", entries=(MX,)).facts()["postfix"][0]
    second["config_directory"] = "/etc/postfix-out"
    facts["postfix"].append(second)
    plan = policy_plan(facts, mx="intermediate")
    floors = {
        name: instance["parameters"]["smtpd_tls_protocols"]
        for name, instance in plan["instances"].items()
    }
    assert floors == {
        DIRECTORY: ">=TLSv1.2",
        "/etc/postfix-out": "!SSLv2,!SSLv3,!TLSv1,!TLSv1.1",
    }
    assert plan["parameters"] == plan["instances"][DIRECTORY]["parameters"]


def test_an_instance_that_could_not_be_asked_is_told_and_left_alone() -> None:
    facts = Host(entries=(MX,)).facts()
    facts["postfix"].append(
        {"version": None, "config_directory": "/etc/postfix-in", "services": [], "reason": "denied"}
    )
    plan = policy_plan(facts, mx="intermediate")
    assert list(plan["instances"]) == [DIRECTORY]
    assert [(f["code"], f["evidence"]) for f in plan["findings"]] == [("not-determined", "denied")]


def test_no_dial_no_change() -> None:
    assert policy_plan(Host().facts())["changes"] == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ([], "the input is a list, expected a dictionary"),
        ({}, "the facts have no Postfix instance"),
        ({"postfix": []}, "the facts have no Postfix instance"),
        ({"postfix": [{"version": "3.10.0"}]}, "lack 'services'"),
        ({"postfix": ["x"]}, "an item of postfix is a str"),
    ],
)
def test_facts_that_are_none_get_one_sentence(facts: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        policy_plan(facts, mx="intermediate")


def test_a_postfix_whose_version_nobody_knows_is_told_and_left_alone() -> None:
    plan = policy_plan({"postfix": [{"config_directory": "/etc/postfix"}]}, mx="intermediate")
    assert [finding["code"] for finding in plan["findings"]] == ["not-determined"]
    empty: dict[str, Any] = {"parameters": {}, "services": {}, "instances": {}, "changes": []}
    assert {key: value for key, value in plan.items() if key != "findings"} == empty
