# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many servers in one process: each for itself, in order, and none waits for one that hangs."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._probe import (
    _engine,
    _session,
    _target,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._batch import Batch, appended
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import Probe, probe_all
from ansible_collections.postmaster.tls.plugins.module_utils._probe._pace import Pace
from ansible_collections.postmaster.tls.plugins.module_utils._probe._reactor import Reactor
from ansible_collections.postmaster.tls.plugins.module_utils._probe._summary import summary
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Endpoint, Target
from ansible_collections.postmaster.tls.tests.benchmarks.many_targets import expected, told
from ansible_collections.postmaster.tls.tests.support.crowd import Crowd
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Peer,
    scripted,
)
from ansible_collections.postmaster.tls.tests.support.many_servers import (
    BAD,
    address,
    free_port,
    many_servers,
    retry_request,
    session_of,
)

#: In seconds: for servers that use it up, and for those that answer, also on a busy machine.
TIMEOUT, AMPLE = 3.0, 30.0
Data = dict[str, t.Any]


def target(host: str, port: int, **options: t.Any) -> Target:
    base = {"checks": ("handshake",), "timeout": TIMEOUT, "ehlo_name": "probe.example.test"}
    return Target(host, port, **{**base, **options})


def results(
    targets: t.Sequence[Target], order: list[int] | None = None, **options: t.Any
) -> list[Data]:
    """What came of the targets, in their order; C(order) gets the positions as they were told."""
    batch = Batch(len(targets), lines=None, say=None)

    def tell(position: int, part: int, found: Probe) -> None:
        batch.told(position, part, found)
        if order is not None:
            order.append(position)

    probe_all(targets, tell=tell, **options)
    return batch.results()


def sound(peer: Peer) -> None:
    peer.to_starttls()
    peer.say(retry_request(session_of(peer.hello())))
    peer.wait()


def test_each_server_is_told_for_what_it_is_and_none_waits_for_another() -> None:
    port = free_port()
    order: list[int] = []
    with many_servers(port, sound=30) as kinds:
        wanted = [
            target(address(number), port, timeout=AMPLE if kind == "sound" else TIMEOUT)
            for number, kind in enumerate(kinds)
        ]
        found = results(wanted, order)
    assert [told(one) for one in found] == [expected(kind) for kind in kinds]
    assert [one["address"] for one in found] == [address(number) for number in range(len(kinds))]
    assert all(order.index(sound) < order.index(0) for sound in range(len(BAD), len(kinds)))
    assert max(one["seconds"] for one in found) < AMPLE
    counts = summary(found)
    assert (counts["hanging"], counts["throttled"], counts["not_tls"]) == (5, 5, 5)
    assert counts["results"] == len(kinds)


def slow(peer: Peer) -> None:
    time.sleep(0.02)
    sound(peer)


def test_targets_at_one_address_share_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = Crowd(monkeypatch)
    with scripted(slow) as server:
        found = results([target("127.0.0.1", server.port, timeout=AMPLE) for _number in range(30)])
    assert [told(one) for one in found] == ["sound"] * 30
    assert (crowd.now, 2 <= crowd.most <= 8) == (0, True)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_all_together_open_no_more_than_the_concurrency(
    concurrency: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd(monkeypatch)
    port = free_port()
    with many_servers(port, sound=12, each=0):
        found = results(
            [target(address(number), port, timeout=AMPLE) for number in range(12)],
            concurrency=concurrency,
        )
    assert [told(one) for one in found] == ["sound"] * 12
    assert (crowd.now, crowd.most) == (0, concurrency)


def hangs_for(name: str, released: threading.Event) -> t.Callable[..., t.Any]:
    real = _target.resolve

    def resolve(wanted: Target) -> t.Any:
        if wanted.host == name:
            released.wait(30)
        if _target.is_address(wanted.host):
            return real(wanted)
        return (Endpoint(socket.AF_INET, ("127.0.0.1", wanted.port)),)

    return resolve


def test_a_name_that_is_not_resolved_in_time_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = threading.Event()
    monkeypatch.setattr(_engine._target, "resolve", hangs_for("slow.example.test", released))
    with scripted(sound) as server:
        quick = [target(name, server.port, timeout=AMPLE) for name in ("quick.test", "127.0.0.1")]
        found = results([target("slow.example.test", server.port, timeout=0.5), *quick])
    assert not released.is_set()
    released.set()
    assert [one["reason"] for one in found] == ["unresolvable", None, None]
    assert "slow.example.test was not resolved within 0.5 seconds" in found[0]["message"]
    assert max(one["seconds"] for one in found[1:]) < AMPLE / 2


def test_a_host_that_does_not_know_its_own_name_says_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = threading.Event()

    def unknown() -> str:
        released.wait(30)
        return ""

    monkeypatch.setattr(_engine, "_OWN_NAME_PATIENCE", 0.3)
    monkeypatch.setattr(_engine.socket, "gethostname", lambda: "short")
    monkeypatch.setattr(_engine._target, "full_name", lambda lookup=unknown: _full(lookup))
    with scripted(sound) as server:
        [found] = results([target("127.0.0.1", server.port, ehlo_name=None, timeout=AMPLE)])
        heard = server.heard[0]
    released.set()
    assert heard == b"EHLO [127.0.0.1]"
    assert found["reached"] is True


def _full(lookup: t.Callable[[], str]) -> str:
    name = lookup()
    return name if "." in name else ""


def test_every_address_has_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(sound) as server:
        both = (
            Endpoint(socket.AF_INET6, ("::1", server.port, 0, 0)),
            Endpoint(socket.AF_INET, ("127.0.0.1", server.port)),
        )
        monkeypatch.setattr(_engine._target, "resolve", lambda _target: both)
        name = "mx.example.test"
        found = results([target(name, server.port, every_address=True), target(name, server.port)])
    assert [one["address"] for one in found] == ["::1", "127.0.0.1", "127.0.0.1"]
    assert [one["reached"] for one in found] == [False, True, True]
    assert all(one["addresses"] == ["::1", "127.0.0.1"] for one in found)
    assert [one["_position"] for one in found] == [0, 0, 1]


def test_a_name_among_several_that_nobody_knows_has_a_result_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The system's resolver is not asked: where no name server answers, it tells after the end of the target."""
    real = _target.resolve

    def numbers_only(name: str, *rest: t.Any) -> list[tuple[t.Any, ...]]:
        if not _target.is_address(name):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return list(socket.getaddrinfo(name, *rest))

    monkeypatch.setattr(_engine._target, "resolve", lambda wanted: real(wanted, numbers_only))
    given = ("nosuch.invalid", "127.0.0.1")
    with scripted(sound) as server:
        wanted = target(
            "mx.example.test", server.port, addresses=given, every_address=True, timeout=AMPLE
        )
        found = results([wanted, target("127.0.0.1", server.port, timeout=AMPLE)])
    told_of = [(one["reason"], one["address"]) for one in found]
    assert told_of == [("unresolvable", None), (None, "127.0.0.1"), (None, "127.0.0.1")]
    assert "nosuch.invalid was not resolved" in found[0]["message"]
    assert [one["addresses"] for one in found] == [["127.0.0.1"]] * 3


def two_addresses(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    both = tuple(Endpoint(socket.AF_INET, (address(number), port)) for number in range(2))
    monkeypatch.setattr(_engine._target, "resolve", lambda _target: both)


def test_who_is_done_takes_no_room_from_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    two_addresses(monkeypatch, port)
    with many_servers(port, sound=2, each=0):
        found = results([target("mx.test", port, every_address=True, timeout=AMPLE)], concurrency=1)
    assert [told(one) for one in found] == ["sound"] * 2
    assert max(one["seconds"] for one in found) < AMPLE / 2


class Waiting:
    """As much of a session as waits at an address."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace


def test_room_at_an_address_is_for_those_who_still_wait_there() -> None:
    reactor, pace = Reactor(), Pace()
    gone, moved, waits = Waiting(pace), Waiting(Pace()), Waiting(pace)
    for session in (gone, moved, waits):
        pace.wait(session)
    for session in (moved, waits):
        reactor._running[session] = reactor.run  # type: ignore[index]
    reactor._wake_neighbour(pace)
    assert list(reactor._ready) == [waits]


def test_a_server_that_nobody_asked_has_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    two_addresses(monkeypatch, port)
    with many_servers(port, sound=0, each=1):
        found = results([target("mx.test", port, every_address=True, timeout=0.5)], concurrency=1)
    unasked = found[1]
    assert (unasked["reached"], unasked["reason"], unasked["connections"]) == (None, "not-asked", 0)
    assert summary(found)["unreached"] == 0


def greets_from(number: int) -> t.Callable[[Peer], None]:
    return lambda peer: peer.wait() if peer.number < number else sound(peer)


@pytest.mark.parametrize(("silent", "reason"), [(1, None), (9, "no-banner")])
def test_the_first_stall_may_be_chance(
    silent: int, reason: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_session, "_BANNER", 1.0)
    with scripted(greets_from(silent)) as server:
        [found] = results([target("127.0.0.1", server.port, timeout=AMPLE)])
    assert (found["reason"], found["connections"]) == (reason, 2)
    assert not found["throttled"]


def test_a_wait_longer_than_a_selector_takes_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    reactor, waits = Reactor(lambda: 0.0), []
    reactor.at(1e12, lambda: None)
    monkeypatch.setattr(reactor._selector, "select", lambda wait: waits.append(wait) or ())
    reactor.run(lambda: not waits)
    assert waits == [3600.0]


def test_a_result_is_in_the_file_as_soon_as_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('{"target": 0}\n')
    seen: list[int] = []

    with appended(str(path)) as lines, scripted(sound) as server:
        batch = Batch(2, lines=lines, say=None)

        def tell(position: int, part: int, probe: Probe) -> None:
            batch.told(position, part, probe)
            seen.append(len(path.read_text().splitlines()))

        probe_all([target("127.0.0.1", server.port), target("127.0.0.1", 1)], tell=tell)
    assert seen == [2, 3]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert {row["target"] for row in rows} == {0, 1, 2}
    assert rows[1]["chains"] == rows[1]["chains_without_sni"] == []


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"results_file .* cannot be written") as caught:
        appended(str(tmp_path / "missing" / "results.jsonl"))
    assert str(caught.value).endswith(".")


def test_a_full_disk_loses_no_result() -> None:
    batch = Batch(3, lines=appended("/dev/full"), say=None)
    for position in range(3):
        batch.told(position, 0, Probe(target("127.0.0.1", 25), reached=False))
    batch.close()
    assert [one["_position"] for one in batch.results()] == [0, 1, 2]
    assert batch.fault is not None
    assert "from result 1 on: No space left on device. It is incomplete" in batch.fault


def test_it_says_now_and_then_how_far_it_is() -> None:
    said: list[str] = []
    batch = Batch(60, lines=io.StringIO(), say=said.append)
    for position in range(60):
        batch.told(position, 0, Probe(target("127.0.0.1", 25), reached=position % 2 == 0))
    assert said == [
        "25 results of 60 targets, 13 reached.",
        "50 results of 60 targets, 25 reached.",
    ]
