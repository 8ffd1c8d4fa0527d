# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs of tests: started once, called by their command line as a person would, and removed at the end."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support.standing_still import stopped_at
from ansible_collections.postmaster.tls.tests.support.waiting import until
from mtalab.paths import lab_name

CHECKOUT = Path(__file__).resolve().parents[2]
LAB = (sys.executable, str(CHECKOUT / "tests" / "lab" / "lab.py"))


@dataclass(frozen=True)
class Lab:
    """A lab of a name; C(inventory) is there as soon as it was started."""

    name: str

    @property
    def environment(self) -> dict[str, str]:
        """What Ansible and the lab's command are started with."""
        return {
            **os.environ,
            "POSTMASTER_LAB": self.name,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
        }

    @functools.cached_property
    def inventory(self) -> Path:
        return Path(self.run("inventory").strip())

    def run(self, *arguments: str) -> str:
        """What a command of the lab prints; it must succeed."""
        done = subprocess.run(
            [*LAB, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def on(self, host: str, *command: str) -> str:
        """What a command prints on a host."""
        return self.run("exec", host, *command)

    def shell(self, host: str, script: str) -> str:
        """What a line of shell prints on a host."""
        return self.on(host, "sh", "-c", script)

    def state(self, host: str, *names: str) -> None:
        """Put a host into states."""
        self.run("state", host, *names)

    def asked(self, pattern: str, module: str, *arguments: str) -> dict[str, dict[str, t.Any]]:
        """What `ansible PATTERN -m MODULE` gets from each host; it must succeed, and tell no private key."""
        program = str(Path(sys.executable).with_name("ansible"))
        with tempfile.TemporaryDirectory() as tree:
            argv = [program, pattern, "-i", str(self.inventory), "-m", module, "--tree", tree]
            done = subprocess.run(
                [*argv, *arguments],
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=600,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert "PRIVATE KEY" not in done.stdout + done.stderr
            return {path.name: json.loads(path.read_text()) for path in Path(tree).iterdir()}

    def playbook_argv(self, name: str, *arguments: str) -> list[str]:
        """The command of a playbook of this collection."""
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        playbook = CHECKOUT / "playbooks" / f"{name}.yml"
        return [program, "-i", str(self.inventory), str(playbook), *arguments]

    def playbook(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A playbook that was run to its end, whatever that is."""
        return subprocess.run(
            self.playbook_argv(name, *arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )

    def stopped_at(
        self, task: str, name: str, *arguments: str
    ) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
        """A playbook that stands still where it would begin with a task, until it is continued or killed."""
        return stopped_at(task, self.playbook_argv(name, *arguments), self.environment)

    def addresses(self) -> dict[str, str]:
        """The address of each host, by name."""
        program = str(Path(sys.executable).with_name("ansible-inventory"))
        command = [program, "-i", str(self.inventory), "--list"]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        variables = json.loads(listing)["_meta"]["hostvars"]
        return {host: str(known["ansible_host"]) for host, known in variables.items()}

    def log(self, host: str, *, since: str = "") -> str:
        """The journal of a host, all of it or since an epoch."""
        begin = [f"--since=@{since}"] if since else []
        return self.on(host, "journalctl", "--quiet", "--no-pager", "--output=cat", *begin)

    def logged(self, host: str, *words: str, since: str = "") -> str:
        """The first line in a host's journal with all the words; fails when none comes in time."""

        def line() -> str:
            lines = self.log(host, since=since).splitlines()
            return next((line for line in lines if all(word in line for word in words)), "")

        return str(until(line, what=f"{host} logs {words}"))


@contextlib.contextmanager
def running(purpose: str, scenario: str) -> t.Iterator[Lab]:
    """A fresh lab of a scenario, named after the purpose; it ends with the context, also where it did not start."""
    lab = Lab(f"{lab_name()}-{purpose}")
    try:
        lab.run("up", scenario, "--fresh")
        yield lab
    finally:
        lab.run("down")


__all__ = ["CHECKOUT", "LAB", "Lab", "running"]
