# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman, with a configuration of its own only where the machine's default cannot start a container."""

from __future__ import annotations

import hashlib
import os
import resource
import time
import typing as t
from pathlib import Path

from mtalab.console import attempt, run, say
from mtalab.errors import LabError
from mtalab.paths import alone, cache_dir

RUNC = '[engine]\nruntime = "runc"\n'
LOW_LIMITS = (
    '[containers]\ndefault_ulimits = ["nofile={nofile}:{nofile}", "nproc={nproc}:{nproc}"]\n'
)
ONE_TREE = Path("/sys/fs/cgroup/cgroup.controllers")
DEFAULT = "# podman's own configuration works here\n"


class Podman:
    """Calls podman(1), with the environment that starts containers on this machine."""

    def __init__(self, *, env: t.Mapping[str, str] | None = None) -> None:
        self.env = dict(env or os.environ)

    def __call__(self, *arguments: str, stdin: bytes = b"", timeout: float = 300) -> str:
        """Run a podman command and return its output; raise LabError if it fails."""
        return run(self.argv(*arguments), stdin=stdin, timeout=timeout)

    def argv(self, *arguments: str) -> list[str]:
        """Return the full command, independent of the caller's environment."""
        conf = self.env.get("CONTAINERS_CONF")
        prefix = ["env", f"CONTAINERS_CONF={conf}"] if conf else []
        return [*prefix, "podman", *arguments]

    def exec(self, container: str, script: str, *arguments: str, timeout: float = 120) -> str:
        """Run a shell script inside a container and return its standard output."""
        shell = ("exec", "--interactive", container, "sh", "-eu", "-s", "--", *arguments)
        return self(*shell, stdin=script.encode(), timeout=timeout)

    def exists(self, kind: str, name: str) -> bool:
        """Tell whether podman has a container, image or network of this name."""
        return attempt(self.argv(kind, "exists", name)).returncode == 0

    def remove(self, *names: str) -> None:
        """End and remove containers."""
        self._ending("rm", "--force", "--ignore", "--time=1", *names)

    def restart(self, name: str) -> None:
        """End every process of a container and start its init again."""
        self._ending("restart", "--time=3", name)

    def _ending(self, *arguments: str) -> None:
        """Podman can stumble over a container that ends at that moment, and then succeeds the next time."""
        for tries_left in (2, 1, 0):
            try:
                self(*arguments)
            except LabError:
                if not tries_left:
                    raise
                time.sleep(1)
            else:
                return


def is_rootless() -> bool:
    """Tell whether podman runs without root, so that the host has no address in the lab."""
    return os.geteuid() != 0


def cgroup2_beside_v1() -> Path | None:
    """Return the cgroup2 hierarchy of a hybrid machine, or None where /sys/fs/cgroup is one tree."""
    hybrid = Path("/sys/fs/cgroup/unified")
    return hybrid if not ONE_TREE.exists() and (hybrid / "cgroup.procs").exists() else None


def working_podman(podman: Podman, image: str) -> Podman:
    """Return a podman that really starts a container of this image, chosen by trying.

    The choice is remembered in the cache for as long as podman, the cgroups and the limits stay
    the same. Nothing outside the cache is written.
    """
    if is_rootless() and not ONE_TREE.exists():
        raise LabError("Without root, the lab needs cgroups v2, which this machine does not use.")
    remembered = _remembered(podman)
    with alone("engine"):
        if not remembered.is_file():
            _try_configurations(podman, image, remembered)
    return _with_configuration(podman, remembered)


def _try_configurations(podman: Podman, image: str, remembered: Path) -> None:
    """Write the first configuration with which a container starts; nobody finds one that does not."""
    trial = ("run", "--rm", "--network=none", "--systemd=always", image, "/bin/true")
    partial = remembered.with_suffix(".trial")
    complaints = []
    for text in _configurations():
        partial.write_text(text)
        done = attempt(_with_configuration(podman, partial).argv(*trial), timeout=300)
        if done.returncode == 0:
            partial.replace(remembered)
            say(f"podman starts containers here ({remembered})")
            return
        complaints.append(done.stderr.decode(errors="replace").strip().splitlines()[-1:])
    raise LabError(f"podman cannot start a container on this machine; it says: {complaints[0]}.")


def _configurations() -> t.Iterator[str]:
    yield DEFAULT
    nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    nproc = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    limits = LOW_LIMITS.format(nofile=_at_most(20000, nofile), nproc=_at_most(4096, nproc))
    yield from (limits, RUNC, RUNC + limits)


def _at_most(wanted: int, limit: int) -> int:
    return wanted if limit == resource.RLIM_INFINITY else min(wanted, limit)


def _remembered(podman: Podman) -> Path:
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    seen = [line for line in mounts if " /sys/fs/cgroup" in line]
    seen += [run(["podman", "--version"]), podman.env.get("CONTAINERS_CONF", "")]
    seen += [
        str(resource.getrlimit(kind)) for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC)
    ]
    digest = hashlib.sha256("\n".join(seen).encode()).hexdigest()[:12]
    directory = cache_dir() / "engine"
    directory.mkdir(exist_ok=True)
    return directory / f"containers-{digest}.conf"


def _with_configuration(podman: Podman, conf: Path) -> Podman:
    if conf.read_text() == DEFAULT:
        return podman
    return Podman(env={**podman.env, "CONTAINERS_CONF": str(conf)})
