# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import copy
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._senders import NAMES, by_name
from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_calls import with_hellos
from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_why import sender_answers

REFUSED = base64.b64encode(bytes.fromhex("15030300020228")).decode()
EXCLUDES = {"setting": "smtpd_tls_exclude_ciphers", "cause": "excluded"}


def entry(name: str, *protocols: str) -> dict[str, t.Any]:
    suite = _suites.by_name(name)
    assert suite is not None
    return {**suite.as_dict(), "protocols": list(protocols)}


def dropped(name: str, item: str, *also: dict[str, str]) -> dict[str, t.Any]:
    suite = _suites.by_name(name)
    assert suite is not None
    found = {**EXCLUDES, "suite": suite.as_dict(), "reason": f"excluded by {item}", "item": item}
    return {**found, "also": list(also)} if also else found


def service(**changes: t.Any) -> dict[str, t.Any]:
    """A service that refuses whoever asks, of a library that has little."""
    return {
        "config_directory": "/etc/postfix",
        "service": "smtp/inet",
        "library": "OpenSSL 3.0.20",
        "protocols": ["TLSv1.2"],
        "ciphers": [entry("DHE-RSA-AES256-SHA", "TLSv1.2")],
        "dropped": [
            dropped("AES128-SHA", "RSA+AES"),
            dropped("AES256-SHA", "RSA+AES"),
            dropped("ECDHE-RSA-AES128-SHA", "EECDH", {**EXCLUDES, "reason": "excluded by SHA1"}),
        ],
        "groups": ["x25519"],
        "signatures": ["rsa_pss_rsae_sha256"],
        "dh": {"bits": 2048, "source": "auto"},
        "settings": {
            "protocol": "smtpd_tls_protocols = TLSv1.2",
            "bounds": "MinProtocol and MaxProtocol in openssl.cnf",
            "certificate": "smtpd_tls_cert_file",
            "group": "tls_eecdh_auto_curves",
            "security-level": "tls_medium_cipherlist",
        },
        "configured": ["TLSv1.2"],
        "out_of_bounds": [],
        "level": 2,
        "speaks": ["TLSv1", "TLSv1.2"],
        "speaks_without_level": ["TLSv1", "TLSv1.1", "TLSv1.2"],
        "senders": [{"sender": "exchange-2012r2", "flights": [REFUSED]}],
        **changes,
    }


def answer(name: str = "exchange-2012r2", **changes: t.Any) -> dict[str, t.Any]:
    (found,) = sender_answers([name], [service(**changes)])
    return found


def test_each_suite_that_the_sender_offers_has_its_causes() -> None:
    found = answer()
    assert (found["connects"], found["reason"]) == (False, "no-shared-cipher")
    by_suite = {one["suite"]["name"]: one for one in found["suites"]}
    assert by_suite["AES128-SHA"]["reason"] == "excluded by RSA+AES"
    assert [one["reason"] for one in by_suite["ECDHE-RSA-AES128-SHA"]["also"]] == [
        "excluded by SHA1"
    ]
    assert by_suite["RC4-SHA"]["cause"] == "library"
    assert set(by_suite) <= {
        _suites.shape_of(code)["name"] for code in by_name("exchange-2012r2").suites
    }


def test_a_setting_that_alone_would_help_comes_first_with_how_many_suites_it_brings() -> None:
    first = answer()["causes"][0]
    assert (first["reason"], first["suites"], first["alone"]) == ("excluded by RSA+AES", 2, 2)


def test_what_the_library_lacks_is_not_to_be_undone() -> None:
    missing = next(one for one in answer()["causes"] if one["cause"] == "library")
    assert (missing["alone"], missing["suites"] > 0) == (0, True)


def test_the_text_says_what_to_undo_in_words() -> None:
    text = answer()["text"]
    assert text.startswith("Exchange on Windows Server 2012 R2")
    assert (
        "To undo one of these is enough: excluded by RSA+AES (smtpd_tls_exclude_ciphers), 2 suites;"
        in text
    )


def lost(name: str, **changes: t.Any) -> dict[str, t.Any]:
    return answer(name, senders=[{"sender": name, "flights": [REFUSED]}], **changes)


def test_without_a_protocol_in_common_that_is_a_cause_of_every_suite() -> None:
    found = lost("tls1.0-only")
    by_suite = {one["suite"]["name"]: one for one in found["suites"]}
    dhe, aes = by_suite["DHE-RSA-AES256-SHA"], by_suite["AES128-SHA"]
    assert dhe["reason"] == "the sender speaks TLSv1, the service TLSv1.2"
    assert dhe["setting"] == "smtpd_tls_protocols = TLSv1.2"
    assert [aes["reason"], aes["also"][0]["reason"]] == ["excluded by RSA+AES", dhe["reason"]]
    assert [one["cause"] for one in found["causes"] if one["alone"]] == ["protocol"]


def test_a_protocol_that_the_security_level_rules_out_is_blamed_on_the_level() -> None:
    found = lost("tls1.0-only", configured=["TLSv1", "TLSv1.2"], speaks=["TLSv1.2"])
    cause = found["causes"][0]
    assert (cause["cause"], cause["setting"]) == ("security-level", "tls_medium_cipherlist")


def test_a_protocol_that_the_library_lacks_cannot_be_brought_back() -> None:
    found = lost("sslv3-only")
    assert {one["alone"] for one in found["causes"]} == {0}
    assert "OpenSSL 3.0.20 does not speak SSLv3" in found["text"]
    assert "No single change is enough" in found["text"]


def test_a_protocol_that_a_bound_of_openssl_cnf_rules_out_is_blamed_on_the_bound() -> None:
    found = lost("sslv3-only", out_of_bounds=["SSLv3"])
    assert "MinProtocol and MaxProtocol in openssl.cnf" in found["text"]
    assert "does not speak" not in found["text"]


def test_what_a_library_would_speak_that_failed_meanwhile_is_not_guessed() -> None:
    found = answer("tls1.0-only", speaks=None, speaks_without_level=None, senders=None)
    assert found["connects"] is None
    assert {one["cause"] for one in found["causes"]} == {"excluded", "library"}


def test_a_protocol_whose_suites_alone_are_missing_is_no_cause() -> None:
    found = lost("tls1.0-only", configured=["TLSv1", "TLSv1.2"])
    aes = next(one for one in found["suites"] if one["suite"]["name"] == "AES128-SHA")
    assert not aes["also"]


def test_without_a_group_in_common_that_is_the_cause() -> None:
    kept = [entry("ECDHE-RSA-AES128-SHA", "TLSv1.2")]
    found = answer(ciphers=kept, dropped=[], groups=["brainpoolP256r1"])
    ecdhe = next(one for one in found["suites"] if one["suite"]["name"] == "ECDHE-RSA-AES128-SHA")
    assert (ecdhe["cause"], ecdhe["setting"]) == ("group", "tls_eecdh_auto_curves")
    assert "brainpoolP256r1" in ecdhe["reason"]


def test_a_service_without_tls_gives_nothing_to_anybody() -> None:
    found = answer(protocols=[], ciphers=[], dropped=[], senders=[])
    assert (found["connects"], found["reason"]) == (False, "no-tls")
    assert found["text"].endswith("gets nothing: the service has no TLS.")


def test_a_service_with_tls_of_which_nothing_is_left_says_what_took_it_away() -> None:
    found = answer(
        protocols=[],
        ciphers=[],
        dropped=[dropped("AES128-SHA", "RSA+AES"), dropped("AES256-SHA", "RSA+AES")],
        configured=["TLSv1.2"],
    )
    assert (found["connects"], found["reason"]) == (False, "no-shared-cipher")
    assert "excluded by RSA+AES (smtpd_tls_exclude_ciphers)" in found["text"]


def test_without_a_library_nothing_is_claimed_that_is_not_certain() -> None:
    found = answer(protocols=None, ciphers=None, groups=None, signatures=None, senders=None)
    assert (found["connects"], found["reason"]) == (None, "not-asked")
    assert "excluded by RSA+AES" in found["text"]


def test_without_a_library_a_sender_of_which_nothing_is_left_is_certain_to_get_nothing() -> None:
    codes = by_name("exchange-2008r2").suites
    every = [dropped(_suites.shape_of(code)["name"], "ALL") for code in codes if code != 0x00FF]
    found = answer("exchange-2008r2", protocols=None, ciphers=None, dropped=every, senders=None)
    assert found["connects"] is False


def test_the_answer_of_a_flight_that_is_cut_is_not_determined() -> None:
    cut = [{"sender": "exchange-2012r2", "flights": [base64.b64encode(b"\x16\x03\x03").decode()]}]
    assert answer(senders=cut)["connects"] is None


def test_a_sender_comes_with_its_hello_and_one_for_each_group_that_it_can_be_asked_for() -> None:
    (one,) = t.cast("list[dict[str, t.Any]]", with_hellos([{"sender": "postfix-3.10"}]))
    offered = {str(group) for group in by_name("postfix-3.10").hello.groups}
    assert set(one["retries"]) == offered
    assert _groups.name_of(0x001D) == "x25519"
    assert all(base64.b64decode(text)[0] == 22 for text in (one["hello"], *one["retries"].values()))


def test_all_stands_for_every_profile_and_suites_are_left_alone() -> None:
    found = t.cast("list[t.Any]", with_hellos(["AES128-SHA", {"sender": "all"}]))
    assert found[0] == "AES128-SHA"
    assert tuple(one["sender"] for one in found[1:]) == NAMES
    assert with_hellos("AES128-SHA, AES256-SHA") == "AES128-SHA, AES256-SHA"


def test_a_name_for_sni_is_in_the_hello_of_a_sender_that_sends_one() -> None:
    wanted = {"sender": "boringssl", "server_name": "mx2.example.test"}
    (one,) = t.cast("list[dict[str, t.Any]]", with_hellos(wanted))
    assert b"mx2.example.test" in base64.b64decode(one["hello"])


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ([{"sender": "exchange-5"}], "'exchange-5' is not a sender profile"),
        ([{"suite": "AES128-SHA"}], "a dictionary with sender"),
        ([{"sender": "all", "port": 25}], "a dictionary with sender"),
    ],
)
def test_what_is_no_sender_is_refused_in_a_sentence(wrong: list[t.Any], part: str) -> None:
    with pytest.raises(InvalidInput, match=part):
        with_hellos(copy.deepcopy(wrong))
