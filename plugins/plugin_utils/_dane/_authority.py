# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The servers of a zone, and what each of them has for a TLSA name, past every cache."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import Message
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    Record,
    strongest,
    unusable,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import (
    Failure,
    Resolver,
    servers_of,
)

with contextlib.suppress(ImportError):
    import dns.exception
    import dns.name
    import dns.rdatatype

#: Makes what asks the given servers; each answer is asked for anew by a new one.
Asking = Callable[[Sequence[Server]], Resolver]


@dataclass(frozen=True)
class NameServer:
    """A server of a zone, by its name or, where the user named it, its address, and where it listens."""

    name: str
    addresses: tuple[Server, ...]


@dataclass(frozen=True)
class Zone:
    """The zone that a name lies in, the server that takes its updates by its SOA record, and all its servers."""

    name: str
    primary: str
    servers: tuple[NameServer, ...]


@dataclass(frozen=True)
class Served:
    """What a server answers: ``records`` None with a reason when it does not; ``ttl`` in seconds, 0 without records.

    ``routed`` tells whether there is a way from here to the address.
    """

    server: str
    address: str
    records: tuple[Record, ...] | None
    ttl: int
    reason: str | None
    routed: bool = True


def owner_of(name: str, port: int, *, owner: str | None = None) -> str:
    """The name at which the records of a port are (RFC 6698 section 3), or the given one. Raises InvalidInput for what is no name."""
    try:
        return str(dns.name.from_text(owner or f"_{port}._tcp.{name}"))
    except dns.exception.DNSException as error:
        raise InvalidInput(
            f"{owner or name!r} is no name ({error}): give the MX name, such as mx1.example.com."
        ) from None


def zone_of(owner: str, resolver: Resolver, *, without: str) -> Zone:
    """The zone of a name. Raises CommandFailed when nobody says it; ``without`` are the options that do without one."""
    found = _asked(resolver, owner, "SOA")
    for section in (found.answer, found.authority):
        for rrset in section:
            if rrset.rdtype == dns.rdatatype.SOA:
                zone = str(rrset.name)
                names = [str(one.target) for one in _rdatas(_asked(resolver, zone, "NS"), "NS")]
                servers = tuple(NameServer(name, addresses(name, resolver)) for name in names)
                return Zone(zone, str(rrset.rdatas[0].mname), servers)
    raise CommandFailed(
        f"{owner}: no answer says in which zone this name is: set {without}, or 'resolver' to one that knows it."
    )


def addresses(name: str, resolver: Resolver) -> tuple[Server, ...]:
    """Where a host listens for DNS, IPv4 first. Raises CommandFailed when the resolver does not say."""
    texts = [
        one.address for kind in ("A", "AAAA") for one in _rdatas(_asked(resolver, name, kind), kind)
    ]
    return tuple(servers_of([text if ":" not in text else f"[{text}]" for text in texts]))


def named(texts: Sequence[str]) -> tuple[NameServer, ...]:
    """Servers that the user named by their addresses. Raises InvalidInput."""
    return tuple(NameServer(str(one), (one,)) for one in servers_of(texts))


def served(owner: str, servers: Sequence[NameServer], asking: Asking) -> Iterator[Served]:
    """What each server has, one item for each address.

    An address that no way leads to from here, as one of IPv6 on a machine without it, is left out where the server has others.
    """
    for server in servers:
        answers = [_served(owner, server.name, one, asking) for one in server.addresses]
        yield from [one for one in answers if one.routed] or answers[:1]
        if not answers:
            yield Served(server.name, "", None, 0, "it has no address")


def _served(owner: str, name: str, server: Server, asking: Asking) -> Served:
    found = asking([server]).ask(dns.name.from_text(owner), dns.rdatatype.TLSA, unchecked=True)
    if isinstance(found, Failure):
        return Served(name, str(server), None, 0, found.reason, found.routed)
    records: list[Record] = []
    for rrset in found.answer:
        if str(rrset.name).lower() != owner.lower():
            continue
        if rrset.rdtype == dns.rdatatype.CNAME:
            target = rrset.rdatas[0].target
            return Served(name, str(server), None, 0, f"it is an alias of {target}: set 'owner'")
        if rrset.rdtype == dns.rdatatype.TLSA:
            records += [Record(one.data, rrset.ttl) for one in rrset.rdatas]
    return Served(
        name, str(server), tuple(records), min((r.ttl or 0 for r in records), default=0), None
    )


def lacking(wanted: Sequence[Record], records: Sequence[Record]) -> str | None:
    """Why a set does not do what the wanted records are for; None when it does.

    A record that is there does not count where digest agility lets senders pass over it (RFC 7671 section 9).
    """
    there = {one.wire for one in records}
    heeded = {one.wire for one in strongest([one for one in records if unusable(one) is None])}
    for one in wanted:
        if one.wire not in there:
            return f"it does not have {one.text}"
        if one.wire not in heeded:
            return (
                f"it has {one.text} beside a record with a stronger digest, so senders pass over it"
            )
    return None


def _asked(resolver: Resolver, name: str, kind: str) -> Message:
    rdtype = dns.rdatatype.from_text(kind)
    found = resolver.ask(dns.name.from_text(name), rdtype, unchecked=True)
    if isinstance(found, Failure):
        raise CommandFailed(f"{name} {kind}: {found.reason}: set 'resolver' to one that answers.")
    return found


def _rdatas(message: Message, kind: str) -> list[t.Any]:
    rdtype = dns.rdatatype.from_text(kind)
    return [one for rrset in message.answer if rrset.rdtype == rdtype for one in rrset.rdatas]


__all__ = [
    "Asking",
    "NameServer",
    "Served",
    "Zone",
    "addresses",
    "lacking",
    "named",
    "owner_of",
    "served",
    "zone_of",
]
