# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers: started, made reachable by ssh, put into a state."""

from __future__ import annotations

import io
import json
import re
import tarfile
import time
import typing as t
from pathlib import Path

from mtalab.console import attempt
from mtalab.engine import Podman, cgroup2_beside_v1
from mtalab.errors import LabError
from mtalab.images import recipe_of
from mtalab.network import Network
from mtalab.scenarios import HOSTS, Host

STATES = Path(__file__).resolve().parent.parent / "states"
LAB_LABEL = "tls.postmaster.lab"
CGROUP2_ONLY = 258
READY_SECONDS = 240.0
# Nobody types a passphrase here, and each of them takes one of the inotify instances that all labs of a machine share.
MASKED = ("systemd-ask-password-console.path", "systemd-ask-password-wall.path")
# start-stop-daemon(8), which stops a sendmail, must see which program a setgid process runs.
CAPABILITIES = {"sendmail": ("--cap-add=SYS_PTRACE",)}
SSH_SETUP = """
install -d -m 700 /root/.ssh
printf '%s\\n' "$1" > /root/.ssh/authorized_keys
cat /etc/ssh/ssh_host_ed25519_key.pub
"""


def container_name(lab: str, host: Host) -> str:
    """Return the name of a host's container."""
    return f"{lab}-{host.name}"


def start(podman: Podman, lab: str, network: Network, host: Host) -> None:
    """Start the container of a host, unless it runs already from the current image."""
    name = container_name(lab, host)
    image = recipe_of(host.recipe).image
    if _runs_image(podman, name, image):
        return
    argv = ["run", "--detach", "--replace", f"--name={name}", f"--hostname={host.fqdn}"]
    argv += [f"--label={LAB_LABEL}={lab}", "--systemd=always", "--stop-timeout=2"]
    argv += [f"--network={network.name}", f"--ip={network.subnet.address(host.number)}"]
    argv += [f"--ip6={network.subnet.address6(host.number)}"]
    argv += [f"--mac-address={network.subnet.mac(host.number)}", "--dns=127.0.0.1"]
    argv += [f"--add-host={line}" for line in _neighbours(network, host)]
    argv += [f"--volume=/dev/null:/etc/systemd/system/{unit}:ro" for unit in MASKED]
    argv += CAPABILITIES.get(host.mta, ())
    podman(*argv, *_cgroup_volume(podman, image), image, "/sbin/init")


def _runs_image(podman: Podman, name: str, image: str) -> bool:
    template = "{{.State.Running}} {{.Image}}"
    container = attempt(podman.argv("container", "inspect", "--format", template, name))
    wanted = attempt(podman.argv("image", "inspect", "--format", "true {{.Id}}", image))
    return container.returncode == 0 and container.stdout == wanted.stdout


def _neighbours(network: Network, host: Host) -> t.Iterator[str]:
    for other in HOSTS.values():
        if other.name != host.name:
            yield f"{other.fqdn}:{network.subnet.address(other.number)}"
            yield f"{other.fqdn}:{network.subnet.address6(other.number)}"


def _cgroup_volume(podman: Podman, image: str) -> list[str]:
    """Return the volume that a systemd without cgroups v1 needs on a machine that has both."""
    cgroup2 = cgroup2_beside_v1()
    if cgroup2 is None:
        return []
    needs_it = _systemd_release(podman, image) >= CGROUP2_ONLY
    return [f"--volume={cgroup2}:/sys/fs/cgroup:rw"] if needs_it else []


def _systemd_release(podman: Podman, image: str) -> int:
    """Return the release of systemd in an image; podman may lose the output of a short container, so ask again."""
    query = (
        "run",
        "--rm",
        "--network=none",
        image,
        "dpkg-query",
        "-W",
        "-f",
        "${Version}",
        "systemd",
    )
    for _attempt in range(5):
        digits = re.match(r"\d+", podman(*query))
        if digits:
            return int(digits.group())
    raise LabError(
        f"{image} does not say which systemd it has: build it again with `lab.py images`."
    )


def wait_ready(podman: Podman, container: str) -> None:
    """Wait until systemd has started everything; raise LabError naming the units that failed."""
    deadline = time.monotonic() + READY_SECONDS
    state = "silent"
    while time.monotonic() < deadline:
        done = attempt(podman.argv("exec", container, "systemctl", "is-system-running"))
        state = done.stdout.decode().strip() or done.stderr.decode().strip()
        if state in ("running", "degraded"):
            break
        time.sleep(0.2)
    if state != "running":
        failed = attempt(podman.argv("exec", container, "systemctl", "--failed", "--plain"))
        raise LabError(f"{container} did not come up ({state}): {failed.stdout.decode().strip()}")


def admit(podman: Podman, container: str, public_key: str) -> str:
    """Let this ssh key log in as root; return the container's own public host key."""
    words = podman.exec(container, SSH_SETUP, public_key).split()
    return " ".join(words[:2])


def put_files(podman: Podman, container: str, files: t.Mapping[str, tuple[bytes, int]]) -> None:
    """Write files (path: content and mode) into a container, owned by root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, (content, mode) in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode, entry.mtime = len(content), mode, int(time.time())
            archive.addfile(entry, io.BytesIO(content))
    unpack = ("exec", "--interactive", container, "tar", "-C", "/", "--no-same-owner", "-xf", "-")
    podman(*unpack, stdin=buffer.getvalue())


def apply_state(podman: Podman, lab: str, host: Host, state: str) -> None:
    """Run the script of a state inside a host; it may be run again at any time."""
    script = STATES / f"{state}.sh"
    if not script.is_file():
        known = ", ".join(sorted(path.stem for path in STATES.glob("*.sh")))
        raise LabError(f"There is no state {state!r}: the lab knows {known}.")
    podman.exec(container_name(lab, host), script.read_text(), host.name)


def remove_all(podman: Podman, lab: str) -> None:
    """Remove all containers of a lab."""
    names = [name for entry in running(podman, lab) for name in entry["Names"]]
    if names:
        podman.remove(*names)


def running(podman: Podman, lab: str) -> list[dict[str, t.Any]]:
    """Return what `podman ps` says of all containers of a lab."""
    listing = podman("ps", "--all", f"--filter=label={LAB_LABEL}={lab}", "--format=json")
    return t.cast("list[dict[str, t.Any]]", json.loads(listing))
