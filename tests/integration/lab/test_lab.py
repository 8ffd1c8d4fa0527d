# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: the state of case 1 refuses mail on every Debian release, the sound state takes it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.labs import Lab, running

pytestmark = pytest.mark.lab

SERVERS = ("mx1", "mx-bullseye", "mx-bookworm", "mx-sid")


@pytest.fixture(scope="module")
def lab() -> t.Iterator[Lab]:
    with running("lab", "fleet-case1") as fleet:
        yield fleet


@pytest.mark.parametrize("host", SERVERS)
def test_case1_refuses_and_the_sound_state_delivers(lab: Lab, host: str) -> None:
    mail = f"printf 'Subject: lab\\n\\nlab\\n' | sendmail postmaster@{host}.example.test"
    lab.on("sender", "sh", "-c", mail)
    lab.logged(host, "TLS library problem", "no shared cipher")
    lab.logged("sender", f"@{host}.example.test", "status=deferred", "Cannot start TLS")
    lab.state(host, "clean")
    lab.on("sender", "postqueue", "-f")
    lab.logged("sender", f"@{host}.example.test", "status=sent")
    lab.logged(host, "TLS connection established from sender", "TLSv1.3")
    assert lab.on(host, "ls", "/home/postmaster/Maildir/new").strip()


def test_status_shows_every_host(lab: Lab) -> None:
    names = {line.split()[0] for line in lab.run("status").splitlines()}
    assert names == {f"{lab.name}-{name}" for name in (*SERVERS, "sender")}


def test_no_host_can_leave_the_network(lab: Lab) -> None:
    assert "default" not in lab.on("mx1", "ip", "route")
