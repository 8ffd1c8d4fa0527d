# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Asks name servers until one answers, with a bound on all questions together."""

from __future__ import annotations

import contextlib
import ipaddress
import random
import time
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import (
    NoAnswer,
    Server,
    Transport,
    exchange,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import (
    MOST_TLSA,
    Message,
    UnreadableAnswer,
    question,
    read,
)

with contextlib.suppress(ImportError):
    import dns.name
    import dns.rcode
    import dns.rdatatype

_MOST_QUESTIONS: t.Final = 120
_TRIES: t.Final = 2
_SECONDS: t.Final = 3.0
_ALL_SECONDS: t.Final = 45.0
_ANSWERS: t.Final = (0, 3)
_REFUSALS: t.Final = {2: "servfail", 5: "refused"}


@dataclass(frozen=True)
class Failure:
    """No answer: ``status`` is timeout, unreachable, servfail, refused or malformed; ``routed`` as in NoAnswer."""

    status: str
    reason: str
    errors: tuple[int, ...] = ()
    routed: bool = True


class Resolver:
    """Asks the servers in turn. The same question is asked once. An answer with more than ``most_tlsa`` TLSA records is not read."""

    def __init__(
        self,
        servers: Sequence[Server],
        *,
        transport: Transport = exchange,
        number: Callable[[], int] = lambda: random.SystemRandom().randrange(65536),
        clock: Callable[[], float] = time.monotonic,
        most_tlsa: int = MOST_TLSA,
    ) -> None:
        self.servers = tuple(servers)
        self._most_tlsa = most_tlsa
        self._transport = transport
        self._number = number
        self._clock = clock
        self._end = clock() + _ALL_SECONDS
        self._left = _MOST_QUESTIONS
        self._known: dict[tuple[dns.name.Name, int, bool], Message | Failure] = {}

    @property
    def local(self) -> bool:
        """Whether every server is on the loopback of this machine."""
        return all(ipaddress.ip_address(one.address).is_loopback for one in self.servers)

    def ask(self, name: dns.name.Name, rdtype: int, *, unchecked: bool) -> Message | Failure:
        """NOERROR and NXDOMAIN are answers; anything else is the failure of the last server asked."""
        key = (name, rdtype, unchecked)
        if key not in self._known:
            self._known[key] = self._asked(name, rdtype, unchecked=unchecked)
        return self._known[key]

    def _asked(self, name: dns.name.Name, rdtype: int, *, unchecked: bool) -> Message | Failure:
        shown = f"{name} {dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))}"
        last = Failure("timeout", f"{shown}: too many questions, or too much time, for one name")
        for turn in range(_TRIES * len(self.servers)):
            seconds = min(_SECONDS, self._end - self._clock())
            if self._left <= 0 or seconds <= 0:
                return last
            self._left -= 1
            server = self.servers[turn % len(self.servers)]
            try:
                found = self._one(server, name, rdtype, unchecked=unchecked, seconds=seconds)
            except NoAnswer as error:
                last = Failure(error.status, f"{shown}: {error}", routed=error.routed)
                continue
            except UnreadableAnswer as error:
                last = Failure("malformed", f"{shown} from {server}: {error}")
                continue
            if found.rcode in _ANSWERS:
                return found
            said = dns.rcode.to_text(dns.rcode.Rcode(found.rcode))
            status = _REFUSALS.get(found.rcode, "malformed")
            last = Failure(status, f"{shown}: {server} answers {said}", found.errors)
            if status == "servfail" and not unchecked:
                return last
        return last

    def _one(
        self, server: Server, name: dns.name.Name, rdtype: int, *, unchecked: bool, seconds: float
    ) -> Message:
        number = self._number()
        query = question(name, rdtype, number=number, unchecked=unchecked)
        for tcp in (False, True):
            wire = self._transport(server, query, tcp, seconds)
            found = read(wire, number=number, name=name, rdtype=rdtype, most_tlsa=self._most_tlsa)
            if not found.truncated:
                return found
        raise UnreadableAnswer("the answer is cut off over TCP too")


def servers_of(addresses: Sequence[str]) -> list[Server]:
    """Servers from addresses, each with a port if it is another than 53: 192.0.2.1:5353, [2001:db8::1]:5353. Raises InvalidInput."""
    return [_server(str(one)) for one in addresses]


def own_servers(path: str = "/etc/resolv.conf") -> list[Server]:
    """The servers that this machine uses. Raises InvalidInput when it names none."""
    try:
        lines = Path(path).read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    words = [line.split() for line in lines]
    found = [one[1].partition("%")[0] for one in words if one[:1] == ["nameserver"] and one[1:]]
    if not found:
        raise InvalidInput(f"{path} on the controller names no server: set 'resolver'.")
    return servers_of(found)


def given_or_own(addresses: Sequence[str]) -> list[Server]:
    """The servers of these addresses, or without any those that this machine uses. Raises InvalidInput."""
    return servers_of(addresses) or own_servers()


def _server(text: str) -> Server:
    host, port = text, "53"
    if text.startswith("["):
        host, _bracket, rest = text[1:].partition("]")
        port = rest[1:] or "53"
    elif text.count(":") == 1:
        host, _colon, port = text.partition(":")
    try:
        ipaddress.ip_address(host)
        if not 0 < int(port) < 65536:
            raise ValueError
    except ValueError:
        raise InvalidInput(
            f"The resolver {text!r} is not an IP address: name servers are given by address, with :port if it is not 53."
        ) from None
    return Server(host, int(port))


__all__ = ["Failure", "Resolver", "given_or_own", "own_servers", "servers_of"]
