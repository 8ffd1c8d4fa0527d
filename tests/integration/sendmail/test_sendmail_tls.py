# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook on a Postfix and a sendmail side by side, while a sender has mail for the sendmail."""

from __future__ import annotations

import collections
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support import labs
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab

HOST = "sm-trixie"
MESSAGES = 100
FILES = "/etc/mail/sendmail.mc /etc/mail/sendmail.cf /etc/mail/access /etc/mail/access.db"
LOAD = f"""
for number in $(seq {MESSAGES}); do
    printf 'Subject: load-%s.\\n\\nload\\n' $number | sendmail -f load@sender.example.test postmaster@{HOST}.example.test
    sleep 0.4
done
"""


@pytest.fixture(scope="module")
def lab() -> t.Iterator[labs.Lab]:
    with labs.running("sendmail", "both-case1") as started:
        yield started


def playbook(lab: labs.Lab, *arguments: str) -> str:
    """What the playbook prints; it must succeed."""
    binary = Path(sys.executable).with_name("ansible-playbook")
    path = labs.CHECKOUT / "playbooks" / "harden-mta.yml"
    done = subprocess.run(
        [str(binary), "-i", str(lab.inventory), str(path), *arguments],
        env=lab.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def finger(lab: labs.Lab, host: str) -> str:
    """What Postfix's own client sees from the sender, TLS required."""
    address = lab.addresses()[host]
    return lab.on("sender", "sh", "-c", f"posttls-finger -c -l encrypt [{address}] 2>&1 || true")


def digest(lab: labs.Lab) -> str:
    return lab.on(HOST, "sh", "-c", f"sha256sum {FILES}; stat -c '%n %U:%G %a' {FILES}")


def subjects(lab: labs.Lab) -> collections.Counter[str]:
    """How often each numbered message lies in the mailbox."""
    text = lab.on(
        HOST, "sh", "-c", "grep -rho 'Subject: load-[0-9]*' /home/postmaster/Maildir/new || true"
    )
    return collections.Counter(text.splitlines())


def test_one_of_each_mta_is_hardened_by_its_own_role(lab: labs.Lab) -> None:
    assert "Cannot start TLS" in finger(lab, HOST) or "handshake failure" in finger(lab, HOST)
    playbook(lab)
    for host in ("mx1", HOST):
        assert "TLSv1.3 with cipher" in finger(lab, host)
    second = playbook(lab)
    for host in ("mx1", HOST):
        assert re.search(rf"{host} +: ok=\d+ +changed=0 ", second), second


def test_no_message_is_lost_or_doubled_and_undone_restores_every_byte(lab: labs.Lab) -> None:
    lab.state(HOST, "sendmail")
    before = digest(lab)
    load = subprocess.Popen(
        [*labs.LAB, "exec", "sender", "sh", "-c", LOAD],
        env=lab.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    playbook(lab, "--limit", f"localhost,{HOST}")
    assert load.wait(timeout=300) == 0
    assert digest(lab) != before
    lab.on("sender", "postqueue", "-f")
    until(lambda: len(subjects(lab)) == MESSAGES, seconds=180, what="every message arrived")
    assert set(subjects(lab).values()) == {1}
    playbook(lab, "--limit", f"localhost,{HOST}", "-e", "sendmail_tls_state=undone")
    assert digest(lab) == before
    assert "with cipher" in finger(lab, HOST)
