# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a scenario has and which states they are put into."""

from __future__ import annotations

from dataclasses import dataclass

from mtalab.errors import LabError

DOMAIN = "example.test"


@dataclass(frozen=True)
class Host:
    """A host of the lab; its number gives its addresses."""

    name: str
    suite: str
    number: int
    group: str = "mta"

    @property
    def fqdn(self) -> str:
        """Return the name under which the others know the host."""
        return f"{self.name}.{DOMAIN}"


HOSTS = {
    host.name: host
    for host in (
        Host("mx1", "trixie", 11),
        Host("mx-bullseye", "bullseye", 12),
        Host("mx-bookworm", "bookworm", 13),
        Host("mx-sid", "sid", 14),
        Host("sender", "trixie", 21, group="senders"),
    )
}


@dataclass(frozen=True)
class Scenario:
    """The states, in order, of each host that takes part."""

    name: str
    purpose: str
    states: dict[str, tuple[str, ...]]

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts that take part."""
        return tuple(HOSTS[name] for name in self.states)


_SENDER = {"sender": ("sender",)}
_FLEET = ("mx1", "mx-bullseye", "mx-bookworm", "mx-sid")

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("clean", "a sound mx1 and a sender", {"mx1": ("clean",), **_SENDER}),
        Scenario(
            "case1",
            "mx1 shares no cipher with any modern sender",
            {"mx1": ("clean", "case1"), **_SENDER},
        ),
        Scenario("bare", "mx1 and sender as Debian installs them", {"mx1": (), "sender": ()}),
        Scenario(
            "fleet",
            "a sound Postfix of every Debian release",
            {**dict.fromkeys(_FLEET, ("clean",)), **_SENDER},
        ),
        Scenario(
            "fleet-case1",
            "a Postfix of every Debian release, each in the state of case1",
            {**dict.fromkeys(_FLEET, ("clean", "case1")), **_SENDER},
        ),
    )
}


def scenario_of(name: str) -> Scenario:
    """Return a scenario by its name; raise LabError for an unknown one."""
    try:
        return SCENARIOS[name]
    except KeyError:
        raise LabError(
            f"There is no scenario {name!r}: the lab knows {', '.join(SCENARIOS)}."
        ) from None
