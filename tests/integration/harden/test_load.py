# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail keeps flowing while a server is hardened: none lost, none doubled, none refused, by one master."""

from __future__ import annotations

import collections
import contextlib
import subprocess
import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.hardening import Lab
from ansible_collections.postmaster.tls.tests.support.labs import LAB
from ansible_collections.postmaster.tls.tests.support.standing_still import continued
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab
MESSAGES = 200
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
        f"journalctl --since '@{since}' -o short-unix --grep 'client=sender' | grep -v '^-- ' || true",
    )
    return sorted(float(line.split()[0]) for line in text.splitlines())


def master(lab: Lab) -> str:
    """The process that listens, and when it was started, in ticks since boot: proc_pid_stat(5)."""
    return lab.shell(
        "mx1",
        "read -r pid < /var/spool/postfix/pid/master.pid; echo $pid; cut -d' ' -f22 /proc/$pid/stat",
    )


@contextlib.contextmanager
def load(lab: Lab) -> t.Iterator[None]:
    """Numbered messages over two connections at a time; smtp-source(1) gives up at the first that is refused."""
    options = f"-N -s 2 -m {MESSAGES} -R 1 -f load@sender.example.test -t postmaster@example.test"
    with subprocess.Popen(
        [*LAB, "exec", "sender", "smtp-source", *options.split(), "mx1.example.test:25"],
        env=lab.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as source:
        yield
        output, _nothing = source.communicate(timeout=600)
        assert source.returncode == 0, output


def test_no_message_is_lost_or_doubled_while_the_playbook_changes_the_server(case1: Lab) -> None:
    case1.shell("mx1", f"rm -rf /home/postmaster/Maildir; {CATCH_ALL}")
    since = case1.on("mx1", "date", "+%s").strip()
    before = master(case1)
    with case1.stopped_at("Apply the plan", "harden-mta") as playbook, load(case1):
        until(lambda: len(acceptances(case1, since)) > 10, what="mail flows")
        assert continued(playbook) == 0
    until(lambda: len(received(case1)) >= MESSAGES, what="every message is in the mailbox")
    doubled = [name for name, count in collections.Counter(received(case1)).items() if count > 1]
    assert doubled == []
    assert len(received(case1)) == MESSAGES
    changed = float(case1.on("mx1", "stat", "-c", "%.9Y", "/etc/postfix/main.cf"))
    stamps = acceptances(case1, since)
    assert stamps[0] < changed < stamps[-1]
    assert master(case1) == before, "Postfix was started again; a reload leaves its master running"
