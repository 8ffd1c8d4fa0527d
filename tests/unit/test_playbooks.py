# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people type with -e: no word that Ansible keeps for itself, about which it would warn."""

from __future__ import annotations

import re
from pathlib import Path

from ansible.vars.reserved import get_reserved_names

PLAYBOOK = Path(__file__).resolve().parents[2] / "playbooks" / "diagnose_mta.yml"


def test_no_variable_of_the_page_is_a_reserved_name() -> None:
    words = set(re.findall(r"\b(\w+) \| default|-e (\w+)=|[ ,](\w+)=", PLAYBOOK.read_text()))
    names = {name for found in words for name in found if name}
    assert {"host", "mail_port", "policy", "senders", "tls_mode", "checks"} <= names
    assert not names & get_reserved_names()
