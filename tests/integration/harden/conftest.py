# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab in which the playbook is tried: one mail server in the state of case 1, one sender."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support import labs

FILES = ("/etc/postfix/main.cf", "/etc/postfix/master.cf")


class Lab(labs.Lab):
    """The lab, and what the tests of the playbook do with it."""

    def files(self, host: str = "mx1") -> dict[str, str]:
        return {name: self.on(host, "cat", name) for name in FILES}

    def playbook_argv(self, *arguments: str) -> list[str]:
        binary = Path(sys.executable).with_name("ansible-playbook")
        playbook = labs.CHECKOUT / "playbooks" / "harden-mta.yml"
        return [str(binary), "-i", str(self.inventory), str(playbook), *arguments]

    def playbook(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.playbook_argv(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def start_playbook(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.playbook_argv(*arguments),
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def address(self, host: str = "mx1") -> str:
        return self.on(
            "sender", "sh", "-c", f"getent ahostsv4 {host}.example.test | cut -d' ' -f1"
        ).split()[0]

    def delivers(self, host: str = "mx1") -> bool:
        """Whether a plain sender can hand over a message: read to the last reply."""
        with smtplib.SMTP(self.address(host), timeout=10) as server:
            message = "Subject: still here\r\n\r\nHello\r\n"
            return (
                server.sendmail("test@sender.example.test", "postmaster@example.test", message)
                == {}
            )

    def lock_out(self, host: str = "mx1") -> None:
        """Ends every ssh session of a host and lets none in again."""
        self.on(host, "sh", "-c", "systemctl stop ssh.socket ssh.service; pkill -KILL sshd || true")

    def let_in(self, host: str = "mx1") -> None:
        self.on(host, "systemctl", "start", "ssh.service")

    def finger(self, level: str, host: str = "mx1") -> str:
        """What posttls-finger prints of a connection from the sender, at one security level."""
        return self.on(
            "sender", "sh", "-c", f"posttls-finger -c -l {level} [{self.address(host)}] 2>&1"
        )

    def handshake(self, host: str = "mx1") -> str:
        """Postfix's own client, from the sender: the line that names protocol and cipher."""
        output = self.finger("encrypt", host)
        return next(
            (line for line in output.splitlines() if "TLS connection established" in line), output
        )


@pytest.fixture(scope="session")
def lab() -> t.Iterator[Lab]:
    with labs.running("harden", "case1") as started:
        yield Lab(started.name)


@pytest.fixture
def case1(lab: Lab) -> Lab:
    """mx1 shares no cipher with any modern sender."""
    lab.state("mx1", "clean", "case1")
    return lab


@pytest.fixture
def sound(lab: Lab) -> Lab:
    """mx1 is a sound Postfix that was not hardened yet."""
    lab.state("mx1", "clean")
    return lab
