# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real sendmail of every Debian release: the state of case 1 refuses mail, the sound state takes it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.labs import Lab, running

pytestmark = pytest.mark.lab

SERVERS = ("sm-bullseye", "sm-bookworm", "sm-trixie", "sm-sid")
PORTS = {"25", "465", "587"}


@pytest.fixture(scope="module")
def lab() -> t.Iterator[Lab]:
    with running("lab-sm", "sendmail-case1") as fleet:
        yield fleet


@pytest.mark.parametrize("host", SERVERS)
def test_case1_refuses_and_the_sound_state_delivers(lab: Lab, host: str) -> None:
    mail = f"printf 'Subject: lab\\n\\nlab\\n' | sendmail postmaster@{host}.example.test"
    lab.on("sender", "sh", "-c", mail)
    lab.logged(host, "STARTTLS=server, error: accept failed", "reason=no shared cipher")
    lab.logged("sender", f"@{host}.example.test", "status=deferred", "Cannot start TLS")
    lab.state(host, "sendmail")
    lab.on("sender", "postqueue", "-f")
    lab.logged("sender", f"@{host}.example.test", "status=sent")
    lab.logged(host, "STARTTLS=server, relay=sender.example.test", "version=TLSv1.3")
    assert lab.on(host, "ls", "/home/postmaster/Maildir/new").strip()


@pytest.mark.parametrize("host", SERVERS)
def test_it_listens_for_the_lab_and_sends_its_whole_chain(lab: Lab, host: str) -> None:
    listing = lab.on(host, "ss", "-Hltn", "( sport = 25 or sport = 465 or sport = 587 )")
    assert {line.split()[3].rsplit(":", 1)[1] for line in listing.splitlines()} == PORTS
    lab.state(host, "sendmail")
    authority = "/etc/mail/tls/lab-ca.crt"
    client = f"openssl s_client -starttls smtp -connect 127.0.0.1:25 -CAfile {authority} -brief"
    assert "Verification: OK" in lab.on(host, "sh", "-c", f"{client} </dev/null 2>&1")
