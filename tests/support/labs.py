# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs of tests: started once, called by their command line as a person would, and removed at the end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

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

    @property
    def inventory(self) -> Path:
        return Path(self.run("inventory").strip())

    def run(self, *arguments: str) -> str:
        """What a command of the lab prints; it must succeed."""
        done = subprocess.run(
            [*LAB, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def on(self, host: str, *command: str) -> str:
        """What a command prints on a host."""
        return self.run("exec", host, *command)

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

    def addresses(self) -> dict[str, str]:
        """The address of each host, by name."""
        program = str(Path(sys.executable).with_name("ansible-inventory"))
        command = [program, "-i", str(self.inventory), "--list"]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        variables = json.loads(listing)["_meta"]["hostvars"]
        return {host: str(known["ansible_host"]) for host, known in variables.items()}

    def logged(self, host: str, *words: str, seconds: float = 60.0) -> str:
        """The first line in a host's journal with all the words; fails when none comes in time."""

        def line() -> str:
            log = self.on(host, "journalctl", "--quiet", "--no-pager", "--output=cat")
            found = (line for line in log.splitlines() if all(word in line for word in words))
            return next(found, "")

        return str(until(line, seconds=seconds, what=f"{host} logs {words}"))


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
