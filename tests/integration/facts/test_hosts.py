# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as Ansible runs it over ssh, with the Python of each Debian release, as root and as somebody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from mtalab.paths import lab_name

pytestmark = pytest.mark.lab

LAB = [sys.executable, str(Path(__file__).resolve().parents[3] / "tests" / "lab" / "lab.py")]
ANSIBLE = str(Path(sys.executable).with_name("ansible"))
PYTHONS = {"mx-bullseye": "3.9", "mx-bookworm": "3.11", "mx1": "3.13", "mx-sid": "3.14"}
MOST_BYTES = 200_000
AUDITOR = """
if ! id auditor > /dev/null 2>&1; then
    echo 'auditor:x:4100:4100::/home/auditor:/bin/sh' >> /etc/passwd
    echo 'auditor:*:20000::::::' >> /etc/shadow
    echo 'auditor:x:4100:' >> /etc/group
fi
install -d -o auditor /home/auditor
install -d -m 700 -o auditor /home/auditor/.ssh
install -m 600 -o auditor /root/.ssh/authorized_keys /home/auditor/.ssh/
"""
MODULES = "find / -xdev -name 'cryptography*' -o -xdev -name '_cffi_backend*'"
Facts = dict[str, t.Any]


@pytest.fixture(scope="module")
def environment() -> t.Iterator[dict[str, str]]:
    made = {**os.environ, "POSTMASTER_LAB": f"{lab_name()}-hosts"}
    try:
        yield made
    finally:
        subprocess.run([*LAB, "down"], env=made, check=False, capture_output=True)


@pytest.fixture(scope="module")
def inventory(environment: dict[str, str]) -> Path:
    up = [*LAB, "up", "fleet"]
    done = subprocess.run(up, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.split()[-1])


def on(environment: dict[str, str], host: str, script: str) -> str:
    command = [*LAB, "exec", host, "sh", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def gathered(
    environment: dict[str, str], inventory: Path, tree: Path, *arguments: str
) -> dict[str, dict[str, t.Any]]:
    """What `ansible mta -m postmaster.tls.mta_tls_facts` says of each host."""
    argv = [ANSIBLE, "mta", "-i", str(inventory), "-m", "postmaster.tls.mta_tls_facts"]
    done = subprocess.run(
        [*argv, "--tree", str(tree), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PRIVATE KEY" not in done.stdout + done.stderr
    return {host: json.loads((tree / host).read_text()) for host in PYTHONS}


@pytest.fixture(scope="module")
def as_root(
    environment: dict[str, str], inventory: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Facts]:
    results = gathered(environment, inventory, tmp_path_factory.mktemp("root"))
    return {host: one["ansible_facts"]["mta_tls"] for host, one in results.items()}


@pytest.fixture(scope="module")
def as_auditor(
    environment: dict[str, str], inventory: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Facts]:
    for host in PYTHONS:
        on(environment, host, AUDITOR)
    tree = tmp_path_factory.mktemp("auditor")
    results = gathered(environment, inventory, tree, "-e", "ansible_user=auditor")
    return {host: one["ansible_facts"]["mta_tls"] for host, one in results.items()}


@pytest.mark.parametrize("host", PYTHONS)
def test_the_host_has_its_own_python_and_no_cryptography(
    environment: dict[str, str], inventory: Path, host: str
) -> None:
    assert yaml.safe_load(inventory.read_text())
    version = on(environment, host, "python3 --version")
    assert version.split()[1].startswith(f"{PYTHONS[host]}.")
    assert on(environment, host, MODULES) == ""


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
    environment: dict[str, str], as_root: dict[str, Facts], host: str
) -> None:
    (entry,) = as_root[host]["certificates"]
    fingerprint = f"openssl x509 -in {entry['file']} -noout -fingerprint -sha256"
    expected = on(environment, host, fingerprint).partition("=")[2].strip().replace(":", "")
    assert entry["sha256"] == expected.lower()
    assert entry["san"] == [f"{host}.example.test"]
    assert (entry["key_matches"], entry["key_mode"]) == (True, "0600")
    assert entry["extended_key_usage"] == ["serverAuth", "clientAuth"]
    key = on(environment, host, f"cat {entry['key_file']}").splitlines()[1]
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
