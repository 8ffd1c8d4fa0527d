# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: predicted, applied once, proved, and the same again."""

from __future__ import annotations

import difflib
import re

import pytest
from ansible_collections.postmaster.tls.tests.support.hardening import Lab

pytestmark = pytest.mark.lab


def edits(text: str) -> list[str]:
    """The added and removed lines of the diffs in some output, in order."""
    return [
        line.rstrip()
        for line in text.splitlines()
        if re.match(r"[+-](?![+-]{2} )", line) and line.strip() not in {"+", "-"}
    ]


def test_check_mode_predicts_exactly_the_lines_that_the_real_run_changes(case1: Lab) -> None:
    before = case1.files()
    check = case1.harden("--check", "--diff")
    assert check.returncode == 0, check.stdout
    assert case1.files() == before, "check mode changed a file"

    real = case1.harden()
    assert real.returncode == 0, real.stdout
    after = case1.files()
    changed = []
    for name, text in before.items():
        changed += difflib.unified_diff(
            text.splitlines(), after[name].splitlines(), lineterm="", n=0
        )
    assert edits("\n".join(changed)) == edits(check.stdout)
    assert edits(check.stdout), "nothing was to be changed"


def test_a_modern_sender_is_refused_before_and_served_after_and_the_second_run_changes_nothing(
    case1: Lab,
) -> None:
    assert "TLS connection established" not in case1.handshake()
    first = case1.harden()
    assert first.returncode == 0, first.stdout
    assert "TLSv1.3 with cipher" in case1.handshake()

    second = case1.harden()
    assert second.returncode == 0, second.stdout
    assert re.search(r"mx1 +: ok=\d+ +changed=0 ", second.stdout), second.stdout


def test_undone_puts_the_files_back_byte_for_byte_and_shows_what_senders_get(sound: Lab) -> None:
    undo = ("-e", "harden_mta_state=undone")
    before = sound.files()
    assert sound.harden().returncode == 0
    hardened = sound.files()
    assert hardened != before
    dry = sound.harden("--check", *undo)
    assert "mx1: the change of /etc/postfix/main.cf" in dry.stdout
    assert sound.files() == hardened
    sound.on("mx1", "sh", "-c", "cp -a /etc/postfix/main.cf /root/ && echo >> /etc/postfix/main.cf")
    edited = sound.harden(*undo)
    said = [line for line in edited.stdout.splitlines() if line.startswith("fatal: ")][-1]
    assert '"msg": "mx1: /etc/postfix/main.cf was edited after the change was confirmed' in said
    assert "To see them: diff -u /var/lib/postmaster-tls/checkpoints/.postfix.kept/files/" in said
    sound.on("mx1", "cp", "-a", "/root/main.cf", "/etc/postfix/main.cf")
    undone = sound.harden(*undo)
    assert undone.returncode == 0, undone.stdout
    assert sound.files() == before
    assert "with cipher" in sound.handshake()
    table = undone.stdout.partition("mx1: undone; what senders get from Postfix 3.")[2]
    assert re.search(r"protocols +TLSv1.2 TLSv1.3 +\S.*TLSv1.3", table), undone.stdout
    again = sound.harden(*undo)
    assert again.returncode == 0, again.stdout
    assert "mx1: there is no change of Postfix to undo" in again.stdout
    assert re.search(r"mx1 +: ok=\d+ +changed=0 ", again.stdout), again.stdout
