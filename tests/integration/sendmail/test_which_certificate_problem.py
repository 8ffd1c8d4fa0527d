# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 2 with a sendmail: the certificate was renewed, its TLSA records were not, and the report of the role says so."""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_lab import SENDMAIL, DaneLab, dane_lab
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab


def answered(lab: DaneLab, variables: str) -> str:
    """What the role says of the certificate; empty where a resolver that was too busy has left a question open."""
    done = lab.playbook("harden_mta", "--check", "-e", variables)
    assert done.returncode == 0, done.stdout
    page = done.stdout.partition("Which certificate problem is it?")[2]
    return "" if "\n  ?  " in page else page


def test_of_all_problems_it_is_the_record() -> None:
    with dane_lab("sendmail-why", scenario="case2-sendmail", server=SENDMAIL) as lab:
        known = lab.variables
        variables = {
            "sendmail_tls_mx_name": lab.server.name,
            "sendmail_tls_lookup": {
                "resolver": [known["lab_resolver"]],
                "validate": "self",
                "trust_anchor": known["lab_trust_anchor_file"],
                "ca_file": known["lab_ca_file"],
            },
        }
        given = json.dumps(variables)
        page = until(lambda: answered(lab, given), what="every question has an answer")
    refused = re.findall(r"^  no +(.*)", page, re.MULTILINE)
    assert refused == ["Its TLSA records fit (stale-tlsa)"], page
    assert "asked     Senders are asked for a certificate" in page
