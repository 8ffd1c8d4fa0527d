# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's network: internal, with documentation addresses only (RFC 5737, RFC 3849)."""

from __future__ import annotations

import ipaddress
import json
import typing as t
from dataclasses import dataclass

from mtalab.console import attempt, run
from mtalab.engine import Podman, is_rootless
from mtalab.errors import LabError


@dataclass(frozen=True)
class Subnet:
    """One row of the table of address ranges; each lab that runs occupies one."""

    number: int
    v4: ipaddress.IPv4Network
    v6: ipaddress.IPv6Network

    def address(self, host: int) -> str:
        """Return the IPv4 address of a host by its number."""
        return str(self.v4[host])

    def address6(self, host: int) -> str:
        """Return the IPv6 address of a host by its number, written with the same digits."""
        return str(self.v6[int(str(host), 16)])

    def mac(self, host: int) -> str:
        """Return a locally administered MAC, fixed so that a restart leaves no stale neighbours."""
        return f"02:00:5e:00:{self.number:02x}:{host:02x}"


def _table() -> tuple[Subnet, ...]:
    ranges = (ipaddress.IPv4Network("198.51.100.0/24"), ipaddress.IPv4Network("203.0.113.0/24"))
    quarters = [quarter for whole in ranges for quarter in whole.subnets(new_prefix=26)]
    v6 = [ipaddress.IPv6Network(f"2001:db8:25:{number}::/64") for number in range(len(quarters))]
    return tuple(Subnet(n, v4, v6[n]) for n, v4 in enumerate(quarters))


SUBNETS = _table()


@dataclass(frozen=True)
class Network:
    """A podman network that exists: its name, its bridge on the host and its row of the table."""

    name: str
    bridge: str
    subnet: Subnet


def ensure(podman: Podman, name: str) -> Network:
    """Return the network of this name, created on the first free row of the table if missing."""
    existing = find(podman, name)
    if existing:
        return existing
    complaints = []
    for subnet in _unoccupied(podman):
        argv = ("network", "create", "--internal", "--subnet", str(subnet.v4), "--ipv6")
        done = attempt(podman.argv(*argv, "--subnet", str(subnet.v6), name))
        created = find(podman, name)
        if created:
            return created
        complaints.append(done.stderr.decode(errors="replace").strip())
    raise LabError(
        "No address range is left for another lab: end one with `lab.py down` under its"
        f" POSTMASTER_LAB name. {' '.join(complaints[:1])}".rstrip()
    )


def find(podman: Podman, name: str) -> Network | None:
    """Return the network of this name if podman has it on a range of the table."""
    done = attempt(podman.argv("network", "inspect", name))
    if done.returncode != 0:
        return None
    details = json.loads(done.stdout)[0]
    ranges = {entry["subnet"] for entry in details["subnets"]}
    for subnet in SUBNETS:
        if str(subnet.v4) in ranges:
            return Network(name, details["network_interface"], subnet)
    raise LabError(
        f"The podman network {name!r} is not one of the lab's: choose another name with"
        " POSTMASTER_LAB."
    )


def _unoccupied(podman: Podman) -> t.Iterator[Subnet]:
    taken = [ipaddress.ip_network(text) for text in _ranges_of_podman(podman) + _ranges_of_host()]
    for subnet in SUBNETS:
        if not any(_overlap(subnet, other) for other in taken):
            yield subnet


def _overlap(subnet: Subnet, other: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    if isinstance(other, ipaddress.IPv4Network):
        return subnet.v4.overlaps(other)
    return subnet.v6.overlaps(other)


def _ranges_of_podman(podman: Podman) -> list[str]:
    """Return the ranges of all networks; one that ends between the two questions has none any more."""
    found = []
    for name in podman("network", "ls", "--quiet").split():
        done = attempt(podman.argv("network", "inspect", name))
        details = json.loads(done.stdout) if done.returncode == 0 else []
        found += [e["subnet"] for network in details for e in network.get("subnets") or []]
    return found


def _ranges_of_host() -> list[str]:
    listing = json.loads(run(["ip", "-json", "route", "show"]) or "[]")
    return [route["dst"] for route in listing if route["dst"] != "default"]


def check_route(network: Network, address: str) -> None:
    """Raise LabError unless packets to this address stay on the lab's own bridge.

    A machine may answer for any address through its default route, so that a wrong lab address
    would look like an open port instead of a fault.
    """
    if is_rootless():
        return
    route = json.loads(run(["ip", "-json", "route", "get", address]))[0]
    if route.get("dev") != network.bridge:
        raise LabError(
            f"Packets to {address} would leave through {route.get('dev')}, not through the lab's"
            f" bridge {network.bridge}: run `lab.py down`, then `lab.py up` again."
        )
