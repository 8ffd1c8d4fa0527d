# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server with several addresses: each of them counts, but for those that no way leads to from here."""

from __future__ import annotations

import socket
import typing as t
from collections.abc import Mapping, Sequence

import dns.name
import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import CommandFailed
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._authority import (
    NameServer,
    Served,
    served,
    zone_of,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import (
    NoAnswer,
    Server,
    exchange,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import Message
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import (
    Failure,
    Resolver,
)

OWNER = "_25._tcp.mx1.example.com."
HAS = Message(0, False, False, ())
SILENT = NoAnswer("timeout", "it did not answer")
NO_WAY = NoAnswer("unreachable", "no way leads there", routed=False)
V4, V6 = Server("192.0.2.1"), Server("2001:db8::1")


class Asked:
    """A resolver whose servers answer, or fail, as it was told."""

    def __init__(self, answers: Mapping[Server, Message | NoAnswer], server: Server) -> None:
        self.answer = answers[server]

    def ask(self, _name: dns.name.Name, _rdtype: int, *, unchecked: bool) -> Message | Failure:
        assert unchecked
        if isinstance(self.answer, Message):
            return self.answer
        return Failure(self.answer.status, str(self.answer), routed=self.answer.routed)


def seen(answers: Mapping[Server, Message | NoAnswer]) -> list[Served]:
    def asking(servers: Sequence[Server]) -> t.Any:
        return Asked(answers, servers[0])

    return list(served(OWNER, [NameServer("ns1.example.com.", tuple(answers))], asking))


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({V4: HAS, V6: HAS}, [("192.0.2.1", True), ("[2001:db8::1]", True)]),
        ({V4: HAS, V6: SILENT}, [("192.0.2.1", True), ("[2001:db8::1]", False)]),
        ({V4: SILENT, V6: HAS}, [("192.0.2.1", False), ("[2001:db8::1]", True)]),
        ({V4: HAS, V6: NO_WAY}, [("192.0.2.1", True)]),
        ({V4: SILENT, V6: NO_WAY}, [("192.0.2.1", False)]),
        ({V4: NO_WAY, V6: NO_WAY}, [("192.0.2.1", False)]),
        ({}, [("", False)]),
    ],
)
def test_a_silent_address_does_not_agree_because_another_does(
    answers: Mapping[Server, Message | NoAnswer], told: list[tuple[str, bool]]
) -> None:
    assert [(one.address, one.records is not None) for one in seen(answers)] == told


def test_no_way_is_what_this_machine_itself_says_of_an_address() -> None:
    """A UDP socket may not connect to the broadcast address, whatever the network is like."""
    with pytest.raises(NoAnswer, match="no way leads from here") as caught:
        exchange(Server("255.255.255.255"), b"??", False, 30)
    assert not caught.value.routed


def test_a_port_where_nobody_listens_is_silence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    for tcp in (False, True):
        with pytest.raises(NoAnswer) as caught:
            exchange(Server("127.0.0.1", port), b"??", tcp, 30)
        assert caught.value.routed


def test_the_resolver_tells_what_the_transport_found() -> None:
    def transport(_server: Server, _query: bytes, _tcp: bool, _timeout: float) -> bytes:
        raise NO_WAY

    found = Resolver([V6], transport=transport).ask(dns.name.from_text(OWNER), 52, unchecked=True)
    assert isinstance(found, Failure)
    assert (found.status, found.routed) == ("unreachable", False)


def test_what_to_set_where_nobody_knows_the_zone_is_what_the_caller_has() -> None:
    nobody: t.Any = Asked({V4: HAS}, V4)
    with pytest.raises(CommandFailed, match=r"name is: set 'servers', or 'resolver' to one that"):
        zone_of(OWNER, nobody, without="'servers'")
    silent: t.Any = Asked({V4: SILENT}, V4)
    with pytest.raises(CommandFailed, match=r"SOA: .*: set 'resolver' to one that answers"):
        zone_of(OWNER, silent, without="'servers'")
