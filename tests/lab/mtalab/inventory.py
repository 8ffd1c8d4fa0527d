# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible inventory of a running lab, and the ssh key that it names."""

from __future__ import annotations

import json
import shlex
import typing as t
from pathlib import Path

from mtalab import dns
from mtalab.console import run
from mtalab.engine import Podman, is_rootless
from mtalab.hosts import container_name
from mtalab.network import Network
from mtalab.scenarios import Host


def inventory_file(state: Path) -> Path:
    """Return where the inventory of a lab lies."""
    return state / "inventory.yml"


def ensure_key(state: Path) -> str:
    """Return the public half of the lab's ssh key, made on first use."""
    key = state / "id_ed25519"
    if not key.is_file():
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(key)])
    return key.with_suffix(".pub").read_text().strip()


def write_known_hosts(state: Path, network: Network, keys: t.Mapping[Host, str]) -> None:
    """Write the host keys of the containers, by name and by both addresses."""
    lines = [
        f"{host.name},{host.fqdn},{network.subnet.address(host.number)},"
        f"{network.subnet.address6(host.number)} {key}\n"
        for host, key in keys.items()
    ]
    (state / "known_hosts").write_text("".join(lines))


def write_inventory(
    podman: Podman, lab: str, state: Path, network: Network, hosts: t.Sequence[Host]
) -> Path:
    """Write the inventory in YAML (of which JSON is a part) and return its path."""
    groups: dict[str, dict[str, t.Any]] = {}
    for host in hosts:
        entries = groups.setdefault(host.group, {"hosts": {}})
        entries["hosts"][host.name] = _variables(podman, lab, network, host)
    shared = {**_shared_variables(lab, state), **dns.variables(state, network, hosts)}
    document = {"all": {"children": groups, "vars": shared}}
    target = inventory_file(state)
    target.write_text("---\n" + json.dumps(document, indent=2) + "\n")
    return target


def _variables(podman: Podman, lab: str, network: Network, host: Host) -> dict[str, str]:
    variables = {
        "ansible_host": network.subnet.address(host.number),
        "lab_address": network.subnet.address(host.number),
        "lab_address6": network.subnet.address6(host.number),
        "lab_container": container_name(lab, host),
        "lab_fqdn": host.fqdn,
        "lab_suite": host.suite,
    }
    if is_rootless():
        entry = podman.argv("exec", "-i", container_name(lab, host), "/usr/sbin/sshd", "-i")
        variables["ansible_ssh_extra_args"] = f"-o ProxyCommand={shlex.quote(shlex.join(entry))}"
    return variables


def _shared_variables(lab: str, state: Path) -> dict[str, t.Any]:
    options = [
        f"-o UserKnownHostsFile={state / 'known_hosts'}",
        "-o GlobalKnownHostsFile=/dev/null",
        "-o StrictHostKeyChecking=yes",
        "-o IdentitiesOnly=yes",
        "-F /dev/null",
    ]
    authority = str(state / "ca" / "root.crt")
    variables: dict[str, t.Any] = {
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_pipelining": "true",
        "ansible_ssh_private_key_file": str(state / "id_ed25519"),
        "ansible_ssh_common_args": " ".join(options),
        "lab_ca_file": authority,
        "lab_name": lab,
        "lab_state_directory": str(state),
        "postfix_tls_lookup": {"ca_file": authority},
        "sendmail_tls_lookup": {"ca_file": authority},
    }
    if is_rootless():
        vantages = (
            f"{role}_vantage" for role in ("starttls_verify", "postfix_tls", "sendmail_tls")
        )
        variables |= dict.fromkeys(vantages, "sender")
    return variables
