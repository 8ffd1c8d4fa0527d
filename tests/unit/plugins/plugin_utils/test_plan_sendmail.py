# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for a sendmail, by version and library; applied to the facts, the plan of its result is empty."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan import policy_plan
from hypothesis import given
from hypothesis import strategies as st

INTERMEDIATE = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)
NO_OLD = "+SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1"
VERSIONS = {
    "8.14.4": "OpenSSL 1.0.1e",
    "8.15.2": "OpenSSL 1.1.1w",
    "8.17.1.9": "OpenSSL 3.0.22",
    "8.18.1": "OpenSSL 3.5.7",
}
POLICIES = ("intermediate", "modern", "old", "ncsc-nl", "rfc9325", "bettercrypto")


def facts(version: str = "8.18.1", **options: str) -> dict[str, t.Any]:
    """The facts of a sendmail with ports 25 and 587."""
    server = {name: value for name, value in options.items() if not name.startswith("Client")}
    client = {name: value for name, value in options.items() if not name.startswith("Server")}
    services: list[dict[str, t.Any]] = [
        {"name": "MTA-v4", "lane": "mx", "listen": [{"address": "0.0.0.0", "port": 25}]},
        {"name": "MSA-v4", "lane": "submission", "listen": [{"address": "0.0.0.0", "port": 587}]},
        {"name": "client", "lane": "outbound", "listen": []},
    ]
    for service in services:
        service["parameters"] = client if service["name"] == "client" else server
    return {
        "detected": ["sendmail"],
        "sendmail": [
            {
                "version": version,
                "config_directory": "/etc/mail/sendmail.cf",
                "library": {"version": VERSIONS[version]},
                "services": services,
            }
        ],
    }


def codes(plan: dict[str, t.Any], lane: str) -> list[str]:
    """The messages of the findings of a lane."""
    return [one["message"] for one in plan["findings"] if one["where"].endswith(f" {lane}")]


def test_intermediate_on_a_plain_sendmail() -> None:
    plan = policy_plan(facts(), mx="intermediate", submission="intermediate")
    assert plan["parameters"] == {"CipherList": INTERMEDIATE, "ServerSSLOptions": NO_OLD}
    assert plan["instances"]["/etc/mail/sendmail.cf"]["parameters"] == plan["parameters"]
    assert [(one["parameter"], one["lane"], one["before"]) for one in plan["changes"]] == [
        ("CipherList", "mx", None),
        ("ServerSSLOptions", "mx", None),
    ]


def test_words_of_the_user_stay_and_what_a_policy_excludes_goes() -> None:
    now = "-SSL_OP_TLSEXT_PADDING +SSL_OP_NO_TLSv1_3 +SSL_OP_NO_TICKET"
    plan = policy_plan(facts(ServerSSLOptions=now), mx="intermediate")
    wanted = "-SSL_OP_TLSEXT_PADDING +SSL_OP_NO_TICKET"
    assert plan["parameters"]["ServerSSLOptions"] == f"{wanted} {NO_OLD}"


def test_other_words_of_the_same_meaning_are_left_alone() -> None:
    now = "SSL_OP_NO_TLSv1,+0x10000000"
    plan = policy_plan(facts(ServerSSLOptions=now), mx="intermediate")
    assert plan["parameters"] == {"CipherList": INTERMEDIATE}


def test_what_the_command_line_of_the_daemon_sets_is_not_planned() -> None:
    given = facts(CipherList="LOW")
    given["sendmail"][0]["services"][0]["overrides"] = {"CipherList": "LOW"}
    plan = policy_plan(given, mx="intermediate")
    assert "CipherList" not in plan["options"]
    assert "ServerSSLOptions" in plan["options"]
    messages = [one["message"] for one in plan["findings"]]
    assert "The daemon was started with -O CipherList=LOW" in messages


def test_8_15_does_not_know_the_name_of_tls_1_3_and_gets_its_number() -> None:
    policy = {
        "name": "twelve",
        "protocols": ["TLSv1.2"],
        "ciphers": ["ECDHE-RSA-AES128-GCM-SHA256"],
    }
    old = policy_plan(facts("8.15.2"), mx=policy)["parameters"]["ServerSSLOptions"]
    assert old == f"{NO_OLD} +0x20000000"
    new = policy_plan(facts("8.17.1.9"), mx=policy)["parameters"]["ServerSSLOptions"]
    assert new == f"{NO_OLD} +SSL_OP_NO_TLSv1_3"


def test_8_14_has_no_such_options_and_the_findings_say_so() -> None:
    plan = policy_plan(facts("8.14.4"), mx="intermediate")
    assert plan["parameters"] == {}
    assert "sendmail 8.14.4 has no option CipherList" in codes(plan, "mx")
    assert "sendmail 8.14.4 has no option ServerSSLOptions" in codes(plan, "mx")


def test_tls_1_3_suites_are_set_where_the_option_exists() -> None:
    policy = {
        "name": "one",
        "protocols": ["TLSv1.2", "TLSv1.3"],
        "ciphers": ["ECDHE-RSA-AES128-GCM-SHA256"],
        "ciphersuites": ["TLS_AES_128_GCM_SHA256"],
    }
    plan = policy_plan(facts("8.17.1.9"), mx=policy)
    assert plan["parameters"]["CipherSuites"] == "TLS_AES_128_GCM_SHA256"
    plan = policy_plan(facts("8.15.2"), mx=policy)
    assert "CipherSuites" not in plan["parameters"]
    assert "sendmail 8.15.2 has no option CipherSuites" in codes(plan, "mx")


def test_the_client_has_protocols_of_its_own_and_shares_the_list() -> None:
    plan = policy_plan(facts(), mx="intermediate", outbound="old")
    assert plan["parameters"]["CipherList"] == INTERMEDIATE
    assert "ClientSSLOptions" not in plan["parameters"]
    assert "All daemons and the client share one CipherList" in codes(plan, "outbound")
    plan = policy_plan(facts(), outbound="intermediate")
    assert plan["parameters"] == {"CipherList": INTERMEDIATE, "ClientSSLOptions": NO_OLD}


def test_two_inbound_lanes_share_the_protocols_of_the_more_tolerant_one() -> None:
    plan = policy_plan(facts(), mx="old", submission="modern")
    assert "NO_TLS" not in plan["parameters"].get("ServerSSLOptions", "")
    assert "All daemons share one ServerSSLOptions" in codes(plan, "submission")


def test_old_protocols_need_the_lowest_security_level() -> None:
    assert policy_plan(facts(), mx="old")["parameters"]["CipherList"].endswith(":@SECLEVEL=0")


def test_the_server_chooses_where_the_policy_says_so() -> None:
    plan = policy_plan(facts(), mx="ncsc-nl")
    assert "+SSL_OP_CIPHER_SERVER_PREFERENCE" in plan["parameters"]["ServerSSLOptions"]


def test_a_short_prime_is_replaced_where_the_policy_has_dhe() -> None:
    assert (
        policy_plan(facts(DHParameters="5"), mx="bettercrypto")["parameters"]["DHParameters"]
        is None
    )
    assert policy_plan(facts("8.14.4"), mx="bettercrypto")["parameters"]["DHParameters"] == "2048"
    own = policy_plan(facts(DHParameters="/etc/mail/dh.param"), mx="bettercrypto")
    assert "DHParameters" not in own["parameters"]


def test_defaults_take_away_what_was_set() -> None:
    plan = policy_plan(
        facts(CipherList="HIGH", ServerSSLOptions=NO_OLD, TLSSrvOptions="V"), mx="postfix-default"
    )
    assert plan["parameters"] == {"CipherList": None, "ServerSSLOptions": None}


def test_a_lane_without_a_policy_asks_for_nothing() -> None:
    assert policy_plan(facts(CipherList="HIGH"))["parameters"] == {}


def test_postfix_is_planned_for_where_the_facts_have_both_unless_told() -> None:
    both = {**facts(), "postfix": [{"version": None, "config_directory": "/etc/postfix"}]}
    assert policy_plan(both, mx="intermediate")["instances"] == {}
    plan = policy_plan(both, mx="intermediate", mta="sendmail")
    assert plan["parameters"]["CipherList"] == INTERMEDIATE


@pytest.mark.parametrize(
    ("bad", "mta", "words"),
    [
        ({"sendmail": [{"version": "8.18.1"}]}, None, "the facts of sendmail lack 'services'"),
        ({"sendmail": ["8.18.1"]}, None, "the facts of sendmail lack"),
        ({"sendmail": []}, "sendmail", "the facts have no sendmail"),
        (facts(), "exim", "mta is 'exim': expected postfix or sendmail"),
    ],
)
def test_unusable_facts_are_one_sentence(bad: t.Any, mta: str | None, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        policy_plan(bad, mx="intermediate", mta=mta)


@given(
    st.sampled_from([*VERSIONS]),
    st.dictionaries(st.sampled_from(("mx", "submission", "outbound")), st.sampled_from(POLICIES)),
    st.sampled_from(
        ("", NO_OLD, "+SSL_OP_NO_TLSv1_2 SSL_OP_NO_TICKET", "0x4000000, -SSL_OP_NO_SSLv3")
    ),
)
def test_a_plan_applied_leaves_nothing_to_plan(
    version: str, dials: dict[str, str], words: str
) -> None:
    options = {"ServerSSLOptions": words, "CipherList": "HIGH"} if words else {}
    plan = policy_plan(facts(version, **options), **dials)
    merged = {**options, **plan["parameters"]}
    after = {name: value for name, value in merged.items() if value is not None}
    assert policy_plan(facts(version, **after), **dials)["changes"] == []
