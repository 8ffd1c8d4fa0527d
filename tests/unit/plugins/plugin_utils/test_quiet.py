# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys among the arguments of a task: taken out, or refused, whatever marks they have."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._quiet import (
    UNSHOWN,
    refuse_keys,
    refuse_texts,
    with_unshown,
    without_keys,
)

CHAIN: t.Final = "-----BEGIN CERTIFICATE-----\nMIIBleaf\n-----END CERTIFICATE-----\n"
KEY: t.Final = "-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----\n"
KEYS: t.Final = {
    "usual": KEY,
    "ec": KEY.replace("PRIVATE", "EC PRIVATE"),
    "crlf": KEY.replace("\n", "\r\n"),
    "blank-before-dashes": KEY.replace("KEY-----", "KEY -----"),
    "four-dashes": KEY.replace("-----", "----"),
    "a-tab": KEY.replace("PRIVATE KEY", "PRIVATE\tKEY"),
    "on-one-line": "-----BEGIN PRIVATE KEY-----MIIEsecret-----END PRIVATE KEY-----\n",
}
BODY: t.Final = "MHcCAQEEIBkg4LVWM9nuwNSk3yByxZpYRTBnVJk5oA9mWJpWs2N4oAoGCCqGSM49"


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_of_a_text_with_a_key_the_rest_stays(key: str) -> None:
    assert without_keys(f"{key}{CHAIN}") == CHAIN
    assert without_keys({"files": {"/mx.pem": f"{CHAIN}{key}"}}) == {"files": {"/mx.pem": CHAIN}}
    assert without_keys([f"a table\n{key}{CHAIN}"]) == [f"a table\n{CHAIN}"]


def test_a_key_without_an_end_goes_as_far_as_the_next_certificate() -> None:
    broken = KEY.partition("-----END")[0]
    assert without_keys(f"{broken}{CHAIN}") == CHAIN
    assert without_keys(f"{CHAIN}{broken}") == CHAIN


@pytest.mark.parametrize("value", [CHAIN, "key = /etc/ssl/private key.pem\n", "", None, 7, True])
def test_what_has_no_key_is_the_same(value: object) -> None:
    assert without_keys(value) is value


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_is_refused_wherever_it_stands(key: str) -> None:
    for value in (key, {"x": [key]}, key.encode()):
        with pytest.raises(InvalidInput, match=r"^candidate has a private key in it.*: take it\.$"):
            refuse_keys({"candidate": value}, remedy="take it")
    refuse_keys({"key": key}, but=["key"], remedy="take it")


@pytest.mark.parametrize(
    "value", [BODY, f"{BODY}\n{BODY}", "MIIE\nsecret", "----BEGIN KEY", "--------"]
)
def test_a_text_is_no_path(value: str) -> None:
    with pytest.raises(InvalidInput, match="key_path has a text in it") as refused:
        refuse_texts({"key_path": value}, but=[], remedy="take it")
    assert value not in str(refused.value)
    refuse_texts({"key": value}, but=["key"], remedy="take it")


@pytest.mark.parametrize(
    "value", [f"/{BODY}", "MX/private.key", "/etc/ssl/mx.pem\n", "mx1.example.test", 5, None, True]
)
def test_a_path_or_a_name_is_taken(value: object) -> None:
    refuse_texts({"key_path": value}, but=[], remedy="take it")


def test_what_is_not_shown_is_nothing_else_than_named() -> None:
    given = {"saved": {"main": "x"}, "why": [], "access": None}
    assert with_unshown(given, ["saved", "access"]) == {**given, "saved": UNSHOWN}
