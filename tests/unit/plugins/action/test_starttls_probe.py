# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.action.starttls_probe import understood
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import TrustStore
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import load as load_policy
from ansible_collections.postmaster.tls.tests.support.authority import NOW, sign

MX = "mx.example.test"
ROOT = sign("Root", ca=True)
LEAF = sign(MX, ROOT, names=[MX])
TRUST = TrustStore([ROOT.certificate])
Data = dict[str, t.Any]


def raw(*chains: list[str], **more: t.Any) -> Data:
    return {
        "host": MX,
        "port": 25,
        "reached": True,
        "findings": [],
        "_chains": list(chains),
        **more,
    }


def read(result: Data, *, name: str = MX, policy: str | None = None) -> Data:
    wanted = load_policy(policy) if policy else None
    return understood(result, name=name, trust=TRUST, policy=wanted, now=NOW)


def test_chains_become_certificates() -> None:
    result = read(raw([LEAF.pem]))
    [certificate] = result["certificates"]
    assert "_chains" not in result
    assert "violations" not in result
    assert certificate["subject"] == f"CN={MX}"
    assert certificate["verified"] is certificate["name_matches"] is True
    assert certificate["verify_reason"] is None
    assert result["findings"] == []


def test_a_certificate_for_another_name_is_a_finding_at_host_and_port() -> None:
    result = read(raw([LEAF.pem]), name="other.example.test")
    assert result["certificates"][0]["name_matches"] is False
    [finding] = result["findings"]
    assert (finding["code"], finding["where"]) == ("certificate-name-mismatch", f"{MX}:25")


def test_by_address_only_a_certificate_that_names_it_says_anything() -> None:
    addressed = sign(MX, ROOT, names=[MX, "198.51.100.7"])
    result = read(raw([LEAF.pem], [addressed.pem]), name="198.51.100.7")
    assert [one["name_matches"] for one in result["certificates"]] == [None, True]
    assert result["findings"] == []


def test_an_unverified_chain_says_why() -> None:
    [certificate] = read(raw([sign(MX, names=[MX]).pem]))["certificates"]
    assert certificate["verified"] is False
    assert MX in certificate["verify_reason"]


def test_a_broken_certificate_does_not_end_the_task() -> None:
    broken = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
    result = read(raw([broken]))
    assert result["certificates"][0]["verified"] is None
    assert [finding["code"] for finding in result["findings"]] == ["certificate-unusable"]


@pytest.mark.parametrize(("version", "violated"), [("TLSv1", True), ("TLSv1.2", False)])
def test_a_policy_adds_violations_and_one_finding(version: str, violated: bool) -> None:
    protocols = [{"name": version, "accepted": True, "reason": None}]
    result = read(
        raw(protocols=protocols, ciphers={}, groups=[]), policy="mozilla-intermediate-6.0"
    )
    assert bool(result["violations"]) is violated
    assert [finding["code"] for finding in result["findings"]] == ["policy-violation"] * violated


def test_an_ipv6_host_stands_in_brackets() -> None:
    result = read({**raw([LEAF.pem]), "host": "2001:db8::1"}, name="other.example.test")
    assert result["findings"][0]["where"] == "[2001:db8::1]:25"
