# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab whose mail servers are hardened by the playbook, and what a sender sees of them."""

from __future__ import annotations

import json
import smtplib
import subprocess
import typing as t
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support import labs
from ansible_collections.postmaster.tls.tests.support.standing_still import continued, killed
from ansible_collections.postmaster.tls.tests.support.waiting import until
from mtalab.engine import Podman, working_podman
from mtalab.hosts import container_name, wait_ready
from mtalab.images import recipe_of
from mtalab.scenarios import HOSTS

POSTFIX_FILES = ("/etc/postfix/main.cf", "/etc/postfix/master.cf")
SENDMAIL_FILES = tuple(
    f"/etc/mail/{name}" for name in ("sendmail.mc", "sendmail.cf", "access", "access.db")
)


class Lab(labs.Lab):
    """The lab, and what the tests of the playbook do with it."""

    def files(self, host: str = "mx1") -> dict[str, str]:
        """The text of the files of a Postfix."""
        return {name: self.on(host, "cat", name) for name in POSTFIX_FILES}

    def digest(self, host: str) -> str:
        """Digests, owners and modes of the files of a sendmail."""
        names = " ".join(SENDMAIL_FILES)
        return self.on(host, "sh", "-c", f"sha256sum {names}; stat -c '%n %U:%G %a' {names}")

    def harden(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.playbook("harden-mta", *arguments)

    def address(self, host: str = "mx1") -> str:
        return self.on(
            "sender", "sh", "-c", f"getent ahostsv4 {host}.example.test | cut -d' ' -f1"
        ).split()[0]

    def delivers(self, host: str = "mx1") -> bool:
        """Whether a plain sender can hand over a message: read to the last reply."""
        message = "Subject: still here\r\n\r\nHello\r\n"
        recipient = f"postmaster@{host}.example.test"
        try:
            with smtplib.SMTP(self.address(host), timeout=60) as server:
                return server.sendmail("test@sender.example.test", recipient, message) == {}
        except (OSError, smtplib.SMTPException):
            return False

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


Cut = t.Callable[[Lab, str, "subprocess.Popen[bytes]"], None]
#: The first task after the plan is applied and the MTA has reloaded.
APPLIED = "See that the host has not restored itself in the meantime"

#: What the role would apply, but not before the host has restored itself.
LATE = """
- name: Stand still until the host has restored itself
  ansible.builtin.wait_for:
    path: /var/lib/postmaster-tls/checkpoints/{{ proved_change_name }}/outcome.json
    search_regex: '"reason": "timeout"'
    timeout: 600

- name: Go on
  ansible.builtin.include_tasks: "{{ proved_change_path }}/tasks/apply.yml"
"""


def kill_controller(_lab: Lab, _host: str, playbook: subprocess.Popen[bytes]) -> None:
    killed(playbook)


def cut_connection(lab: Lab, host: str, playbook: subprocess.Popen[bytes]) -> None:
    lab.lock_out(host)
    assert continued(playbook) != 0


def interrupted(
    lab: Lab, host: str, cut: Cut, look: t.Callable[[], t.Any], *arguments: str
) -> None:
    """Starts the playbook, cuts between apply and confirm, and waits until the host is as before; look() says how it is."""
    before = look()
    try:
        with lab.stopped_at(APPLIED, "harden-mta", *arguments) as playbook:
            assert look() != before, "restored before the cut: the test proves nothing"
            cut(lab, host, playbook)
        until(lambda: look() == before, what="the host restores itself")
    finally:
        lab.let_in(host)


def rebooted(lab: Lab, host: str, look: t.Callable[[], t.Any], *arguments: str) -> dict[str, t.Any]:
    """Starts the playbook, and the host anew between apply and confirm; what the checkpoint did at boot."""
    before = look()
    podman = working_podman(Podman(), recipe_of(HOSTS[host].recipe).image)
    with lab.stopped_at(APPLIED, "harden-mta", *arguments) as playbook:
        assert look() != before
        podman.restart(container_name(lab.name, HOSTS[host]))
        wait_ready(podman, container_name(lab.name, HOSTS[host]))
        assert continued(playbook) != 0
    assert look() == before
    outcome = f"/var/lib/postmaster-tls/checkpoints/{HOSTS[host].mta}/outcome.json"
    return t.cast("dict[str, t.Any]", json.loads(lab.on(host, "cat", outcome)))


def late(lab: Lab, look: t.Callable[[], t.Any], tasks: Path, *arguments: str) -> str:
    """Starts the playbook, whose change arrives after the host has restored itself; what is said of that, the host is as before.

    The tasks that wait for that in front of those of the role are written to a file.
    """
    before = look()
    tasks.write_text(LATE)
    done = lab.playbook("harden-mta", *arguments, "-e", f"proved_change_apply={tasks}")
    assert done.returncode == 2, done.stdout
    assert look() == before
    return " ".join(done.stdout.split())


__all__ = [
    "POSTFIX_FILES",
    "SENDMAIL_FILES",
    "Cut",
    "Lab",
    "cut_connection",
    "interrupted",
    "kill_controller",
    "late",
    "rebooted",
]
