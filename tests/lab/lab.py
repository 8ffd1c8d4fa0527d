# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build, start, show and end the lab: real MTAs in containers made from Debian packages."""

from __future__ import annotations

import argparse
import shutil
import sys
import typing as t
from concurrent.futures import ThreadPoolExecutor

from mtalab import dns, engine, hosts, images, inventory, network
from mtalab.console import attempt, say
from mtalab.errors import LabError
from mtalab.paths import lab_name, state_dir
from mtalab.pki import CERTIFICATES, Authority
from mtalab.scenarios import HOSTS, SCENARIOS, Host, scenario_of


def command_images(arguments: argparse.Namespace) -> None:
    """Build and import images."""
    names = arguments.images or list(images.RECIPES)
    images.ensure(engine.Podman(), names)
    for name in names:
        print(images.recipe_of(name).image)


def command_up(arguments: argparse.Namespace) -> None:
    """Start a scenario and put its hosts into their states."""
    scenario = scenario_of(arguments.scenario)
    lab = lab_name()
    if arguments.fresh:
        command_down(arguments)
    podman = images.podman_with(*{host.recipe for host in scenario.hosts})
    net = network.ensure(podman, lab)
    state = state_dir(lab)
    authority = Authority(state / "ca")
    authority.make_missing()
    public_key = inventory.ensure_key(state)
    place = dns.Place(podman, lab, state, net, authority)

    def bring_up(host: Host) -> str:
        hosts.start(podman, lab, net, host)
        container = hosts.container_name(lab, host)
        hosts.wait_ready(podman, container)
        _install_certificates(podman, container, authority, host)
        if extra := dns.files_of(place, host, scenario=scenario):
            hosts.put_files(podman, container, extra)
        key = hosts.admit(podman, container, public_key)
        for name in scenario.states[host.name]:
            hosts.apply_state(podman, lab, host, name)
        return key

    keys: dict[Host, str] = {}
    with ThreadPoolExecutor(max_workers=2) as pool:
        for wave in scenario.waves:
            keys |= zip(wave, pool.map(bring_up, wave), strict=True)
    inventory.write_known_hosts(state, net, keys)
    path = inventory.write_inventory(podman, lab, state, net, scenario.hosts)
    for host in scenario.hosts:
        network.check_route(net, net.subnet.address(host.number))
    say(f"scenario {scenario.name} is up: {scenario.purpose}")
    print(path)


def _install_certificates(
    podman: engine.Podman, container: str, authority: Authority, host: Host
) -> None:
    directory = CERTIFICATES[host.mta]
    files = {f"{directory}/lab-ca.crt": (authority.root.read_bytes(), 0o644)}
    if host.group == "mta":
        chain, key = authority.leaf(host.fqdn)
        authority.leaf(host.fqdn, kind="ecdsa")
        files[f"{directory}/{host.name}.crt"] = (chain.read_bytes(), 0o644)
        files[f"{directory}/{host.name}.key"] = (key.read_bytes(), 0o600)
    hosts.put_files(podman, container, files)


def command_state(arguments: argparse.Namespace) -> None:
    """Put one running host into further states."""
    podman = images.podman_with(HOSTS[arguments.host].recipe)
    for name in arguments.states:
        hosts.apply_state(podman, lab_name(), HOSTS[arguments.host], name)


def command_down(arguments: argparse.Namespace) -> None:
    """End the lab; its keys and certificates stay unless --purge is given."""
    lab = lab_name()
    podman = engine.Podman()
    hosts.remove_all(podman, lab)
    if podman.exists("network", lab):
        podman("network", "rm", "--force", lab)
    inventory.inventory_file(state_dir(lab)).unlink(missing_ok=True)
    if getattr(arguments, "purge", False):
        shutil.rmtree(state_dir(lab))


def command_status(_arguments: argparse.Namespace) -> None:
    """Show the containers of the lab; end with status 1 if there are none."""
    podman = engine.Podman()
    entries = hosts.running(podman, lab_name())
    for entry in entries:
        print(f"{entry['Names'][0]:24} {entry['State']:10} {entry['Image']}")
    if not entries:
        raise LabError(f"The lab {lab_name()!r} is down: start it with `lab.py up`.")


def command_inventory(_arguments: argparse.Namespace) -> None:
    """Print the path of the inventory of the running lab."""
    path = inventory.inventory_file(state_dir(lab_name()))
    if not path.is_file():
        raise LabError(f"The lab {lab_name()!r} is down: start it with `lab.py up`.")
    print(path)


def command_exec(arguments: argparse.Namespace) -> int:
    """Run a command inside a host and return its status."""
    container = hosts.container_name(lab_name(), HOSTS[arguments.host])
    podman = images.podman_with(HOSTS[arguments.host].recipe)
    done = attempt(podman.argv("exec", container, *arguments.command))
    sys.stdout.buffer.write(done.stdout)
    sys.stderr.buffer.write(done.stderr)
    return done.returncode


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog="lab.py", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, action: t.Callable[[argparse.Namespace], int | None]) -> t.Any:
        command = commands.add_parser(name, help=(action.__doc__ or "").splitlines()[0])
        command.set_defaults(action=action)
        return command

    add("images", command_images).add_argument("images", nargs="*", metavar="IMAGE")
    up = add("up", command_up)
    up.add_argument("scenario", nargs="?", default="clean", help=", ".join(SCENARIOS))
    up.add_argument("--fresh", action="store_true", help="replace a lab that runs already")
    state = add("state", command_state)
    state.add_argument("host", choices=sorted(HOSTS))
    state.add_argument("states", nargs="+", metavar="STATE")
    add("down", command_down).add_argument(
        "--purge", action="store_true", help="remove keys and certificates too"
    )
    add("status", command_status)
    add("inventory", command_inventory)
    execute = add("exec", command_exec)
    execute.add_argument("host", choices=sorted(HOSTS))
    execute.add_argument("command", nargs=argparse.REMAINDER)
    return top


def main() -> int:
    """Run one command; print one sentence and return 1 if it fails."""
    arguments = parser().parse_args()
    try:
        return arguments.action(arguments) or 0
    except LabError as exc:
        print(f"lab: {exc}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
