# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The labs themselves: on every Debian release, the state of case 1 refuses mail and the sound state takes it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import pytest
from ansible_collections.postmaster.tls.tests.support.labs import Lab, running

pytestmark = pytest.mark.lab


RELEASES = ("bullseye", "bookworm", "trixie", "sid")


@dataclass(frozen=True)
class Fleet:
    """A lab with one MTA of every release: its scenario, its sound state, and the words of its log for both states."""

    purpose: str
    scenario: str
    servers: dict[str, str]
    sound: str
    refuses: tuple[str, ...]
    takes: tuple[str, ...]
    authority: str


POSTFIX = Fleet(
    purpose="lab",
    scenario="fleet-case1",
    servers={release: f"mx-{release}" for release in RELEASES} | {"trixie": "mx1"},
    sound="clean",
    refuses=("TLS library problem", "no shared cipher"),
    takes=("TLS connection established from sender", "TLSv1.3"),
    authority="/etc/postfix/tls/lab-ca.crt",
)
SENDMAIL = Fleet(
    purpose="lab-sm",
    scenario="sendmail-case1",
    servers={release: f"sm-{release}" for release in RELEASES},
    sound="sendmail",
    refuses=("STARTTLS=server, error: accept failed", "reason=no shared cipher"),
    takes=("STARTTLS=server, relay=sender.example.test", "version=TLSv1.3"),
    authority="/etc/mail/tls/lab-ca.crt",
)
EVERY_RELEASE = pytest.mark.parametrize("release", RELEASES)


@pytest.fixture(scope="module", params=[POSTFIX, SENDMAIL], ids=["postfix", "sendmail"])
def fleet(request: pytest.FixtureRequest) -> t.Iterator[tuple[Fleet, Lab]]:
    with running(request.param.purpose, request.param.scenario) as lab:
        yield request.param, lab


@EVERY_RELEASE
def test_case1_refuses_and_the_sound_state_delivers(fleet: tuple[Fleet, Lab], release: str) -> None:
    known, lab = fleet
    host = known.servers[release]
    recipient = f"postmaster@{host}.example.test"
    lab.shell("sender", f"printf 'Subject: lab\\n\\nlab\\n' | sendmail {recipient}")
    lab.logged(host, *known.refuses)
    lab.logged("sender", recipient, "status=deferred", "Cannot start TLS")
    lab.state(host, known.sound)
    lab.on("sender", "postqueue", "-f")
    lab.logged("sender", recipient, "status=sent")
    lab.logged(host, *known.takes)
    assert lab.on(host, "ls", "/home/postmaster/Maildir/new").strip()


@EVERY_RELEASE
def test_it_listens_for_the_lab_and_sends_its_whole_chain(
    fleet: tuple[Fleet, Lab], release: str
) -> None:
    known, lab = fleet
    host = known.servers[release]
    listing = lab.on(host, "ss", "-Hltn", "( sport = 25 or sport = 465 or sport = 587 )")
    ports = {line.split()[3].rsplit(":", 1)[1] for line in listing.splitlines()}
    assert ports == {"25", "465", "587"}
    lab.state(host, known.sound)
    client = f"openssl s_client -starttls smtp -connect 127.0.0.1:25 -CAfile {known.authority}"
    assert "Verification: OK" in lab.shell(host, f"{client} -brief </dev/null 2>&1")


def test_status_shows_every_host(fleet: tuple[Fleet, Lab]) -> None:
    known, lab = fleet
    names = {line.split()[0] for line in lab.run("status").splitlines()}
    assert names == {f"{lab.name}-{name}" for name in (*known.servers.values(), "sender")}


def test_no_host_can_leave_the_network(fleet: tuple[Fleet, Lab]) -> None:
    known, lab = fleet
    for host in (*known.servers.values(), "sender"):
        assert "default" not in lab.on(host, "ip", "route")
