# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a scenario has and which states they are put into."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mtalab.errors import LabError

DOMAIN = "example.test"


@dataclass(frozen=True)
class Host:
    """A host of the lab; its number gives its addresses."""

    name: str
    suite: str
    number: int
    group: str = "mta"
    mta: str = "postfix"
    image: str = ""

    @property
    def recipe(self) -> str:
        """Return the name of the image that the host is started from."""
        if self.image:
            return self.image
        return self.suite if self.mta == "postfix" else f"{self.suite}-{self.mta}"

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
        Host("sender-dane", "trixie", 22, group="senders", image="trixie-dns"),
        Host("ns1", "trixie", 41, group="nameservers", image="trixie-dns"),
        Host("ns2", "trixie", 42, group="nameservers", image="trixie-dns"),
        Host("sm-bullseye", "bullseye", 32, mta="sendmail"),
        Host("sm-bookworm", "bookworm", 33, mta="sendmail"),
        Host("sm-trixie", "trixie", 31, mta="sendmail"),
        Host("sm-sid", "sid", 34, mta="sendmail"),
    )
}


@dataclass(frozen=True)
class Scenario:
    """The states, in order, of each host that takes part, and the image of a host that needs another one here."""

    name: str
    purpose: str
    states: dict[str, tuple[str, ...]]
    images: dict[str, str] = field(default_factory=dict)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts that take part."""
        hosts = (HOSTS[name] for name in self.states)
        return tuple(replace(host, image=self.images.get(host.name, host.image)) for host in hosts)

    @property
    def waves(self) -> tuple[tuple[Host, ...], tuple[Host, ...]]:
        """Return the name servers, on which the others rely, and the others."""
        servers = tuple(host for host in self.hosts if host.group == "nameservers")
        return servers, tuple(host for host in self.hosts if host not in servers)


_SENDER = {"sender": ("sender",)}
_DANE = {
    "ns1": ("ns1",),
    "ns2": ("ns2",),
    **_SENDER,
    "sender-dane": ("sender", "sender-dane"),
}
_FLEET = ("mx1", "mx-bullseye", "mx-bookworm", "mx-sid")
_SENDMAILS = tuple(host.name for host in HOSTS.values() if host.mta == "sendmail")
_OTHER_SENDMAILS = tuple(name for name in _SENDMAILS if name != "sm-trixie")

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("clean", "a sound mx1 and a sender", {"mx1": ("clean",), **_SENDER}),
        Scenario(
            "case1",
            "mx1 shares no cipher with any modern sender",
            {"mx1": ("clean", "case1"), **_SENDER},
        ),
        Scenario(
            "dane",
            "mx1 with TLSA records in a signed zone, a sender that insists on them and one that does not",
            {"mx1": ("clean", "dane"), **_DANE},
        ),
        Scenario(
            "case2",
            "the same, and then mx1's certificate was renewed and its TLSA records were not",
            {"mx1": ("clean", "dane", "case2"), **_DANE},
        ),
        Scenario(
            "acme",
            "the same as dane, and mx1 has Ansible, certbot and lego, and an ACME authority",
            {"mx1": ("clean", "dane", "acme"), **_DANE},
            images={"mx1": "trixie-acme"},
        ),
        Scenario(
            "dane-sendmail",
            "the same as dane, with a sendmail in place of mx1",
            {"sm-trixie": ("sendmail", "sendmail-dane"), **_DANE},
        ),
        Scenario(
            "dane-sendmails",
            "a sendmail of every other Debian release, with two certificates, and the servers of dane",
            {**dict.fromkeys(_OTHER_SENDMAILS, ("sendmail", "sendmail-dane")), **_DANE},
        ),
        Scenario(
            "case2-sendmail",
            "the same as case2, with a sendmail in place of mx1",
            {"sm-trixie": ("sendmail", "sendmail-dane", "case2"), **_DANE},
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
        Scenario(
            "sendmail",
            "a sound sendmail of every Debian release",
            {**dict.fromkeys(_SENDMAILS, ("sendmail",)), **_SENDER},
        ),
        Scenario(
            "sendmail-case1",
            "a sendmail of every Debian release that shares no cipher with most senders",
            {**dict.fromkeys(_SENDMAILS, ("sendmail", "sendmail-case1")), **_SENDER},
        ),
        Scenario(
            "both-case1",
            "a Postfix and a sendmail that share no cipher with most senders",
            {"mx1": ("clean", "case1"), "sm-trixie": ("sendmail", "sendmail-case1"), **_SENDER},
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
