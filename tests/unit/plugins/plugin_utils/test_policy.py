# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import (
    CertificateRule,
    Policy,
    load_policy,
    names,
)
from ansible_collections.postmaster.tls.tests.support.postfix_host import POLICIES

SHIPPED = [name for name in names() if name in {load_policy(other).name for other in names()}]
GOOD: dict[str, Any] = {
    "name": "house",
    "protocols": ["TLSv1.2", "TLSv1.3"],
    "ciphers": ["ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
}


def test_the_named_policies_are_there() -> None:
    assert set(SHIPPED) == set(POLICIES)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("intermediate", "mozilla-intermediate-6.0"),
        ("modern", "mozilla-modern-6.0"),
        ("old", "mozilla-old-5.8"),
        ("ncsc-nl", "ncsc-nl-2025-05"),
    ],
)
def test_short_names_point_to_the_newest(short: str, full: str) -> None:
    assert load_policy(short) == load_policy(full)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_policy_names_its_source_and_its_date(name: str) -> None:
    policy = load_policy(name)
    assert re.fullmatch(r"20\d\d(-\d\d){1,2}", policy.date)
    assert re.search(r"https://|RFC \d{4}, section|src/", policy.source)
    assert policy.title


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize("name", [name for name in SHIPPED if load_policy(name).cipher_list])
def test_openssl_makes_the_same_suites_of_the_list(name: str) -> None:
    policy = load_policy(name)
    command = ["openssl", "ciphers", "-tls1_2", "-s", f"{policy.cipher_list}:@SECLEVEL=0"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    without_weak = [suite.name for suite in policy.ciphers or () if "CBC3" not in suite.name]
    assert [suite for suite in printed.split(":") if "CBC3" not in suite] == without_weak


def _facts_of(policy: Policy) -> tuple[str, int, int | None, str | None]:
    suites13 = None if policy.ciphersuites is None else len(policy.ciphersuites)
    return policy.minimum.label, len(policy.ciphers or ()), suites13, policy.preference


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mozilla-intermediate-6.0", ("TLSv1.2", 6, 3, "client")),
        ("mozilla-modern-6.0", ("TLSv1.3", 0, 3, "client")),
        ("mozilla-old-5.8", ("TLSv1", 21, 3, "server")),
        ("ncsc-nl-2025-05", ("TLSv1.2", 8, 4, "server")),
        ("rfc9325", ("TLSv1.2", 4, None, "server")),
        ("postfix-default", ("TLSv1", 0, None, None)),
    ],
)
def test_the_sources_were_counted_by_hand(name: str, expected: tuple[Any, ...]) -> None:
    assert _facts_of(load_policy(name)) == expected


def test_no_policy_allows_what_rfc_7568_forbids() -> None:
    for name in SHIPPED:
        assert load_policy(name).minimum >= Protocol.TLSv1


def test_a_policy_of_the_user_takes_openssl_and_iana_names() -> None:
    policy = load_policy(GOOD)
    assert policy.cipher_list == "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"
    assert policy.groups is None
    assert policy.source == "the user"


def test_what_a_policy_of_the_user_does_not_say() -> None:
    policy = load_policy(GOOD)
    assert (policy.title, policy.date, policy.advice) == ("house", "not dated", None)
    assert (policy.opportunistic_ciphers, policy.defaults) == (True, False)
    assert policy.certificate == CertificateRule()
    assert load_policy({**GOOD, "defaults": True}).defaults is True


def test_what_a_policy_of_the_user_asks_of_certificates() -> None:
    rule = {"types": ["rsa", "ecdsa"], "rsa_bits": 3072, "curves": ["secp384r1"]}
    read = load_policy({**GOOD, "certificate": rule}).certificate
    assert read == CertificateRule(("rsa", "ecdsa"), 3072, ("secp384r1",))
    assert load_policy({**GOOD, "certificate": {}}).certificate == CertificateRule()


@pytest.mark.parametrize(("ciphers", "restricts"), [("policy", True), ("default", False)])
def test_suites_may_be_meant_for_mandatory_tls_only(ciphers: str, restricts: bool) -> None:
    rule = {"advice": "RFC 7435", "ciphers": ciphers}
    policy = load_policy({**GOOD, "opportunistic": rule})
    assert (policy.advice, policy.opportunistic_ciphers) == ("RFC 7435", restricts)
    assert load_policy({**GOOD, "opportunistic": {"advice": "a"}}).opportunistic_ciphers is True


def test_only_a_policy_that_stops_below_the_newest_protocol_has_a_ceiling() -> None:
    stops = load_policy({**GOOD, "protocols": ["TLSv1.1", "TLSv1.2"]})
    assert (stops.minimum, stops.maximum) == (Protocol.TLSv1_1, Protocol.TLSv1_2)
    assert load_policy(GOOD).maximum is None


def test_groups_and_suites_of_a_policy_of_the_user_keep_their_order() -> None:
    """Suites of TLS 1.3 by RFC 8446 appendix B.4, groups by the registry TLS Supported Groups of IANA."""
    suites = ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"]
    policy = load_policy({**GOOD, "groups": ["secp384r1", "x25519"], "ciphersuites": suites})
    assert policy.groups == ("secp384r1", "x25519")
    assert [one.code for one in policy.ciphersuites or ()] == [0x1303, 0x1301]


def test_a_string_of_openssl_is_configured_as_it_is() -> None:
    assert load_policy({**GOOD, "cipher_string": " HIGH:!aNULL "}).cipher_list == "HIGH:!aNULL"
    only13 = {"name": "house", "protocols": ["TLSv1.3"]}
    assert load_policy(only13).cipher_list is None
    assert load_policy({**only13, "ciphers": []}).cipher_list is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"protocol": []}, "'protocol' is not one of name,"),
        ({"protocols": []}, "protocols must be a list of one or more of SSLv2"),
        ({"protocols": "TLSv1.2"}, "protocols must be a list of names"),
        ({"protocols": ["TLSv1.4"]}, "protocols: 'TLSv1.4' is not one of SSLv2"),
        ({"protocols": ["TLSv1", "TLSv1.2"]}, "protocols leave a gap at TLSv1.1"),
        ({"ciphers": ["NO-SUCH-SUITE"]}, "'NO-SUCH-SUITE' is not a cipher suite"),
        ({"ciphers": ["TLS_AES_128_GCM_SHA256"]}, "belongs under ciphersuites"),
        ({"ciphersuites": ["AES128-SHA"]}, "belongs under ciphers"),
        ({"ciphers": []}, "ciphers is empty, but TLSv1.2 needs some"),
        ({"ciphers": ["AES128-SHA", "AES128-SHA"]}, "ciphers has a name twice"),
        ({"groups": ["P-256"]}, "groups: 'P-256' is not a name of IANA's registry"),
        ({"groups": []}, "groups is empty: give at least one, or null"),
        ({"preference": "none"}, "preference must be one of server, client, or null"),
        ({"cipher_string": "HIGH MEDIUM"}, "cipher_string must be separated by colons"),
        ({"certificate": ["rsa"]}, "certificate must be a dictionary"),
        ({"certificate": {"types": ["dsa"]}}, "certificate.types: 'dsa' is not one of rsa"),
        ({"certificate": {"rsa_bits": "2048"}}, "certificate.rsa_bits must be a number"),
        ({"certificate": {"rsa_bits": True}}, "certificate.rsa_bits must be a number"),
        ({"certificate": {"key": "rsa"}}, "certificate must be a dictionary"),
        ({"certificate": ["types"]}, "certificate must be a dictionary"),
        ({"opportunistic": {"advice": "yes", "protocols": []}}, "opportunistic must be a"),
        ({"opportunistic": ["advice"]}, "opportunistic must be a dictionary"),
        ({"opportunistic": {"advice": "a", "ciphers": "all"}}, "must be policy or default"),
        ({"opportunistic": {"ciphers": "default"}}, "advice must be a text"),
        ({"groups": ["x25519", 29]}, "groups must be a list of names"),
        ({"title": "  "}, "title must be a text"),
        ({"ciphersuites": ["AES128-SHA"]}, "'AES128-SHA' belongs under ciphers."),
        ({"opportunistic": "no"}, "opportunistic must be a dictionary"),
        ({"defaults": "yes"}, "defaults must be one of True, False"),
        ({"name": 3}, "name must be a text"),
    ],
)
def test_a_bad_policy_gets_one_clear_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(sentence)) as caught:
        load_policy({**GOOD, **change})
    assert str(caught.value).count("\n") == 0


def test_an_unknown_name_gets_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="no policy 'strict'; known names: bettercrypto, inter"):
        load_policy("strict")


def test_another_type_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not a list"):
        load_policy(["intermediate"])  # type: ignore[arg-type]
