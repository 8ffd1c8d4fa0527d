# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail servers in containers that share one network with nothing but a loopback interface: no packet can leave it.

Every server has an address of its own in 127.0.0.0/8, so each can have port 25. A client joins by B(inside).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support import park_keys
from mtalab import engine, images

LAB_IMAGE = "localhost/postmaster-tls-lab"
IMAGE = "localhost/postmaster-tls-park"
HOST_NAME = "mail.park.example"
_READY_SECONDS = 240.0
_INSTALL = (
    "RUN mkdir -p /usr/share/man/man1 && apt-get update -q -o Acquire::Check-Valid-Until=false"
    " && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends {packages}"
    " && apt-get clean\n"
)


class ParkError(Exception):
    """Why the servers cannot be started, as one sentence."""


@dataclass(frozen=True)
class Image:
    """A Debian release of the lab, with packages on top."""

    suite: str
    packages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{IMAGE}:{self.suite}-{self.packages[0]}" if self.packages else self.lab

    @property
    def lab(self) -> str:
        return f"{LAB_IMAGE}:{self.suite}"


@dataclass(frozen=True)
class Container:
    """What runs in one container: a shell script, and the sockets (address, port) that it listens to when it is ready."""

    name: str
    image: Image
    script: str
    listens: tuple[tuple[str, int], ...]


class Park:
    """Starts containers and ends them; C(prefix) begins the names of all that belong to it."""

    def __init__(self, prefix: str) -> None:
        if os.geteuid():
            raise ParkError("The servers listen to port 25 and need root: run it as root.")
        if not shutil.which("podman"):
            raise ParkError("podman is not installed: run `make venv`.")
        self.prefix = prefix
        self.directory = Path(tempfile.mkdtemp(prefix=f"{prefix}-"))
        self.directory.chmod(0o755)
        self.keys = park_keys.make(self.directory / "keys", HOST_NAME)
        self._podman = engine.Podman()
        self._names: list[str] = []
        self.pid = 0

    def __enter__(self) -> t.Self:
        try:
            images.ensure(self._podman, ["bookworm"])
            self._podman = engine.working_podman(self._podman, f"{LAB_IMAGE}:bookworm")
            self._run("net", f"{LAB_IMAGE}:bookworm", "none", "exec sleep infinity", ())
        except BaseException:
            self.__exit__()
            raise
        self.pid = self.pid_of("net")
        return self

    def __exit__(self, *_unused: object) -> None:
        for name in reversed(self._names):
            subprocess.run(
                self._podman.argv("rm", "--force", "--time=0", name),
                capture_output=True,
                check=False,
            )
        shutil.rmtree(self.directory, ignore_errors=True)

    def inside(self, command: t.Sequence[str]) -> list[str]:
        """The command, run where the servers can be reached."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", *command]

    def start(self, container: Container) -> None:
        """Start one container and wait until it listens."""
        self._ensure(container.image)
        network = f"container:{self.prefix}-net"
        self._run(container.name, container.image.name, network, container.script, ("--init",))
        deadline = time.monotonic() + _READY_SECONDS
        while not set(container.listens) <= self.listening():
            if time.monotonic() > deadline or not self.pid_of(container.name):
                missing = sorted(set(container.listens) - self.listening())
                raise ParkError(
                    f"{container.name} does not listen to {missing}: {self.log(container.name)}"
                )
            time.sleep(0.1)

    def end(self, name: str) -> None:
        """End one container."""
        self._podman.remove(f"{self.prefix}-{name}")
        self._names.remove(f"{self.prefix}-{name}")

    def log(self, name: str) -> str:
        """The last lines that a container wrote."""
        done = subprocess.run(
            self._podman.argv("logs", "--tail=5", f"{self.prefix}-{name}"),
            capture_output=True,
            text=True,
            check=False,
        )
        return (done.stdout + done.stderr).strip()

    def pid_of(self, name: str) -> int:
        """The first process of a container; 0 when it has ended."""
        full = f"{self.prefix}-{name}"
        return int(self._podman("inspect", "--format={{.State.Pid}}", full).strip())

    def listening(self) -> set[tuple[str, int]]:
        """The IPv4 sockets that somebody in the park listens to."""
        found = set()
        for line in Path(f"/proc/{self.pid}/net/tcp").read_text().splitlines()[1:]:
            local, _remote, state = line.split()[1:4]
            if state == "0A":
                address, port = local.split(":")
                octets = bytes.fromhex(address)[::-1]
                found.add((".".join(map(str, octets)), int(port, 16)))
        return found

    def passive_opens(self) -> int:
        """How many connections were accepted in the park so far."""
        rows = [
            line.split()
            for line in Path(f"/proc/{self.pid}/net/snmp").read_text().splitlines()
            if line.startswith("Tcp:")
        ]
        return int(rows[1][rows[0].index("PassiveOpens")])

    def cpu_seconds(self, name: str) -> float | None:
        """The CPU time of a container's processes so far; None where the kernel does not tell."""
        for line in Path(f"/proc/{self.pid_of(name)}/cgroup").read_text().splitlines():
            _number, controllers, path = line.split(":", 2)
            usage = Path(f"/sys/fs/cgroup/cpuacct{path}/cpuacct.usage")
            if "cpuacct" in controllers.split(",") and usage.is_file():
                return int(usage.read_text()) / 1e9
            statistics = Path(f"/sys/fs/cgroup{path}/cpu.stat")
            if not controllers and statistics.is_file():
                return int(statistics.read_text().split()[1]) / 1e6
        return None

    def _run(
        self, name: str, image: str, network: str, script: str, options: tuple[str, ...]
    ) -> None:
        full = f"{self.prefix}-{name}"
        subprocess.run(
            self._podman.argv("rm", "--force", "--depend", "--time=0", "--ignore", full),
            capture_output=True,
            check=False,
        )
        names = f"printf '127.0.0.1 {HOST_NAME} localhost %s\\n' \"$(hostname)\" > /etc/hosts"
        volume = f"--volume={self.directory}:/park"
        self._names.append(full)
        self._podman(
            *("run", "--detach", f"--name={full}", f"--network={network}", volume, *options),
            *(image, "sh", "-euc", f"{names}\n: > /etc/resolv.conf\n{script}"),
        )

    def _ensure(self, image: Image) -> None:
        images.ensure(self._podman, [image.suite])
        if not image.packages:
            return
        recipe = self.directory / "Containerfile"
        recipe.write_text(
            f"FROM {image.lab}\n" + _INSTALL.format(packages=" ".join(image.packages))
        )
        options = ("--quiet", "--network=host", "--format=docker", f"--tag={image.name}")
        self._podman("build", *options, f"--file={recipe}", str(self.directory), timeout=900)


__all__ = ["HOST_NAME", "Container", "Image", "Park", "ParkError"]
