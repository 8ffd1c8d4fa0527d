# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates on disk beside published records, whatever is served, and DANE on the page of one server."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab

pytestmark = pytest.mark.lab
NAME = "mx1.example.test"
Data = dict[str, t.Any]


def lookup(lab: DaneLab) -> Data:
    known = lab.variables
    return {
        "resolver": known["lab_resolver"],
        "validate": "self",
        "trust_anchor": known["lab_trust_anchor_file"],
    }


def facts(lab: DaneLab) -> Data:
    options = json.dumps({"dane": [NAME], **lookup(lab)})
    found = lab.asked("mx1", "postmaster.tls.mta_tls_facts", "-a", options)["mx1"]
    return t.cast("Data", found["ansible_facts"]["mta_tls"])


def page(lab: DaneLab, name: str, **more: t.Any) -> str:
    options = {"host": name, "address": address(lab), "checks": "dane", **lookup(lab), **more}
    done = lab.playbook("diagnose_mta", "-e", json.dumps(options))
    assert done.returncode == 0, done.stdout
    return " ".join(done.stdout.split())


def address(lab: DaneLab) -> str:
    return lab.on("sender-dane", "getent", "ahostsv4", NAME).split()[0]


def test_a_certificate_on_disk_is_stale_before_anybody_is_shown_it(lab: DaneLab) -> None:
    before = facts(lab)
    assert [one["code"] for one in before["findings"] if "tlsa" in one["code"]] == []
    lab.shell("mx1", "cp /etc/postfix/tls/next/mx1.crt /etc/postfix/tls/mx1.crt; cp /etc/postfix/tls/next/mx1.key /etc/postfix/tls/mx1.key")  # fmt: skip
    try:
        after = facts(lab)
    finally:
        lab.reset()
    stale = [one for one in after["findings"] if one["code"] == "stale-tlsa"]
    assert len(stale) == 1
    assert "/etc/postfix/tls/mx1.crt" in stale[0]["evidence"]
    assert lab.digest("/etc/postfix/tls/next/mx1.crt").split()[-1] in stale[0]["evidence"]
    assert lab.digest("/etc/postfix/tls/first/mx1.crt") in stale[0]["evidence"]


def test_the_page_of_one_server_tells_of_dane(lab: DaneLab) -> None:
    assert "DANE match: the TLSA records fit every certificate that was seen (2 records)" in page(
        lab, NAME
    )
    stale = page(lab, "stale.example.test")
    assert "DANE mismatch: senders that validate keep the mail, see below (1 record)" in stale
    assert "(stale-tlsa)" in stale
    assert "alert 42" in stale
    unvalidated = page(lab, NAME, validate="resolver")
    assert "DANE not determined (the resolver is not on loopback" in unvalidated
    believed = page(lab, NAME, validate="resolver", trust_resolver=True)
    assert "DANE match" in believed
