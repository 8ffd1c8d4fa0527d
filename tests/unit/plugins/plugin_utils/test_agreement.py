# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._agreement import agreement

GCM128 = {"name": "ECDHE-RSA-AES128-GCM-SHA256", "iana": "", "code": "0xC02F"}
GCM256 = {"name": "ECDHE-RSA-AES256-GCM-SHA384", "iana": "", "code": "0xC030"}
TLS13 = {"name": "TLS_AES_256_GCM_SHA384", "iana": "", "code": "0x1302"}
SERVICE: dict[str, Any] = {
    "name": "smtp/inet",
    "security_level": "may",
    "parameters": {"smtpd_tls_wrappermode": "no"},
    "protocols": ["TLSv1.2", "TLSv1.3"],
    "ciphers": [
        {**TLS13, "protocols": ["TLSv1.3"]},
        {**GCM128, "protocols": ["TLSv1.2"]},
        {**GCM256, "protocols": ["TLSv1.2"]},
    ],
    "certificate_files": ["/etc/postfix/mx.pem"],
}
PROBE: dict[str, Any] = {
    "reached": True,
    "smtp": {"starttls": True},
    "protocols": [
        {"name": "SSLv2", "accepted": None, "reason": "the probe does not speak it"},
        {"name": "SSLv3", "accepted": False, "reason": None},
        {"name": "TLSv1", "accepted": False, "reason": None},
        {"name": "TLSv1.1", "accepted": False, "reason": None},
        {"name": "TLSv1.2", "accepted": True, "reason": None},
        {"name": "TLSv1.3", "accepted": True, "reason": None},
    ],
    "ciphers": {"TLSv1.2": [GCM128, GCM256], "TLSv1.3": [TLS13]},
    "preference": {"TLSv1.2": "server", "TLSv1.3": "client"},
    "certificates": [{"sha256": "aa"}],
}
CERTIFICATES = [{"file": "/etc/postfix/mx.pem", "sha256": "aa"}]


def probe(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(PROBE), **changes}


def with_protocol(name: str, accepted: bool | None) -> dict[str, Any]:
    items = [item for item in PROBE["protocols"] if item["name"] != name]
    return probe(protocols=[*items, {"name": name, "accepted": accepted, "reason": "throttled"}])


def messages(result: dict[str, Any]) -> list[str]:
    return [item["message"] for item in result["disagreements"]]


def test_what_is_the_same_agrees() -> None:
    assert agreement(PROBE, SERVICE, certificates=CERTIFICATES) == {
        "agrees": True,
        "disagreements": [],
        "not_determined": [],
    }


def test_a_protocol_more() -> None:
    result = agreement(with_protocol("TLSv1", True), SERVICE)
    assert result["agrees"] is False
    assert messages(result) == ["TLSv1 is accepted and was not predicted"]
    assert result["disagreements"][0]["what"] == "protocols"


def test_a_protocol_less() -> None:
    result = agreement(with_protocol("TLSv1.3", False), SERVICE)
    assert messages(result) == ["TLSv1.3 was predicted and is not accepted"]


def test_a_protocol_that_was_not_determined_neither_agrees_nor_disagrees() -> None:
    result = agreement(with_protocol("TLSv1.3", None), SERVICE)
    assert result["agrees"] is None
    assert result["not_determined"] == ["TLSv1.3: throttled"]


def test_a_protocol_that_was_never_asked_is_not_determined() -> None:
    items = [item for item in PROBE["protocols"] if item["name"] != "TLSv1.1"]
    assert agreement(probe(protocols=items), SERVICE)["agrees"] is None


def test_sslv2_counts_only_when_it_is_predicted() -> None:
    service = {**SERVICE, "protocols": ["SSLv2", *SERVICE["protocols"]]}
    assert agreement(PROBE, service)["agrees"] is None


def test_a_suite_more_and_a_suite_less() -> None:
    other = {"name": "AES128-SHA", "iana": "", "code": "0x002F"}
    result = agreement(probe(ciphers={"TLSv1.2": [GCM128, other], "TLSv1.3": [TLS13]}), SERVICE)
    assert messages(result) == [
        "TLSv1.2: AES128-SHA not predicted; ECDHE-RSA-AES256-GCM-SHA384 predicted and not accepted"
    ]


@pytest.mark.parametrize(("who", "agrees"), [("server", False), ("client", True), (None, True)])
def test_the_order_counts_where_the_server_decides(who: str | None, agrees: bool) -> None:
    result = agreement(
        probe(
            ciphers={"TLSv1.2": [GCM256, GCM128], "TLSv1.3": [TLS13]}, preference={"TLSv1.2": who}
        ),
        SERVICE,
    )
    assert result["agrees"] is agrees


@pytest.mark.parametrize("ciphers", [None, {}, {"TLSv1.2": None, "TLSv1.3": [TLS13]}])
def test_suites_that_were_not_probed_to_the_end(ciphers: Any) -> None:
    result = agreement(probe(ciphers=ciphers), SERVICE)
    assert result["agrees"] is None
    assert any("ciphers of TLSv1.2" in item for item in result["not_determined"])


def test_a_suite_that_a_throttled_probe_could_not_ask_is_no_difference() -> None:
    seen = probe(
        ciphers={"TLSv1.2": [GCM128], "TLSv1.3": [TLS13]}, undetermined={"TLSv1.2": [GCM256]}
    )
    result = agreement(seen, SERVICE)
    assert (result["agrees"], result["disagreements"]) == (None, [])
    assert result["not_determined"] == ["ciphers of TLSv1.2: 1 suites were not probed to the end"]


def test_a_suite_more_is_a_difference_whatever_else_is_open() -> None:
    service = {**SERVICE, "ciphers": [{**TLS13, "protocols": ["TLSv1.3"]}]}
    seen = probe(
        ciphers={"TLSv1.2": [GCM128], "TLSv1.3": [TLS13]}, undetermined={"TLSv1.2": [GCM256]}
    )
    assert agreement(seen, service)["agrees"] is False


@pytest.mark.parametrize("key", ["protocols", "ciphers", "security_level"])
def test_what_the_facts_could_not_determine(key: str) -> None:
    assert agreement(PROBE, {**SERVICE, key: None})["agrees"] is None


def test_a_disagreement_wins_over_what_is_not_determined() -> None:
    changed = with_protocol("TLSv1", True)
    changed["ciphers"] = None
    assert agreement(changed, SERVICE)["agrees"] is False


def test_no_starttls_where_it_was_predicted() -> None:
    result = agreement(probe(smtp={"starttls": False}), SERVICE)
    assert messages(result) == ["STARTTLS is not offered, but the security level is may"]


def test_starttls_where_none_was_predicted() -> None:
    result = agreement(PROBE, {**SERVICE, "security_level": "none"})
    assert messages(result) == ["STARTTLS is offered, but the security level is none"]


def test_where_starttls_is_missing_nothing_more_is_compared() -> None:
    """One cause, one message: no protocol and no suite is missed beside it, whichever side has none."""
    without = probe(smtp={"starttls": False}, protocols=[], ciphers={})
    told = agreement(without, SERVICE)
    assert (len(told["disagreements"]), told["not_determined"]) == (1, [])
    told = agreement(PROBE, {**SERVICE, "security_level": "none", "protocols": [], "ciphers": []})
    assert (len(told["disagreements"]), told["not_determined"]) == (1, [])


def test_which_side_does_not_know_about_starttls_is_said() -> None:
    told = agreement(PROBE, {**SERVICE, "security_level": None})["not_determined"]
    assert told[0] == "STARTTLS: the facts have no security level"
    told = agreement(probe(smtp=None), SERVICE)["not_determined"]
    assert told == ["STARTTLS: the probe did not get so far"]


def test_no_tls_on_both_sides_agrees() -> None:
    none = probe(smtp={"starttls": False}, protocols=[], ciphers={})
    assert agreement(none, {**SERVICE, "security_level": "none"})["agrees"] is True


def test_implicit_tls_needs_no_starttls() -> None:
    service = {**SERVICE, "parameters": {"smtpd_tls_wrappermode": "yes"}}
    assert agreement(probe(smtp={"starttls": None}), service)["agrees"] is True


def test_another_certificate_than_the_one_on_disk() -> None:
    result = agreement(probe(certificates=[{"sha256": "bb"}]), SERVICE, certificates=CERTIFICATES)
    assert result["disagreements"][0]["what"] == "certificate"
    assert result["disagreements"][0]["got"] == ["bb"]


@pytest.mark.parametrize("served", [[], [{"sha256": None}], None])
def test_a_certificate_that_was_not_read_is_left_out(served: Any) -> None:
    assert (
        agreement(probe(certificates=served), SERVICE, certificates=CERTIFICATES)["agrees"] is True
    )


def test_a_service_that_was_not_reached_is_not_determined() -> None:
    result = agreement({"reached": False, "reason": "refused"}, SERVICE)
    assert result["agrees"] is None
    assert result["not_determined"] == ["the service was not reached: refused"]


def test_what_is_no_probe_gets_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="the probe is a list, expected a dictionary"):
        agreement([], SERVICE)  # type: ignore[arg-type]
