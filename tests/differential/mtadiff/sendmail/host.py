# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers in which sendmail runs with the configurations, without a network."""

from __future__ import annotations

import contextlib
import json
import typing as t

from mtalab import images
from mtalab.engine import Podman, working_podman

from mtadiff.configuration import Told
from mtadiff.host import CHECKOUT, SECONDS_FOR_EACH, TREE
from mtadiff.sendmail import materials
from mtadiff.sendmail.configuration import FIRST_PORT, Configuration


def podman_for(releases: t.Sequence[str]) -> Podman:
    """Return a podman that has the images of these releases."""
    plain = Podman()
    images.ensure(plain, releases)
    return working_podman(plain, images.recipe_of(releases[0]).image)


class Host:
    """One container of a release; `judge` may be called again and again."""

    def __init__(self, podman: Podman, container: str) -> None:
        self._podman = podman
        self.container = container

    def judge(self, configurations: t.Sequence[Configuration], *, deep: bool = True) -> list[Told]:
        """Return {predicted, seen} for each configuration, in order; a deep look is also for signatures and features."""
        tasks = [one.task(port) for port, one in enumerate(configurations, FIRST_PORT)]
        script = f"{TREE}/tests/differential/mtadiff/sendmail/inside.py"
        path = f"--env=PYTHONPATH=/driver:{TREE}/tests/differential"
        inside = ("exec", "--interactive", path, self.container, "nice", "python3", "-B", script)
        limit = 60 + SECONDS_FOR_EACH * len(configurations)
        told = self._podman(
            *inside, stdin=json.dumps({"tasks": tasks, "deep": deep}).encode(), timeout=limit
        )
        return t.cast("list[Told]", json.loads(told))

    @property
    def pid(self) -> int:
        """The process whose network namespace the container has."""
        template = "{{.State.Pid}}"
        return int(self._podman("inspect", "--format", template, self.container))


@contextlib.contextmanager
def host_of(podman: Podman, release: str, *, prefix: str) -> t.Iterator[Host]:
    """Start a container of a release with everything that configurations refer to; remove it at the end."""
    name = f"{prefix}-{release}"
    volume = f"--volume={CHECKOUT}:{TREE}:ro"
    image = images.recipe_of(release).image
    start = ("run", "--detach", "--replace", f"--name={name}", "--network=none", volume, "--init")
    podman(*start, image, "sleep", "7200")
    try:
        podman("exec", name, "sh", "-euc", materials.setup_script())
        yield Host(podman, name)
    finally:
        podman("rm", "--force", "--time=1", name)
