# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away containers in which a module is run for real, without ssh: the checkout is mounted into them."""

from __future__ import annotations

import json
import subprocess
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import ansible
from mtalab import images
from mtalab.engine import Podman

CHECKOUT = Path(__file__).resolve().parents[2]
# Runs a module in the container as it would run there by Ansible: the arguments come by standard input.
DRIVER = """
import importlib, json, sys
sys.dont_write_bytecode = True
sys.path[:0] = ["/driver", "/driver/tree"]
from ansible.module_utils.testing import patch_module_args
module = importlib.import_module("ansible_collections.postmaster.tls.plugins.modules." + sys.argv[1])
with patch_module_args(json.load(sys.stdin)):
    module.main()
"""


@dataclass(frozen=True)
class Box:
    """One container. C(module) returns what the module printed, C(sh) what the shell printed."""

    podman: Podman
    name: str
    suite: str

    def module(
        self, name: str, *, check: bool = False, user: str = "root", **arguments: t.Any
    ) -> dict[str, t.Any]:
        payload = {**arguments, "_ansible_check_mode": check, "_ansible_diff": True}
        python = ("python3", "-I", "-c", DRIVER, name)
        argv = self.podman.argv("exec", "-i", f"--user={user}", self.name, *python)
        done = subprocess.run(
            argv, input=json.dumps(payload).encode(), capture_output=True, check=False, timeout=300
        )
        assert done.stdout, done.stderr.decode()
        return t.cast("dict[str, t.Any]", json.loads(done.stdout))

    def facts(self, **arguments: t.Any) -> dict[str, t.Any]:
        """What mta_tls_facts finds, as it leaves the host."""
        found = self.module("mta_tls_facts", **arguments)
        assert "found" in found, found
        return t.cast("dict[str, t.Any]", json.loads(found["found"])[0])

    def sh(self, script: str) -> str:
        return self.podman.exec(self.name, script)

    def read(self, path: str) -> str:
        return self.sh(f"cat {path}")

    def put(self, path: str, text: str) -> None:
        argv = self.podman.argv("exec", "-i", self.name, "sh", "-c", f"cat > {path}")
        subprocess.run(argv, input=text.encode(), check=True)

    def restart(self) -> None:
        """Reboot: every process ends, /run is emptied, and the init starts again."""
        self.podman.restart(self.name)
        time.sleep(1)


def started(podman: Podman, name: str, recipe: str, *options: str, command: str) -> Box:
    """Start a container from an image of the lab; it has no network."""
    libraries = Path(ansible.__file__).parent
    podman(
        *("run", "--detach", "--replace", f"--name={name}", "--hostname=mx.example.test"),
        *("--network=none", "--stop-timeout=2", *options),
        f"--volume={libraries}:/driver/ansible:ro",
        f"--volume={CHECKOUT}:/driver/tree/ansible_collections/postmaster/tls:ro",
        images.recipe_of(recipe).image,
        *command.split(),
    )
    return Box(podman, name, recipe.partition("-")[0])


__all__ = ["CHECKOUT", "DRIVER", "Box", "started"]
