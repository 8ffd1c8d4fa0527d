# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers in which sendmail runs with the configurations, without a network."""

from __future__ import annotations

import contextlib
import json
import typing as t

from mtalab.engine import Podman

from mtadiff.configuration import Told
from mtadiff.host import SECONDS_FOR_EACH, TREE, Container, container_of
from mtadiff.sendmail import materials
from mtadiff.sendmail.configuration import FIRST_PORT, Configuration


class Host(Container):
    """sendmail in a container of a release; `load` and `judge` may be called again and again."""

    def load(self, configurations: t.Sequence[Configuration]) -> None:
        """Start a daemon of each configuration, on one port after the other."""
        self._told(configurations, "")

    def judge(self, configurations: t.Sequence[Configuration], *, deep: bool = True) -> list[Told]:
        """Return {predicted, seen} for each configuration, in order; a deep look is also for signatures and features."""
        return self._told(configurations, "deep" if deep else "suites")

    def _told(self, configurations: t.Sequence[Configuration], look: str) -> list[Told]:
        tasks = [one.task(port) for port, one in enumerate(configurations, FIRST_PORT)]
        script = f"{TREE}/tests/differential/mtadiff/sendmail/inside.py"
        path = f"--env=PYTHONPATH=/driver:{TREE}/tests/differential"
        inside = ("exec", "--interactive", path, self.container, "nice", "python3", "-B", script)
        limit = 600 + SECONDS_FOR_EACH * len(configurations)
        asked = json.dumps({"tasks": tasks, "look": look}).encode()
        told = self._podman(*inside, stdin=asked, timeout=limit)
        return t.cast("list[Told]", json.loads(told))


@contextlib.contextmanager
def host_of(podman: Podman, release: str, *, prefix: str) -> t.Iterator[Host]:
    """Start a container of a release with everything that configurations refer to; remove it at the end."""
    setup = materials.setup_script()
    with container_of(podman, release, prefix=prefix, setup=setup) as name:
        yield Host(podman, name)
