# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._cipher_string import (
    CipherString,
    client_cipher_string,
    server_cipher_string,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion

LISTS = {
    "tls_high_cipherlist": "HIGH",
    "tls_medium_cipherlist": "MEDIUM",
    "tls_export_cipherlist": "ALL:+RC4:@STRENGTH",
    "tls_low_cipherlist": "",
}
CASE_1 = "aNULL, LOW, EXP, MEDIUM, ADH, AECDH, MD5, DSS, ECDSA, CAMELLIA128, 3DES, CAMELLIA256, RSA+AES, eNULL"
LOGGED_2_6_6 = (
    "ALL:+RC4:@STRENGTH:!aNULL:!LOW:!EXP:!MEDIUM:!ADH:!AECDH:!MD5:!DSS:!ECDSA:!CAMELLIA128:!3DES:"
    "!CAMELLIA256:!RSA+AES:!eNULL"
)


def server(
    parameters: dict[str, str],
    version: str = "3.10.0",
    *,
    mandatory: bool = False,
    asks: bool = False,
    prefix: str = "smtpd_tls",
) -> CipherString:
    value: t.Callable[[str], str] = {**LISTS, **parameters}.__getitem__
    return server_cipher_string(
        value,
        PostfixVersion.parse(version),
        prefix=prefix,
        mandatory=mandatory,
        asks_certificate=asks,
    )


def parameters(prefix: str = "smtpd_tls", **given: str) -> dict[str, str]:
    names = ("ciphers", "mandatory_ciphers", "exclude_ciphers", "mandatory_exclude_ciphers")
    return {f"{prefix}_{name}": given.get(name, "") for name in names}


def test_the_string_of_2_6_6_is_the_one_in_its_log() -> None:
    given = parameters(ciphers="export", exclude_ciphers=CASE_1)
    assert server(given, "2.6.6").text == LOGGED_2_6_6


def test_mandatory_adds_its_exclusions_after_the_others() -> None:
    given = parameters(
        ciphers="medium",
        mandatory_ciphers="high",
        exclude_ciphers="RC4",
        mandatory_exclude_ciphers="MD5",
    )
    assert server(given).text == "MEDIUM:!RC4"
    assert server(given, mandatory=True).text == "HIGH:!RC4:!MD5"


def test_asking_for_a_certificate_rules_out_anonymous_suites() -> None:
    assert server(parameters(ciphers="high"), asks=True).text == "HIGH:!aNULL"


@pytest.mark.parametrize(
    ("version", "expected"), [("3.7.0", "ALL:+RC4:@STRENGTH"), ("3.8.0", "MEDIUM")]
)
def test_export_means_medium_from_3_8_on(version: str, expected: str) -> None:
    assert server(parameters(ciphers="EXPORT"), version).text == expected


def test_items_are_split_at_blanks_commas_and_colons() -> None:
    given = parameters(ciphers="high", exclude_ciphers="a,b:c\td\ne")
    assert server(given).text == "HIGH:!a:!b:!c:!d:!e"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (parameters(ciphers="strong"), "smtpd_tls_ciphers = strong: there is no such grade"),
        (parameters(ciphers="low"), "tls_low_cipherlist is empty"),
        (
            parameters(ciphers="high", exclude_ciphers="RC4, !aNULL"),
            "smtpd_tls_exclude_ciphers has the item !aNULL: an item must not begin with one of ! + - @",
        ),
    ],
)
def test_what_postfix_refuses_has_no_string(given: dict[str, str], problem: str) -> None:
    refused = server(given, "3.7.0")
    assert (refused.text, refused.problem) == (None, problem)


def test_tlsproxy_has_its_own_parameters() -> None:
    given = parameters("tlsproxy_tls", ciphers="high", exclude_ciphers="RC4")
    assert server(given, prefix="tlsproxy_tls").text == "HIGH:!RC4"


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("may", "MEDIUM:!RC4"),
        ("encrypt", "HIGH:!RC4:!MD5:!eNULL"),
        ("dane", "HIGH:!RC4:!MD5:!aNULL"),
        ("secure", "HIGH:!RC4:!MD5:!aNULL"),
    ],
)
def test_a_client_excludes_by_its_level(level: str, expected: str) -> None:
    given = parameters(
        "smtp_tls",
        ciphers="medium",
        mandatory_ciphers="high",
        exclude_ciphers="RC4",
        mandatory_exclude_ciphers="MD5",
    )
    value: t.Callable[[str], str] = {**LISTS, **given}.__getitem__
    built = client_cipher_string(value, PostfixVersion(3, 10), prefix="smtp_tls", level=level)
    assert built.text == expected


def test_each_exclusion_knows_its_setting() -> None:
    given = parameters(
        mandatory_ciphers="high", exclude_ciphers="RC4", mandatory_exclude_ciphers="MD5"
    )
    built = server(given, mandatory=True, asks=True)
    assert [(one.item, one.setting) for one in built.exclusions] == [
        ("RC4", "smtpd_tls_exclude_ciphers"),
        ("MD5", "smtpd_tls_mandatory_exclude_ciphers"),
        ("aNULL", "set by Postfix itself"),
    ]
