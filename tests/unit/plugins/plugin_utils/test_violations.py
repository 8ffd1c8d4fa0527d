# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import load_policy
from ansible_collections.postmaster.tls.plugins.plugin_utils._violations import violations

SHA = {"name": "AES128-SHA", "iana": "TLS_RSA_WITH_AES_128_CBC_SHA", "code": "0x002F"}
GCM = {"name": "ECDHE-RSA-AES128-GCM-SHA256", "iana": "", "code": "0xC02F"}
CCM8 = {"name": "TLS_AES_128_CCM_8_SHA256", "iana": "", "code": "0x1305"}
RESULT: dict[str, Any] = {
    "protocols": [
        {"name": "TLSv1", "accepted": True},
        {"name": "TLSv1.1", "accepted": None},
        {"name": "TLSv1.2", "accepted": True},
        {"name": "TLSv1.3", "accepted": True},
    ],
    "ciphers": {"TLSv1": [SHA], "TLSv1.2": [GCM, SHA], "TLSv1.3": [CCM8]},
    "groups": [
        {"name": "x25519", "accepted": True},
        {"name": "ffdhe2048", "accepted": True},
        {"name": "x448", "accepted": None},
    ],
    "certificates": [{"key_type": "RSA", "key_bits": 1024}],
}


def found(policy: str, **changes: Any) -> list[tuple[str | None, str, str]]:
    result = {**RESULT, **changes}
    return [(v["protocol"], v["kind"], v["name"]) for v in violations(load_policy(policy), result)]


def test_everything_that_is_too_much_is_named() -> None:
    assert found("intermediate") == [
        ("TLSv1", "protocol", "TLSv1"),
        ("TLSv1", "cipher", "AES128-SHA"),
        ("TLSv1.2", "cipher", "AES128-SHA"),
        ("TLSv1.3", "cipher", "TLS_AES_128_CCM_8_SHA256"),
        (None, "group", "ffdhe2048"),
        (None, "certificate", "rsa 1024"),
    ]


def test_what_a_policy_says_nothing_of_is_no_violation() -> None:
    assert found("postfix-default") == []


def test_a_wider_policy_finds_less() -> None:
    assert ("TLSv1", "protocol", "TLSv1") not in found("old")
    assert ("TLSv1.2", "cipher", "AES128-SHA") not in found("old")


def test_a_certificate_of_another_type() -> None:
    assert (None, "certificate", "rsa") in found("modern")
    ecdsa = [{"key_type": "EC", "key_bits": 256}]
    assert not any(kind == "certificate" for _p, kind, _n in found("modern", certificates=ecdsa))


@pytest.mark.parametrize(
    ("curve", "violates"),
    [("secp256r1", False), ("secp384r1", False), ("secp521r1", True), (None, False)],
)
def test_the_curve_of_a_key_is_judged_where_the_policy_names_curves(
    curve: str | None, violates: bool
) -> None:
    served = [{"key_type": "ecdsa", "key_bits": 521, "key_curve": curve}]
    names = [
        name for _p, kind, name in found("modern", certificates=served) if kind == "certificate"
    ]
    assert names == ([f"ecdsa {curve}"] if violates else [])
    assert not [
        kind for _p, kind, _n in found("rfc9325", certificates=served) if kind == "certificate"
    ]


@pytest.mark.parametrize("key", ["protocols", "ciphers", "groups", "certificates"])
@pytest.mark.parametrize("value", [None, [], {}])
def test_what_was_not_determined_is_never_a_violation(key: str, value: Any) -> None:
    kinds = {
        "protocols": "protocol",
        "ciphers": "cipher",
        "groups": "group",
        "certificates": "certificate",
    }
    assert not any(kind == kinds[key] for _p, kind, _n in found("intermediate", **{key: value}))


def test_an_unreached_server_violates_nothing() -> None:
    assert violations(load_policy("modern"), {"reached": False, "ciphers": {"TLSv1.2": None}}) == []


def test_each_violation_says_it_in_words() -> None:
    for violation in violations(load_policy("intermediate"), RESULT):
        assert violation["name"].split()[0].lower() in violation["message"].lower()
