# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail keeps flowing while a server is hardened: none lost, none doubled, no pause longer than a reload takes."""

from __future__ import annotations

import collections
import itertools
import subprocess

import pytest
from ansible_collections.postmaster.tls.tests.support.hardening import Lab
from ansible_collections.postmaster.tls.tests.support.labs import LAB
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab
MESSAGES = 200
#: Beyond the pauses that a busy machine makes by itself.
#: So long that only a server that was away is slower, not a machine that has much to do.
RELOAD_SECONDS = 20.0
CATCH_ALL = "postconf -e 'virtual_alias_maps = regexp:{{/^postmaster[0-9]+@/ postmaster}}' && postfix reload"


def received(lab: Lab) -> list[str]:
    """The numbered recipients of what lies in the mailbox."""
    text = lab.on(
        "mx1", "sh", "-c", "grep -rhi '^X-Original-To: ' /home/postmaster/Maildir/new || true"
    )
    return [line.split(": ")[1] for line in text.splitlines()]


def acceptances(lab: Lab, since: str) -> list[float]:
    """When smtpd accepted messages, by the journal of the host."""
    text = lab.on(
        "mx1",
        "sh",
        "-c",
        f"journalctl --since '@{since}' -o short-unix --grep 'client=sender' | grep -v '^-- '",
    )
    return sorted(float(line.split()[0]) for line in text.splitlines())


def longest_pause(stamps: list[float]) -> float:
    """In seconds."""
    return max((later - earlier for earlier, later in itertools.pairwise(stamps)), default=0.0)


def test_no_message_is_lost_or_doubled_while_the_playbook_runs(case1: Lab) -> None:
    case1.on("mx1", "sh", "-c", f"rm -rf /home/postmaster/Maildir; {CATCH_ALL}")
    since = case1.on("mx1", "date", "+%s").strip()
    load = subprocess.Popen(
        [
            *LAB,
            "exec",
            "sender",
            "smtp-source",
            "-N",
            "-s",
            "2",
            "-m",
            str(MESSAGES),
            "-R",
            "1",
            "-f",
            "load@sender.example.test",
            "-t",
            "postmaster@example.test",
            "mx1.example.test:25",
        ],
        env=case1.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    playbook = case1.harden()
    assert playbook.returncode == 0, playbook.stdout
    output = load.communicate(timeout=600)
    assert load.returncode == 0, output
    until(lambda: len(received(case1)) >= MESSAGES, what="every message is in the mailbox")
    doubled = [name for name, count in collections.Counter(received(case1)).items() if count > 1]
    assert doubled == []
    assert len(received(case1)) == MESSAGES
    stamps = acceptances(case1, since)
    changed = float(case1.on("mx1", "stat", "-c", "%.9Y", "/etc/postfix/main.cf"))
    before = [stamp for stamp in stamps if stamp < changed]
    assert len(before) > 10, "the load began too late to say what pauses are usual here"
    assert longest_pause(stamps[len(before) - 1 :]) < RELOAD_SECONDS + longest_pause(before)
