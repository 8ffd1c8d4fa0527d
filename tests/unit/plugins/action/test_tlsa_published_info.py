# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import dns.name
import dns.rdata
import dns.rdatatype
import pytest
from ansible_collections.postmaster.tls.plugins.action.tlsa_published_info import Watch, watched
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import Message, RRset
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Failure

START = datetime(2026, 11, 22, 5, 0, 0, tzinfo=UTC)
OWNER = "_25._tcp.mx1.example.com."
OLD, NEW = "3 1 1 " + "aa" * 32, "3 1 1 " + "bb" * 32
STRONGER = "3 1 2 " + "cc" * 64
Answers = dict[str, Callable[[float], Sequence[str] | str]]


class Clock:
    """Stands still but while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.told: list[str] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


class Zone:
    """Answers for one server: what it has at the time of the clock, or why it says nothing."""

    def __init__(self, servers: Sequence[Server], answers: Answers, clock: Clock) -> None:
        self.server, self.answers, self.clock = servers[0], answers, clock

    def ask(self, name: dns.name.Name, rdtype: int, *, unchecked: bool) -> Message | Failure:
        assert unchecked
        assert rdtype == dns.rdatatype.TLSA
        said = self.answers[self.server.address](self.clock.seconds)
        if isinstance(said, str):
            return Failure("timeout", said)
        data = [bytes(map(int, text.split()[:3])) + bytes.fromhex(text.split()[3]) for text in said]
        rdatas = tuple(dns.rdata.GenericRdata(1, 52, one) for one in data)
        sets = (RRset(name, rdtype, 300, rdatas),) if rdatas else ()
        return Message(0, False, False, sets)


def look(answers: Answers, clock: Clock, **options: t.Any) -> dict[str, t.Any]:
    defaults: dict[str, t.Any] = {
        "name": "mx1.example.com",
        "port": 25,
        "owner": None,
        "records": [NEW],
        "servers": list(answers),
        "resolver": [],
        "timeout": 0,
        "until": None,
        "previous_ttl": None,
    }

    def asking(servers: Sequence[Server]) -> t.Any:
        return Zone(servers, answers, clock)

    watch = Watch(clock.now, clock.sleep, clock.told.append, asking)
    return watched({**defaults, **options}, watch)


def test_every_server_has_it() -> None:
    seen = look({"192.0.2.1": lambda _s: [OLD, NEW], "192.0.2.2": lambda _s: [NEW]}, Clock())
    assert seen["everywhere"] is True
    assert seen["reason"] is None
    assert seen["records"] == [OLD, NEW]
    assert (seen["ttl"], seen["now"]) == (300, "2026-11-22T05:00:00Z")
    assert seen["wait_until"] == "2026-11-22T05:05:01Z"


def test_one_server_lacks_it() -> None:
    seen = look({"192.0.2.1": lambda _s: [OLD, NEW], "192.0.2.2": lambda _s: [OLD]}, Clock())
    assert seen["everywhere"] is False
    assert seen["reason"] == f"192.0.2.2 (192.0.2.2): it does not have {NEW}"
    assert [one["complete"] for one in seen["servers"]] == [True, False]


def test_a_server_that_does_not_answer_is_no_verdict() -> None:
    seen = look({"192.0.2.1": lambda _s: [NEW], "192.0.2.2": lambda _s: "silence"}, Clock())
    assert seen["everywhere"] is None
    assert seen["servers"][1]["complete"] is None
    assert "silence" in seen["reason"]


def test_a_stronger_digest_beside_it_makes_senders_pass_over_it() -> None:
    seen = look({"192.0.2.1": lambda _s: [STRONGER, NEW]}, Clock())
    assert seen["everywhere"] is False
    assert "stronger digest" in seen["reason"]


def test_it_waits_until_the_last_server_has_it_and_says_how_far_it_is() -> None:
    clock = Clock()
    seen = look(
        {
            "192.0.2.1": lambda _s: [NEW],
            "192.0.2.2": lambda seconds: [NEW] if seconds >= 40 else [OLD],
        },
        clock,
        timeout=60,
    )
    assert seen["everywhere"] is True
    assert clock.seconds == 40
    assert len(clock.told) == 3
    assert "1 of 2 servers have the records" in clock.told[0]
    assert "(60 s left)" in clock.told[0]


def test_it_does_not_wait_longer_than_told() -> None:
    clock = Clock()
    seen = look({"192.0.2.1": lambda _s: [OLD]}, clock, timeout=10)
    assert seen["everywhere"] is False
    assert clock.seconds <= 10


def test_it_waits_for_caches_and_asks_afterwards() -> None:
    clock = Clock()
    answers: Answers = {"192.0.2.1": lambda seconds: [NEW] if seconds < 30 else [OLD]}
    seen = look(answers, clock, until="2026-11-22T05:00:31Z")
    assert clock.seconds == 31
    assert seen["everywhere"] is False
    assert clock.told[0] == f"{OWNER}: caches may hold the older records for 31 s more"


def test_a_time_that_has_passed_is_not_waited_for() -> None:
    clock = Clock()
    look({"192.0.2.1": lambda _s: [NEW]}, clock, until="2026-11-22T04:00:00Z")
    assert clock.seconds == 0


def test_the_set_of_before_may_have_lived_longer() -> None:
    seen = look({"192.0.2.1": lambda _s: [NEW]}, Clock(), previous_ttl=3600)
    assert seen["wait_until"] == "2026-11-22T06:00:01Z"


@pytest.mark.parametrize("ttl", [2**31 - 1, 10**20])
def test_rfc8767_section_4_caches_keep_nothing_for_more_than_a_week(ttl: int) -> None:
    """A time to live comes from whoever is on the way to the server, and is written into the note of a rotation."""
    seen = look({"192.0.2.1": lambda _s: [NEW]}, Clock(), previous_ttl=ttl)
    assert seen["wait_until"] == "2026-11-29T05:00:01Z"
    [warning] = seen["warnings"]
    assert f"is {ttl} s" in warning
    assert "warnings" not in look({"192.0.2.1": lambda _s: [NEW]}, Clock())


def test_without_records_nothing_can_be_in_a_cache() -> None:
    seen = look({"192.0.2.1": lambda _s: []}, Clock())
    assert (seen["ttl"], seen["wait_until"]) == (0, "2026-11-22T05:00:01Z")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"until": "tomorrow"}, "until is 'tomorrow': give a time in UTC"),
        ({"records": ["3 1"]}, "cannot be read"),
        ({"servers": ["ns1"]}, "ns1"),
        ({"name": "a..b"}, "is no name"),
    ],
)
def test_bad_input_is_one_sentence(options: dict[str, t.Any], says: str) -> None:
    with pytest.raises((InvalidInput, CommandFailed), match=says):
        look({"192.0.2.1": lambda _s: [NEW]}, Clock(), **options)
