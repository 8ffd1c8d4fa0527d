# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as Ansible runs it over ssh, with the Python of each Debian release, as root and as somebody else."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.labs import Lab

pytestmark = pytest.mark.lab

PYTHONS = {"mx-bullseye": "3.9", "mx-bookworm": "3.11", "mx1": "3.13", "mx-sid": "3.14"}
MOST_BYTES = 200_000
MODULES = "find / -xdev -name 'cryptography*' -o -xdev -name '_cffi_backend*'"
Facts = dict[str, t.Any]


def gathered(fleet: Lab, *arguments: str) -> dict[str, Facts]:
    """What `ansible mta -m postmaster.tls.mta_tls_facts` says of each host."""
    results = fleet.asked("mta", "postmaster.tls.mta_tls_facts", *arguments)
    return {host: results[host]["ansible_facts"]["mta_tls"] for host in PYTHONS}


@pytest.fixture(scope="module")
def as_root(fleet: Lab) -> dict[str, Facts]:
    return gathered(fleet)


@pytest.fixture(scope="module")
def as_auditor(fleet: Lab) -> dict[str, Facts]:
    return gathered(fleet, "-e", "ansible_user=auditor")


@pytest.mark.parametrize("host", PYTHONS)
def test_the_host_has_its_own_python_and_no_cryptography(fleet: Lab, host: str) -> None:
    version = fleet.on(host, "python3", "--version")
    assert version.split()[1].startswith(f"{PYTHONS[host]}.")
    assert fleet.on(host, "sh", "-c", MODULES) == ""


@pytest.mark.parametrize("host", PYTHONS)
def test_everything_is_determined(as_root: dict[str, Facts], host: str) -> None:
    facts = as_root[host]
    (instance,) = facts["postfix"]
    assert facts["detected"] == ["postfix"]
    assert instance["library"]["version"].startswith("OpenSSL ")
    inbound = [one for one in instance["services"] if one["direction"] == "inbound"]
    assert [one["listen"][0]["port"] for one in inbound] == [25, 587, 465]
    assert all(one["ciphers"] and one["groups"] for one in inbound)
    assert "not-determined" not in {one["code"] for one in facts["findings"]}


@pytest.mark.parametrize("host", PYTHONS)
def test_certificates_are_understood_and_keys_stay(
    fleet: Lab, as_root: dict[str, Facts], host: str
) -> None:
    (entry,) = as_root[host]["certificates"]
    fingerprint = ("openssl", "x509", "-in", entry["file"], "-noout", "-fingerprint", "-sha256")
    expected = fleet.on(host, *fingerprint).partition("=")[2].strip().replace(":", "")
    assert entry["sha256"] == expected.lower()
    assert entry["san"] == [f"{host}.example.test"]
    assert (entry["key_matches"], entry["key_mode"]) == (True, "0600")
    assert entry["extended_key_usage"] == ["serverAuth", "clientAuth"]
    key = fleet.on(host, "cat", entry["key_file"]).splitlines()[1]
    assert key not in json.dumps(as_root[host])


@pytest.mark.parametrize("host", PYTHONS)
def test_the_facts_are_small(as_root: dict[str, Facts], host: str) -> None:
    assert len(json.dumps(as_root[host])) < MOST_BYTES


@pytest.mark.parametrize("host", PYTHONS)
def test_what_a_user_may_not_read_is_not_determined(
    as_auditor: dict[str, Facts], host: str
) -> None:
    facts = as_auditor[host]
    (instance,) = facts["postfix"]
    smtp = next(one for one in instance["services"] if one["listen"][:1] and one["lane"] == "mx")
    assert (smtp["protocols"], smtp["ciphers"], smtp["dropped"]) == (None, None, None)
    assert smtp["cipher_string"]
    found = [one for one in smtp["findings"] if one["code"] == "not-determined"]
    assert [f"{host}.key cannot be read by this user" in one["evidence"] for one in found] == [True]
    assert "become" in found[0]["remedy"]
    (entry,) = facts["certificates"]
    assert (entry["key_matches"], entry["san"]) == (None, [f"{host}.example.test"])


@pytest.mark.parametrize("host", PYTHONS)
def test_what_needs_no_key_is_the_same_for_everybody(
    as_root: dict[str, Facts], as_auditor: dict[str, Facts], host: str
) -> None:
    def outbound(facts: Facts) -> list[t.Any]:
        services = facts["postfix"][0]["services"]
        return [one["ciphers"] for one in services if one["name"] == "smtp/unix"]

    assert outbound(as_auditor[host]) == outbound(as_root[host])
    assert outbound(as_root[host])[0]
