# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers in which Postfix runs with the configurations, without a network."""

from __future__ import annotations

import contextlib
import json
import typing as t
from pathlib import Path

from mtalab import images
from mtalab.engine import Podman, working_podman

from mtadiff import keys, materials
from mtadiff.configuration import FIRST_PORT, Configuration, Told, master_cf

CHECKOUT = Path(__file__).resolve().parents[3]
TREE = "/driver/ansible_collections/postmaster/tls"
LOAD = """
postfix stop >/dev/null 2>&1 || true
cat /etc/postfix/master.cf.base - > /etc/postfix/master.cf
postfix start >/dev/null 2>&1
"""
#: Nothing that a healthy host does takes that long, however busy the machine is.
SECONDS_FOR_EACH = 120


def podman_for(releases: t.Sequence[str]) -> Podman:
    """Return a podman that has the images of these releases."""
    plain = Podman()
    images.ensure(plain, releases)
    return working_podman(plain, images.recipe_of(releases[0]).image)


class Container:
    """One container of a release."""

    def __init__(self, podman: Podman, container: str) -> None:
        self._podman = podman
        self.container = container

    @property
    def pid(self) -> int:
        """The process whose network namespace the container has."""
        template = "{{.State.Pid}}"
        return int(self._podman("inspect", "--format", template, self.container))


class Host(Container):
    """Postfix in a container of a release; `load` and `judge` may be called again and again."""

    def load(self, configurations: t.Sequence[Configuration]) -> None:
        """Start an smtpd of each configuration, on one port after the other."""
        load = ("exec", "--interactive", self.container, "sh", "-euc", LOAD)
        self._podman(*load, stdin=master_cf(configurations).encode())

    def judge(self, configurations: t.Sequence[Configuration], *, deep: bool = True) -> list[Told]:
        """Return {predicted, seen} for each configuration, in order; a deep look is also for signatures and features."""
        self.load(configurations)
        last = FIRST_PORT + len(configurations) - 1
        script = f"{TREE}/tests/differential/mtadiff/inside.py"
        path = f"--env=PYTHONPATH=/driver:{TREE}/tests/differential"
        inside = ("exec", path, self.container, "nice", "python3", "-B")
        limit = 600 + SECONDS_FOR_EACH * len(configurations)
        words = (script, f"{FIRST_PORT}-{last}", "deep" if deep else "suites")
        told = json.loads(self._podman(*inside, *words, timeout=limit))["ports"]
        return [told[str(port)] for port in range(FIRST_PORT, last + 1)]


@contextlib.contextmanager
def container_of(podman: Podman, release: str, *, prefix: str, setup: str) -> t.Iterator[str]:
    """Start a container of a release, without a network, run the script of its setup, and remove it at the end."""
    name = f"{prefix}-{release}"
    volume = f"--volume={CHECKOUT}:{TREE}:ro"
    made = f"--volume={keys.kept(podman, release)}:{materials.MADE}:ro"
    start = ("run", "--detach", "--replace", f"--name={name}", "--network=none", volume, made)
    podman(*start, "--init", images.recipe_of(release).image, "sleep", "7200")
    try:
        podman("exec", name, "sh", "-euc", setup)
        yield name
    finally:
        podman.remove(name)


@contextlib.contextmanager
def host_of(podman: Podman, release: str, *, prefix: str) -> t.Iterator[Host]:
    """Start a container of a release with everything that configurations refer to; remove it at the end."""
    setup = materials.setup_script()
    with container_of(podman, release, prefix=prefix, setup=setup) as name:
        yield Host(podman, name)
