# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people type with -e: no word that Ansible keeps for itself, about which it would warn, and none that nobody reads."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.vars.reserved import get_reserved_names

PLAYBOOK = Path(__file__).resolve().parents[2] / "playbooks" / "diagnose_mta.yml"


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
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "-i", "localhost,", str(PLAYBOOK)]
    command += [word for one in options for word in ("-e", one)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert said in " ".join(done.stdout.split())
