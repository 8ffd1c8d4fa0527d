# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real sendmail of every Debian release: the state of case 1 refuses mail, the sound state takes it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab

LAB = [sys.executable, str(Path(__file__).resolve().parents[2] / "lab" / "lab.py")]
ENVIRONMENT = {**os.environ, "POSTMASTER_LAB": "pmtls-lab-sm"}
SERVERS = ("sm-bullseye", "sm-bookworm", "sm-trixie", "sm-sid")
PORTS = {"25", "465", "587"}


def lab(*arguments: str) -> str:
    done = subprocess.run(
        [*LAB, *arguments], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_for_log(host: str, *words: str) -> str:
    """Return the first line with all the words; fail when none comes in time."""
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        log = lab("exec", host, "journalctl", "--quiet", "--no-pager", "--output=cat")
        for line in log.splitlines():
            if all(word in line for word in words):
                return line
        time.sleep(0.3)
    return pytest.fail(f"{host} logged nothing with {words}")


@pytest.fixture(scope="module", autouse=True)
def running_lab() -> t.Iterator[None]:
    lab("up", "sendmail-case1", "--fresh")
    yield
    lab("down")


@pytest.mark.parametrize("host", SERVERS)
def test_case1_refuses_and_the_sound_state_delivers(host: str) -> None:
    mail = f"printf 'Subject: lab\\n\\nlab\\n' | sendmail postmaster@{host}.example.test"
    lab("exec", "sender", "sh", "-c", mail)
    wait_for_log(host, "STARTTLS=server, error: accept failed", "reason=no shared cipher")
    wait_for_log("sender", f"@{host}.example.test", "status=deferred", "Cannot start TLS")
    lab("state", host, "sendmail")
    lab("exec", "sender", "postqueue", "-f")
    wait_for_log("sender", f"@{host}.example.test", "status=sent")
    wait_for_log(host, "STARTTLS=server, relay=sender.example.test", "version=TLSv1.3")
    assert lab("exec", host, "ls", "/home/postmaster/Maildir/new").strip()


@pytest.mark.parametrize("host", SERVERS)
def test_it_listens_for_the_lab_and_sends_its_whole_chain(host: str) -> None:
    listing = lab("exec", host, "ss", "-Hltn", "( sport = 25 or sport = 465 or sport = 587 )")
    assert {line.split()[3].rsplit(":", 1)[1] for line in listing.splitlines()} == PORTS
    lab("state", host, "sendmail")
    authority = "/etc/mail/tls/lab-ca.crt"
    client = f"openssl s_client -starttls smtp -connect 127.0.0.1:25 -CAfile {authority} -brief"
    assert "Verification: OK" in lab("exec", host, "sh", "-c", f"{client} </dev/null 2>&1")
