# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: the state of case 1 refuses mail on every Debian release, the sound state takes it."""

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
ENVIRONMENT = {**os.environ, "POSTMASTER_LAB": "pmtls-lab"}
SERVERS = ("mx1", "mx-bullseye", "mx-bookworm", "mx-sid")
DEADLINE_SECONDS = 30.0


def lab(*arguments: str) -> str:
    done = subprocess.run(
        [*LAB, *arguments], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def log(host: str) -> str:
    return lab("exec", host, "journalctl", "--quiet", "--no-pager", "--output=cat")


def send(host: str) -> None:
    mail = f"printf 'Subject: lab\\n\\nlab\\n' | sendmail postmaster@{host}.example.test"
    lab("exec", "sender", "sh", "-c", mail)


def wait_for_log(host: str, *words: str) -> str:
    """Return the first line with all the words; fail when none comes in time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        for line in log(host).splitlines():
            if all(word in line for word in words):
                return line
        time.sleep(0.3)
    return pytest.fail(f"{host} logged nothing with {words}")


@pytest.fixture(scope="module", autouse=True)
def running_lab() -> t.Iterator[None]:
    lab("up", "fleet-case1", "--fresh")
    yield
    lab("down")


@pytest.mark.parametrize("host", SERVERS)
def test_case1_refuses_and_the_sound_state_delivers(host: str) -> None:
    send(host)
    wait_for_log(host, "TLS library problem", "no shared cipher")
    wait_for_log("sender", f"@{host}.example.test", "status=deferred", "Cannot start TLS")
    lab("state", host, "clean")
    lab("exec", "sender", "postqueue", "-f")
    wait_for_log("sender", f"@{host}.example.test", "status=sent")
    wait_for_log(host, "TLS connection established from sender", "TLSv1.3")
    assert lab("exec", host, "ls", "/home/postmaster/Maildir/new").strip()


def test_status_shows_every_host() -> None:
    names = {line.split()[0] for line in lab("status").splitlines()}
    assert names == {f"pmtls-lab-{name}" for name in (*SERVERS, "sender")}


def test_no_host_can_leave_the_network() -> None:
    assert "default" not in lab("exec", "mx1", "ip", "route")
