# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._probe._pace import Pace
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import (
    Endpoint,
    Target,
    own_name,
    resolve,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined

LOOPBACK = Endpoint(socket.AF_INET, ("127.0.0.1", 25))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": ""}, "host"),
        ({"host": "two words"}, "host"),
        ({"host": "user@example.test"}, "host"),
        ({"host": "x" * 300}, "host"),
        ({"host": "ü" * 70}, "host"),
        ({"host": "a" * 70 + ".example"}, "host"),
        ({"host": "mx..example"}, "host"),
        ({"sni": ".example.test"}, "sni"),
        ({"sni": "a\0b"}, "sni"),
        ({"address": "http://x"}, "address"),
        ({"port": 0}, "65535"),
        ({"port": 70000}, "65535"),
        ({"connections": 0}, "between 1 and 8"),
        ({"connections": 9}, "between 1 and 8"),
        ({"timeout": 0.0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"interval": -1.0}, "interval"),
        ({"ehlo_name": "two words"}, "EHLO"),
        ({"ehlo_name": "x\r\nMAIL FROM:<a@example.test>"}, "EHLO"),
        ({"checks": ("handshakes",)}, "known are handshake"),
    ],
)
def test_an_unusable_option_is_one_sentence(options: dict[str, t.Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        Target(**{"host": "mx.example.test", **options})
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"host": "mx.example.test"}, "mx.example.test"),
        ({"host": "mx.example.test."}, "mx.example.test"),
        ({"host": "198.51.100.1"}, None),
        ({"host": "2001:db8::1"}, None),
        ({"host": "198.51.100.1", "sni": "mx.example.test"}, "mx.example.test"),
        ({"host": "mx.example.test", "sni": ""}, None),
        ({"host": "bücher.example"}, "xn--bcher-kva.example"),
    ],
)
def test_server_name(options: dict[str, t.Any], name: str | None) -> None:
    assert Target(**options).server_name == name


def test_every_address_is_tried_once_in_the_resolvers_order() -> None:
    rows = [
        (socket.AF_INET6, 1, 6, "", ("2001:db8::1", 25, 0, 0)),
        (socket.AF_INET, 1, 6, "", ("198.51.100.1", 25)),
        (socket.AF_INET6, 1, 6, "", ("2001:db8::1", 25, 0, 0)),
    ]
    found = resolve(Target("mx.example.test"), lambda *_query: rows)
    assert isinstance(found, tuple)
    assert [endpoint.address for endpoint in found] == ["2001:db8::1", "198.51.100.1"]


def test_the_address_option_is_what_is_resolved() -> None:
    asked: list[str] = []

    def resolver(name: str, *_rest: object) -> list[tuple[t.Any, ...]]:
        asked.append(name)
        return []

    resolve(Target("mx.example.test", address="198.51.100.9"), resolver)
    assert asked == ["198.51.100.9"]


def test_a_resolver_that_fails_is_not_determined() -> None:
    def resolver(*_query: object) -> t.NoReturn:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    found = resolve(Target("mx.example.test"), resolver)
    assert isinstance(found, NotDetermined)
    assert found.reason == "unresolvable"
    assert "Temporary failure" in found.detail


@pytest.mark.parametrize(
    ("hostname", "name"),
    [
        ("probe.example.test", "probe.example.test"),
        ("localhost", "[127.0.0.1]"),
        ("bad_name.example.test", "[127.0.0.1]"),
        ("1.0.0.127.in-addr.arpa", "[127.0.0.1]"),
    ],
)
def test_own_name_is_full_or_an_address_literal(hostname: str, name: str) -> None:
    assert own_name(LOOPBACK, lambda: hostname) == name


def test_own_name_over_ipv6() -> None:
    endpoint = Endpoint(socket.AF_INET6, ("::1", 25, 0, 0))
    assert own_name(endpoint, lambda: "short") == "[IPv6:::1]"


def pace(connections: int = 4) -> Pace:
    governor = Pace(connections=connections, interval=0.0)
    governor.succeeded(0.0)
    return governor


def test_one_connection_until_the_server_was_reached() -> None:
    governor = Pace(connections=8, interval=0.0)
    assert governor.limit == 1
    governor.succeeded(0.01)
    assert governor.limit == 8


def test_each_failure_halves_the_limit_and_doubles_the_pause() -> None:
    governor, now = pace(8), 10.0
    limits, pauses = [], []
    for _failure in range(4):
        governor.failed(started=now, now=now, limited=False)
        limits.append(governor.limit)
        pauses.append(governor.not_before - now)
        now += 60.0
    assert limits == [4, 2, 1, 1]
    assert pauses == [0.25, 0.5, 1.0, 2.0]
    assert governor.throttled


def test_failures_that_began_together_count_as_one() -> None:
    governor = pace(8)
    for moment in (10.0, 10.1, 10.2, 10.3):
        governor.failed(started=9.0, now=moment, limited=False)
    assert governor.limit == 4
    assert not governor.exhausted


def test_a_success_in_between_gives_hope_and_no_connections_back() -> None:
    governor, now = pace(8), 10.0
    for _round in range(20):
        governor.failed(started=now, now=now, limited=False)
        governor.succeeded(0.0)
        now += 60.0
    assert not governor.exhausted
    assert governor.limit == 1


def test_six_failures_in_a_row_are_enough() -> None:
    governor, now = pace(), 10.0
    for _failure in range(6):
        assert not governor.exhausted
        governor.failed(started=now, now=now, limited=False)
        now += 60.0
    assert governor.exhausted


def test_a_failure_before_contact_is_a_limit_only_when_the_server_says_so() -> None:
    governor = Pace(connections=4, interval=0.0)
    governor.failed(started=1.0, now=1.0, limited=False)
    assert not governor.throttled
    governor.failed(started=2.0, now=2.0, limited=True)
    assert governor.throttled


def test_a_slow_greeter_is_waited_for() -> None:
    governor = Pace(connections=4, interval=0.0)
    assert governor.banner_patience(30.0) == 30.0
    governor.succeeded(6.0)
    assert governor.banner_patience(30.0) == 19.0
    governor.succeeded(20.0)
    assert governor.banner_patience(30.0) == 30.0


def test_the_interval_is_between_beginnings() -> None:
    governor = Pace(connections=4, interval=2.0)
    governor.started(100.0)
    assert governor.not_before == 102.0
