# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as they are typed.

What is given with -e: no word that Ansible keeps for itself, about which it would warn, and none that nobody reads.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.vars.reserved import get_reserved_names

TESTS = Path(__file__).resolve().parents[1]
PLAYBOOK = TESTS.parent / "playbooks" / "diagnose_mta.yml"
AUDIT = PLAYBOOK.with_name("audit_mta.yml")
PROGRAM = str(Path(sys.executable).with_name("ansible-playbook"))
BUILD = TESTS / "fixtures" / "sendmail" / "debug-bookworm.txt"


def test_no_variable_of_the_page_is_a_reserved_name() -> None:
    words = set(re.findall(r"\b(\w+) \| default|-e (\w+)=|[ ,](\w+)=", PLAYBOOK.read_text()))
    names = {name for found in words for name in found if name}
    assert {"host", "mail_port", "policy", "senders", "tls_mode", "checks"} <= names
    assert not names & get_reserved_names()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["host=::1", "chekcs=dane"], "diagnose_mta has no variable chekcs: it knows host,"),
        (["host=::1", '{"mail_prot": 25, "tls": 1}'], "has no variable mail_prot, tls: it"),
        (["policy=modern"], "Name the server to look at with -e host=NAME; also -e mail_port=,"),
    ],
)
def test_a_variable_that_nobody_reads_is_refused(options: list[str], said: str) -> None:
    command = [PROGRAM, "-i", "localhost,", str(PLAYBOOK)]
    command += [word for one in options for word in ("-e", one)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert said in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("playbook", "option", "said"),
    [
        ("audit_mta", "audit_mta_prob=true", "audit_mta has no variable audit_mta_prob: it knows"),
        ("harden_mta", "harden_mta_host=mx1", "harden_mta has no variable harden_mta_host: it"),
        ("rotate_certificate", "dane_rolover_name=mx", "has no variable dane_rolover_name: it"),
        ("audit_mta", "site=oslo", "The inventory has no host that matches 'mta'"),
    ],
)
def test_a_misspelled_variable_of_a_playbook_is_refused(
    playbook: str, option: str, said: str
) -> None:
    path = str(PLAYBOOK.with_name(f"{playbook}.yml"))
    command = [PROGRAM, "-i", "localhost,", path, "-e", option]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0, done.stdout
    assert said in " ".join(done.stdout.split())


def test_an_audit_probes_the_daemons_of_a_sendmail(tmp_path: Path) -> None:
    """Nobody listens where the saved sendmail.cf has its daemon: that the probe says so shows that there was one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    cf = f"V10/Berkeley\nO DaemonPortOptions=Name=MTA, Port={port}\n"
    saved, inventory = tmp_path / "saved.yml", tmp_path / "inventory.yml"
    saved.write_text(json.dumps({"sendmail_cf": cf, "sendmail_build": BUILD.read_text()}))
    host = {"ansible_host": "127.0.0.1", "audit_mta_saved": str(saved), "audit_mta_probe": True}
    inventory.write_text(json.dumps({"mta": {"hosts": {"mx1": host}}}))
    command = [PROGRAM, "-i", str(inventory), str(AUDIT), "-e", f"audit_mta_directory={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    report = json.loads((tmp_path / "mx1.json").read_text())
    assert [one["label"] for one in report["probes"]] == [f"MTA at 127.0.0.1 port {port}"]
    assert report["probes"][0]["agrees"] is not True
