# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role refuses what no host can do before it asks the mail host, which here cannot be reached at all."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("ansible-playbook"))
ALL_OF = {"mx_policy": "intermedate", "connections": 99, "timeout": 3, "vantage": "nobody"}
OUT_OF_ORDER = {"connections": 99, "timeout": 3, "vantage": "nobody"}
NEEDED = {
    "dane_rollover_name": "mx1.example.test",
    "dane_rollover_certificate": "/no/such.pem",
    "dane_rollover_key": "/no/such.pem",
}


def told(tmp_path: Path, role: str, given: dict[str, t.Any]) -> str:
    """The sentence with which a role fails on a host without an address."""
    play, inventory = tmp_path / "play.yml", tmp_path / "inventory.yml"
    include = {"ansible.builtin.include_role": {"name": f"postmaster.tls.{role}"}}
    play.write_text(json.dumps([{"hosts": "mx1", "gather_facts": False, "tasks": [include]}]))
    nowhere = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    inventory.write_text(json.dumps({"all": {"hosts": {"mx1": nowhere, "prober": nowhere}}}))
    command = [PROGRAM, "-i", str(inventory), str(play), "-e", json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    [line] = [line for line in done.stdout.splitlines() if "FAILED!" in line]
    return str(json.loads(line.partition("=> ")[2])["msg"])


@pytest.mark.parametrize(
    ("role", "values"),
    [("postfix_tls", ALL_OF), ("sendmail_tls", ALL_OF), ("dane_rollover", OUT_OF_ORDER)],
)
def test_every_wrong_value_is_told_at_once(
    tmp_path: Path, role: str, values: dict[str, t.Any]
) -> None:
    given = {f"{role}_{name}": value for name, value in values.items()}
    said = told(tmp_path, role, {**given, **(NEEDED if role == "dane_rollover" else {})})
    assert said.startswith("mx1: ")
    assert said.endswith(" Nothing was changed.")
    for name in given:
        assert f"{name}: " in said


def test_a_host_that_probes_and_cannot_be_reached(tmp_path: Path) -> None:
    said = told(tmp_path, "sendmail_tls", {"sendmail_tls_vantage": "prober"})
    assert "sendmail_tls_vantage is prober, which cannot probe: it does not answer (" in said


def test_starttls_verify_alone(tmp_path: Path) -> None:
    given = {"starttls_verify_services": [], "starttls_verify_certificates": []}
    said = told(tmp_path, "starttls_verify", {**given, "starttls_verify_connections": 9})
    assert said.startswith("mx1: starttls_verify_connections: 9 is out of range")


@pytest.mark.parametrize(
    "given", [{}, {"starttls_verify_services": []}, {"ansible_facts": {"mta_tls": {"postfix": []}}}]
)
def test_starttls_verify_is_not_content_with_nothing(
    tmp_path: Path, given: dict[str, t.Any]
) -> None:
    said = told(tmp_path, "starttls_verify", given)
    assert said.startswith("mx1: There is no service to probe, and no facts that say")


def test_a_host_that_takes_no_mail_has_nothing_to_verify(tmp_path: Path) -> None:
    """The facts say that there is a mail server, and that it has no inbound service."""
    outbound = {"name": "smtp", "direction": "outbound", "listen": []}
    facts = {
        "mta_tls": {"detected": ["postfix"], "postfix": [{"services": [outbound]}], "sendmail": []}
    }
    setup = {"ansible.builtin.set_fact": {**facts, "cacheable": True}}
    include = {"ansible.builtin.include_role": {"name": "postmaster.tls.starttls_verify"}}
    play = tmp_path / "play.yml"
    tasks = [setup, include]
    play.write_text(json.dumps([{"hosts": "mx1", "gather_facts": False, "tasks": tasks}]))
    command = [PROGRAM, "-i", "mx1,", str(play)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
