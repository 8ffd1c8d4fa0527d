# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP as it really is: slow greeters, limits that pass, wrong ports, and answers that are silence or an end."""

from __future__ import annotations

import socket
import threading
import time
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._probe import (
    _connection,
    _session,
    _target,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._reactor import Reactor
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._session import Session
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Endpoint, Target
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    GREETING,
    Peer,
    scripted,
)
from ansible_collections.postmaster.tls.tests.support.many_servers import (
    retry_request,
    session_of,
)

Data = dict[str, t.Any]


def probed(port: int, **options: t.Any) -> Data:
    base = {"timeout": 10.0, "ehlo_name": "probe.example.test", "checks": ("handshake",)}
    return report(probe(Target("127.0.0.1", port, **{**base, **options})))


def sound(peer: Peer) -> None:
    peer.to_starttls()
    peer.say(retry_request(session_of(peer.hello())))
    peer.wait()


def refusing(peer: Peer) -> None:
    """Speaks TLS, and refuses every hello with handshake_failure."""
    peer.to_starttls()
    peer.hello()
    peer.say(b"\x15\x03\x03\x00\x02\x02\x28")
    peer.wait()


def test_a_greet_wait_is_waited_out_and_nothing_is_said_before() -> None:
    said_early: list[bytes] = []

    def postscreen(peer: Peer) -> None:
        peer.say(b"220-mx.example.test ESMTP\r\n")
        peer.socket.settimeout(0.7)
        try:
            said_early.append(peer.socket.recv(100))
        except TimeoutError:
            peer.socket.settimeout(None)
        sound(peer)

    with scripted(postscreen) as server:
        result = probed(server.port, checks=("handshake", "protocols"))
    assert said_early == []
    assert result["handshake"]["accepted"] is True
    assert not result["throttled"]


def test_a_greeter_that_becomes_slow_is_waited_for_after_the_first_stall() -> None:
    def slows_down(peer: Peer) -> None:
        time.sleep(0.0 if peer.number == 0 else 0.7)
        refusing(peer)

    with scripted(slows_down) as server:
        result = probed(server.port, checks=("handshake", "protocols"))
    assert None not in [item["accepted"] for item in result["protocols"]]


def test_a_limit_that_passes_costs_time_and_no_verdict() -> None:
    def limited_for_a_while(peer: Peer) -> None:
        if 3 <= peer.number < 6:
            peer.say(b"421 4.7.0 too many connections from you\r\n")
        else:
            refusing(peer)

    with scripted(limited_for_a_while) as server:
        result = probed(server.port, checks=("handshake", "protocols"))
    assert result["throttled"]
    assert {item["accepted"] for item in result["protocols"]} == {False}
    assert result["reason"] is None
    assert [finding["code"] for finding in result["findings"]].count("throttled") == 1


def test_a_limit_to_the_end_is_said_with_the_servers_own_words() -> None:
    def always(peer: Peer) -> None:
        peer.say(b"421 4.7.0 mx.example.test Error: too many connections\r\n")

    with scripted(always) as server:
        result = probed(server.port, timeout=5.0)
    assert (result["reason"], result["throttled"]) == ("throttled", True)
    assert "too many connections" in result["message"]
    assert "5 seconds" in result["message"]


def test_a_limit_is_what_is_told_where_the_time_ended_before_the_last_banner() -> None:
    def limited_then_slow(peer: Peer) -> None:
        if peer.number == 0:
            peer.say(b"421 4.7.0 mx.example.test Error: too many connections\r\n")
        else:
            peer.wait()

    with scripted(limited_then_slow) as server:
        result = probed(server.port, timeout=3.0)
    assert (result["reason"], result["throttled"]) == ("throttled", True)
    assert "too many connections" in result["message"]
    assert result["connections"] == 2


def test_a_refusal_of_connections_after_contact_is_a_limit() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1)
    port = listener.getsockname()[1]

    def once() -> None:
        connection, _address = listener.accept()
        listener.close()
        refusing_peer(connection)

    thread = threading.Thread(target=once, daemon=True)
    thread.start()
    result = probed(port, timeout=3.0, checks=("handshake", "protocols"))
    thread.join()
    assert result["throttled"]
    assert result["reason"] == "refused"
    assert result["handshake"]["reason"] == "alert handshake_failure"
    assert {item["accepted"] for item in result["protocols"]} == {None}


def refusing_peer(connection: socket.socket) -> None:
    with connection:
        refusing(Peer(connection, 0, threading.Event()))


def test_ehlo_that_is_refused_is_followed_by_helo() -> None:
    def old(peer: Peer) -> None:
        peer.say(GREETING)
        peer.hear()
        peer.say(b"502 5.5.2 what\r\n")
        peer.hear()
        peer.say(b"250 mx.example.test\r\n")
        peer.hear()

    with scripted(old) as server:
        result = probed(server.port)
    assert result["reason"] == "no-starttls"
    assert server.heard == [b"EHLO probe.example.test", b"HELO probe.example.test", b"QUIT"]


def test_a_temporary_refusal_of_ehlo_is_asked_again() -> None:
    def greylists(peer: Peer) -> None:
        if peer.number < 2:
            peer.say(GREETING)
            peer.hear()
            peer.say(b"450 4.7.1 try again\r\n")
            peer.hear()
        else:
            sound(peer)

    with scripted(greylists) as server:
        result = probed(server.port)
    assert result["handshake"]["accepted"] is True


def test_lmtp_over_its_own_greeting() -> None:
    with scripted(sound) as server:
        result = probed(server.port, lmtp=True)
        heard = server.heard[0]
    assert heard == b"LHLO probe.example.test"
    assert result["handshake"]["accepted"] is True


def test_a_port_for_implicit_tls_gets_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "_BANNER_OF_THE_WRONG_MODE", 1.0)
    with scripted(lambda peer: peer.wait()) as server:
        monkeypatch.setattr(_target, "_IMPLICIT_PORTS", frozenset((server.port,)))
        result = probed(server.port, timeout=30.0)
    assert (result["reason"], result["connections"]) == ("no-banner", 2)
    assert "tls_mode implicit" in result["message"]
    assert result["seconds"] < 15


def test_a_port_for_starttls_gets_a_hint() -> None:
    with scripted(sound) as server:
        result = probed(server.port, implicit=True)
    assert result["reason"] == "not-tls"
    assert "tls_mode starttls" in result["message"]


class Waiting:
    """An exchange that says nothing and makes an answer of silence, or of the end."""

    progress = "before any answer"
    purpose = "injection"

    def __init__(self, silences: int) -> None:
        self.silences = silences

    def exchange(self) -> Waiting:
        return self

    def opening(self) -> bytes:
        return b"hello\n"

    def receive(self, _data: bytes) -> tuple[bytes, None]:
        return b"", None

    def idle(self) -> NotDetermined | None:
        self.silences -= 1
        return None if self.silences else NotDetermined("silence", "It was silent.")

    def closed(self) -> NotDetermined:
        return NotDetermined("ended", "It ended.")


def asked(port: int, question: Waiting) -> tuple[t.Any, float]:
    def strategy() -> t.Generator[t.Any, t.Any, t.Any]:
        return (yield question)

    started = time.monotonic()
    target = Target("127.0.0.1", port, timeout=10.0)
    endpoint = Endpoint(socket.AF_INET, ("127.0.0.1", port))
    session = Session(target, [endpoint], strategy(), ehlo_name="probe.test", now=started)
    reactor = Reactor()
    reactor.add(session, lambda: None)
    reactor.run()
    return session.result, time.monotonic() - started


def test_silence_can_be_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_connection, "_IDLE", 0.2)

    def silent(peer: Peer) -> None:
        peer.to_starttls()
        peer.wait()

    with scripted(silent) as server:
        answer, seconds = asked(server.port, Waiting(silences=2))
        assert b"NOOP" not in server.heard
    assert answer.reason == "silence"
    assert 0.4 <= seconds < 8.0


def test_the_end_of_a_connection_can_be_an_answer() -> None:
    with scripted(lambda peer: peer.to_starttls()) as server:
        answer, _seconds = asked(server.port, Waiting(silences=9))
    assert answer.reason == "ended"


def test_an_injection_has_its_command_behind_starttls() -> None:
    packets: list[bytes] = []

    def listening(peer: Peer) -> None:
        peer.say(GREETING)
        peer.hear()
        peer.say(b"250-mx\r\n250 STARTTLS\r\n")
        packets.append(peer.socket.recv(100))

    with scripted(listening) as server:
        asked(server.port, Waiting(silences=1))
    assert packets[0] == b"STARTTLS\r\nNOOP\r\n"
