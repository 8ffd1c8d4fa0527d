# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a daemon listens that has a name behind Addr=, and the ways to write an address."""

from __future__ import annotations

import socket
import threading
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._daemons import (
    Daemon,
    HostAddresses,
    Looked,
    daemons_of,
    host_address,
)


def placed(line: str, answer: str = "192.0.2.1") -> Daemon:
    (daemon,) = daemons_of((line,), lambda _name, _family: Looked(answer))
    return daemon


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("Addr=127.1", "127.0.0.1"),
        ("Addr=2130706433", "127.0.0.1"),
        ("Addr=0x7f.1", "127.0.0.1"),
        ("Addr=x7f", "192.0.2.1"),
        ("Addr=mx.example.com", "192.0.2.1"),
        ("Addr=127.0.0.1.example.com", "192.0.2.1"),
        ("Addr=256.1.1.1", "192.0.2.1"),
        ("Family=inet6, Addr=2001:DB8:0::25", "2001:db8::25"),
        ("Family=inet6, Addr=127.0.0.1", "192.0.2.1"),
        ("Family=2", "0.0.0.0"),
        ("Family=10", "::"),
    ],
)
def test_an_address_is_what_sendmail_reads_as_one(line: str, address: str) -> None:
    assert placed(line).address == address


def looking(*addresses: str) -> t.Callable[[str, str], t.Sequence[str]]:
    return lambda _name, _family: addresses


@pytest.mark.parametrize(
    ("addresses", "address"),
    [
        (("192.0.2.1",), "192.0.2.1"),
        (("192.0.2.1", "192.0.2.1"), "192.0.2.1"),
        (("127.0.1.1", "127.0.0.1"), "127.0.1.1"),
        (("127.0.1.1", "192.0.2.1"), ""),
        ((), ""),
    ],
)
def test_one_address_or_a_reason(addresses: tuple[str, ...], address: str) -> None:
    found = host_address("mx.example.com", "inet", look=looking(*addresses))
    assert found.address == address
    assert bool(found.doubt) != bool(address)
    assert all(one in found.doubt for one in addresses if not address)


def test_a_name_that_has_none() -> None:
    def look(_name: str, _family: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    found = host_address("nosuch.invalid", "inet", look=look)
    assert found == Looked("", "nosuch.invalid was not resolved: Name or service not known")
    assert host_address("a" * 80 + ".invalid", "inet").address == ""


def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    answers = threading.Event()

    def look(_name: str, _family: str) -> list[str]:
        answers.wait()
        return ["192.0.2.1"]

    found = host_address("slow.example", "inet", look=look, limit=0.01)
    answers.set()
    assert found == Looked("", "slow.example was not resolved within 0.01 seconds")


def test_each_name_is_looked_up_once_for_a_family() -> None:
    asked: list[tuple[str, str]] = []

    def look(name: str, family: str) -> list[str]:
        asked.append((name, family))
        return ["192.0.2.1"]

    addresses = HostAddresses(look=look)
    lines = [
        "Name=a, Addr=mx.example",
        "Name=b, Addr=MX.example, Port=587",
        "Name=c, Addr=mx.example, Port=465",
    ]
    found = daemons_of([*lines, "Name=d, Family=inet6, Addr=mx.example"], addresses)
    assert [one.address for one in found] == ["192.0.2.1"] * 4
    assert asked == [("mx.example", "inet"), ("mx.example", "inet6")]


def test_all_names_together_are_waited_for_as_long_as_one() -> None:
    answers = threading.Event()
    now = iter((0.0, 8.0))

    def look(_name: str, _family: str) -> list[str]:
        answers.wait()
        return ["192.0.2.1"]

    addresses = HostAddresses(look=look, limit=0.01, clock=lambda: next(now))
    first, second = addresses("slow.example", "inet"), addresses("other.example", "inet")
    again = addresses("slow.example", "inet")
    answers.set()
    assert first == again == Looked("", "slow.example was not resolved within 0.01 seconds")
    assert second.address == ""
    assert "other.example was not looked up" in second.doubt


def test_this_host_itself_is_known_to_every_system() -> None:
    assert host_address("localhost", "inet").address == "127.0.0.1"
