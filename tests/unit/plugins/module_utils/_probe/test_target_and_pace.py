# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import most_connections
from ansible_collections.postmaster.tls.plugins.module_utils._probe._pace import Pace, Trouble
from ansible_collections.postmaster.tls.plugins.module_utils._probe._standing import Standing
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import (
    Endpoint,
    Target,
    full_name,
    literal,
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
        ({"host": "mx.example.test:465"}, "port by its own option"),
        ({"host": "[2001:db8::1]"}, "port by its own option"),
        ({"sni": ".example.test"}, "sni"),
        ({"sni": "a\0b"}, "sni"),
        ({"addresses": ("198.51.100.1", "http://x")}, "address"),
        ({"port": 0}, "65535"),
        ({"port": 70000}, "65535"),
        ({"connections": 0}, "between 1 and 8"),
        ({"connections": 9}, "between 1 and 8"),
        ({"timeout": 0.0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": float("inf")}, "which is a day"),
        ({"timeout": 1e7}, "which is a day"),
        ({"interval": -1.0}, "interval"),
        ({"interval": 1e7}, "which is a day"),
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


def addresses(found: object) -> list[str]:
    assert isinstance(found, tuple)
    return [endpoint.address for endpoint in found]


def test_every_address_is_tried_once_in_the_resolvers_order() -> None:
    rows = [
        (socket.AF_INET6, 1, 6, "", ("2001:db8::1", 25, 0, 0)),
        (socket.AF_INET, 1, 6, "", ("198.51.100.1", 25)),
        (socket.AF_INET6, 1, 6, "", ("2001:db8::1", 25, 0, 0)),
    ]
    found = resolve(Target("mx.example.test"), lambda *_query: rows)
    assert addresses(found) == ["2001:db8::1", "198.51.100.1"]


def test_the_address_option_is_what_is_resolved() -> None:
    asked: list[str] = []

    def resolver(name: str, *_rest: object) -> list[tuple[t.Any, ...]]:
        asked.append(name)
        return []

    resolve(Target("mx.example.test", addresses=("198.51.100.9", "2001:db8::9")), resolver)
    assert asked == ["198.51.100.9", "2001:db8::9"]


def test_of_several_names_one_that_nobody_knows_does_not_hide_the_others() -> None:
    given = ("nobody.example.test", "198.51.100.9", "2001:db8::9", "198.51.100.9")

    def resolver(name: str, *rest: t.Any) -> list[tuple[t.Any, ...]]:
        if name.startswith("nobody"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return list(socket.getaddrinfo(name, *rest))

    found = resolve(Target("mx.example.test", addresses=given), resolver)
    assert addresses(found) == ["198.51.100.9", "2001:db8::9"]
    every = resolve(Target("mx.example.test", addresses=given, every_address=True), resolver)
    assert isinstance(every, tuple)
    unknown, *known = every
    assert isinstance(unknown, NotDetermined)
    assert "nobody.example.test was not resolved" in unknown.detail
    assert addresses(tuple(known)) == ["198.51.100.9", "2001:db8::9"]
    alone = resolve(Target("mx.example.test", addresses=given[:1]), resolver)
    assert isinstance(alone, NotDetermined)
    assert "nobody.example.test was not resolved" in alone.detail


def test_where_there_is_nothing_to_connect_to_no_name_is_resolved() -> None:
    def resolver(*_query: object) -> t.NoReturn:
        raise AssertionError("asked")

    found = resolve(Target("mx.example.test", addresses=()), resolver)
    assert found == NotDetermined("unresolvable", "The name mx.example.test has no address.")


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
        ("localhost", ""),
        ("bad_name.example.test", ""),
        ("1.0.0.127.in-addr.arpa", ""),
    ],
)
def test_a_name_that_is_not_full_is_not_said(hostname: str, name: str) -> None:
    assert full_name(lambda: hostname) == name


def test_the_own_address_is_a_literal() -> None:
    assert literal(LOOPBACK) == "[127.0.0.1]"
    assert literal(Endpoint(socket.AF_INET6, ("::1", 25, 0, 0))) == "[IPv6:::1]"


def test_a_kernel_without_that_family_says_a_literal_all_the_same() -> None:
    assert literal(Endpoint(socket.AF_IPX, ("::1", 25, 0, 0))) == "[127.0.0.1]"


def test_a_scope_id_is_kept_for_the_socket() -> None:
    found = resolve(Target("fe80::1%lo"))
    assert isinstance(found, tuple)
    assert found[0].sockaddr[3] == socket.if_nametoindex("lo")


def test_a_name_without_an_address_is_not_determined() -> None:
    assert isinstance(resolve(Target("mx.example.test"), lambda *_query: []), NotDetermined)


def failed(governor: Pace, now: float, trouble: Trouble = Trouble.REFUSAL, width: int = 8) -> bool:
    return governor.failed(trouble, started=now, now=now, width=width)


def test_each_failure_halves_the_limit_and_doubles_the_pause() -> None:
    governor, now = Pace(), 10.0
    limits, pauses = [], []
    for _failure in range(4):
        failed(governor, now)
        limits.append(governor.limit)
        pauses.append(governor.not_before - now)
        now += 60.0
    assert limits == [4, 2, 1, 1]
    assert pauses == [0.25, 0.5, 1.0, 2.0]


def test_half_is_of_what_was_really_open() -> None:
    governor = Pace()
    failed(governor, 10.0, width=4)
    assert governor.limit == 2


def test_the_first_stall_is_tried_again_at_once_with_fewer_connections() -> None:
    governor = Pace()
    failed(governor, 10.0, Trouble.STALL)
    assert (governor.limit, governor.room(10.0)) == (4, True)
    failed(governor, 20.0, Trouble.STALL)
    assert (governor.limit, governor.room(20.0)) == (2, False)


def test_failures_that_began_together_count_as_one() -> None:
    governor = Pace()
    new = [
        governor.failed(Trouble.STALL, started=9.0, now=moment, width=8)
        for moment in (10.0, 10.1, 10.2, 10.3)
    ]
    assert new == [True, False, False, False]
    assert governor.limit == 4


@pytest.mark.parametrize(("trouble", "limit"), [(Trouble.STALL, 8), (Trouble.LIMIT, 4)])
def test_after_a_stall_more_are_tried_again_but_not_more_than_the_server_allows(
    trouble: Trouble, limit: int
) -> None:
    governor = Pace()
    failed(governor, 10.0, trouble)
    for _success in range(100):
        governor.succeeded()
    assert governor.limit == limit


def test_the_interval_is_between_beginnings() -> None:
    governor = Pace()
    governor.started(100.0, interval=2.0)
    assert not governor.room(101.9)
    assert governor.room(102.0)


def test_who_finds_no_room_is_woken_once_and_only_when_there_is_some() -> None:
    governor = Pace()
    for _connection in range(8):
        governor.started(1.0, interval=0.0)
    governor.wait("first")
    governor.wait("first")
    governor.wait("second")
    assert governor.woken() is None
    governor.ended()
    assert [governor.woken(), governor.woken(), governor.woken()] == ["first", "second", None]


def reached(connections: int | None = None, *, banner: float = 0.0, rtt: float = 0.001) -> Standing:
    standing = Standing(connections=connections)
    standing.succeeded(banner_after=banner, round_trip=rtt)
    return standing


def test_one_connection_until_the_server_was_reached() -> None:
    assert Standing(connections=8).width == 1
    assert reached(8).width == 8


@pytest.mark.parametrize(("rtt", "width"), [(0.0002, 4), (0.02, 8)])
def test_a_long_way_bears_more_connections(rtt: float, width: int) -> None:
    assert reached(rtt=rtt).width == width
    assert reached(2, rtt=rtt).width == 2


def test_the_quickest_answer_is_the_round_trip() -> None:
    standing = reached(rtt=0.2)
    standing.succeeded(banner_after=0.0, round_trip=0.001)
    standing.succeeded(banner_after=0.0, round_trip=0.3)
    assert standing.round_trip == 0.001


def test_a_quick_greeter_that_stalls_is_found_out_quickly() -> None:
    assert Standing(connections=4).patience(30.0) == 30.0
    assert reached(banner=0.01).patience(30.0) == 0.5


def test_a_slow_greeter_is_waited_for() -> None:
    assert reached(banner=6.0).patience(30.0) == 18.0
    assert reached(banner=20.0).patience(30.0) == 30.0


def test_each_stall_makes_it_more_patient_and_a_success_forgets() -> None:
    standing, patience = reached(), []
    for now in range(4):
        standing.failed(Trouble.STALL, now=float(now), repeated=False)
        patience.append(standing.patience(30.0))
    assert patience == [2.0, 8.0, 30.0, 30.0]
    standing.succeeded(banner_after=0.01, round_trip=None)
    assert standing.patience(30.0) == 0.5


@pytest.mark.parametrize("limited", [Trouble.LIMIT, Trouble.REFUSAL])
def test_a_refusal_after_contact_is_a_limit_and_one_stall_is_not(limited: Trouble) -> None:
    standing = reached()
    standing.failed(Trouble.STALL, now=1.0, repeated=False)
    assert not standing.throttled
    standing.failed(limited, now=2.0, repeated=False)
    assert standing.throttled


def test_a_question_that_stalls_twice_shows_a_limit() -> None:
    standing = reached()
    standing.failed(Trouble.STALL, now=1.0, repeated=True)
    assert standing.throttled


def test_a_failure_before_contact_is_a_limit_only_when_the_server_says_so() -> None:
    standing = Standing(connections=4)
    standing.failed(Trouble.REFUSAL, now=1.0, repeated=False)
    assert not standing.throttled
    standing.failed(Trouble.LIMIT, now=2.0, repeated=False)
    assert standing.throttled


@pytest.mark.parametrize(
    ("contact", "trouble", "failures"),
    [(False, Trouble.REFUSAL, 3), (True, Trouble.REFUSAL, 6)],
)
def test_so_many_failures_in_a_row_are_enough(
    contact: bool, trouble: Trouble, failures: int
) -> None:
    standing = reached() if contact else Standing(connections=4)
    for number in range(failures):
        assert not standing.exhausted(float(number))
        standing.failed(trouble, now=float(number), repeated=False)
    assert standing.exhausted(float(failures))


@pytest.mark.parametrize("contact", [True, False])
def test_a_limit_is_waited_out_for_longer_than_the_minute_of_anvil(contact: bool) -> None:
    standing = reached() if contact else Standing(connections=4)
    for second in range(100, 170):
        standing.failed(Trouble.LIMIT, now=float(second), repeated=False)
    assert not standing.exhausted(170.0)
    assert standing.exhausted(176.0)


def test_another_failure_during_a_ban_does_not_end_it() -> None:
    standing = Standing(connections=4)
    for second in range(10):
        standing.failed(Trouble.LIMIT, now=float(second), repeated=False)
    standing.failed(Trouble.REFUSAL, now=10.0, repeated=False)
    assert not standing.exhausted(11.0)


def test_before_contact_pauses_grow_and_never_so_long_that_the_end_of_a_ban_is_missed() -> None:
    standing, now, begun = Standing(connections=4), 0.0, []
    while not standing.exhausted(now):
        begun.append(now)
        standing.failed(Trouble.LIMIT, now=now, repeated=False)
        now = standing.not_before
    assert len(begun) == 10
    assert 60.0 < begun[-1] < 75.0


@pytest.mark.parametrize(
    ("wanted", "files", "most"), [(None, 1024, 256), (None, 256, 64), (8, 256, 8)]
)
def test_the_concurrency_fits_the_open_files(wanted: int | None, files: int, most: int) -> None:
    assert most_connections(wanted, files=files) == most


@pytest.mark.parametrize(("wanted", "said"), [(0, "from 1 up"), (900, "ulimit")])
def test_a_concurrency_that_cannot_be_had_is_one_sentence(wanted: int, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        most_connections(wanted, files=1024)
    assert str(caught.value).endswith(".")
