# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against servers that misbehave: it ends in time, and what was not answered is never a verdict."""

from __future__ import annotations

import errno
import socket
import time
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._probe import _connection, _target
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import Probe, probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import SuiteScan
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import (
    ProtocolScan,
    Survey,
)
from ansible_collections.postmaster.tls.tests.support.crowd import Crowd
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    GREETING,
    Keys,
    Peer,
    Script,
    make_keys,
    openssl_server,
    relayed,
    scripted,
)

TIMEOUT = 1.0
HELLO = ServerHello(Protocol.TLSv1_2, 0xC02F, 29)
FAMILIES = ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"))
Data = dict[str, t.Any]


def probed(port: int, host: str = "127.0.0.1", **options: t.Any) -> Data:
    options = {"timeout": TIMEOUT, "ehlo_name": "probe.example.test", **options}
    started = time.monotonic()
    result = report(probe(Target(host, port, **options)))
    assert time.monotonic() - started < options["timeout"] + 10.0
    assert result["connections"] < 60
    return result


def no_verdict(result: Data) -> None:
    """Nothing in the result says accepted or refused."""
    assert all(item["accepted"] is None for item in result["protocols"])
    assert all(item["accepted"] is None for item in result["groups"])
    assert not any(result["ciphers"].values())
    assert result["handshake"] is None or result["handshake"]["accepted"] is None


def banner(text: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.say(text)
        peer.wait()

    return script


def at_ehlo(reply: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.say(GREETING)
        peer.hear()
        peer.say(reply)
        peer.hear()

    return script


def at_hello(answer: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.to_starttls()
        peer.hello()
        peer.say(answer)
        peer.wait()

    return script


def test_what_a_terminal_would_obey_is_escaped() -> None:
    text = b"554 \x1b[31m \xc2\x9b31m \xe2\x80\xae \xff gr\xc3\xbcn\r\n"
    with scripted(banner(text)) as server:
        result = probed(server.port)
    assert result["smtp"]["banner"] == "554 \\x1b[31m \\x9b31m \\u202e \\xff grün"
    assert result["message"].isprintable()


def test_an_address_family_that_this_machine_lacks_is_passed_over(
    backend: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.socket

    def without_ipv6(family: int = -1, *rest: t.Any, **more: t.Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family, *rest, **more)

    with scripted(relayed(backend)) as server:
        both = [(family, 1, 6, "", (host, server.port)) for family, host in FAMILIES]
        monkeypatch.setattr(_connection.socket, "socket", without_ipv6)
        endpoints = _target.resolve(Target("mx.example.test"), lambda *_rest: both)
        monkeypatch.setattr(_target, "resolve", lambda _target: endpoints)
        result = probed(server.port, host="mx.example.test", timeout=5.0, checks=("handshake",))
    assert (result["address"], result["handshake"]["accepted"]) == ("127.0.0.1", True)


def test_alert_to_everything_is_a_refusal_that_names_the_alert() -> None:
    with scripted(at_hello(b"\x15\x03\x03\x00\x02\x02\x28")) as server:
        result = probed(server.port)
    assert result["reached"] is True
    assert result["handshake"]["reason"] == "alert handshake_failure"
    assert {(item["accepted"], item["reason"]) for item in result["protocols"]} == {
        (False, "alert handshake_failure")
    }
    assert result["protocols"][0]["name"] == "SSLv2"


def test_no_starttls_is_a_finding_and_the_server_hears_quit() -> None:
    with scripted(at_ehlo(b"250-mx\r\n250 SIZE\r\n")) as server:
        result = probed(server.port)
    assert server.heard == [b"EHLO probe.example.test", b"QUIT"]
    assert [finding["code"] for finding in result["findings"]] == ["starttls-not-offered"]
    assert result["smtp"]["starttls"] is False
    assert "S: 250 SIZE" in result["smtp"]["transcript"]


@pytest.mark.parametrize(
    "reply", [b"454 4.7.0 TLS not available due to local problem\r\n", b"501 no\r\n"]
)
def test_starttls_that_is_offered_and_refused_is_a_finding(reply: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.say(GREETING)
        peer.hear()
        peer.say(b"250-mx\r\n250 STARTTLS\r\n")
        peer.hear()
        peer.say(reply)
        peer.hear()

    with scripted(script) as server:
        result = probed(server.port, timeout=30.0)
    [finding] = result["findings"]
    assert (finding["code"], finding["severity"]) == ("starttls-fails", "high")
    assert reply.decode().strip() in finding["evidence"]
    no_verdict(result)


def test_nothing_listens_is_a_result() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = probed(unused.getsockname()[1])
    assert (result["reached"], result["reason"], result["connections"]) == (False, "refused", 1)
    no_verdict(result)


def test_a_name_that_does_not_exist_is_a_result() -> None:
    result = report(probe(Target("mx.invalid", timeout=TIMEOUT)))
    assert (result["reached"], result["reason"], result["address"]) == (False, "unresolvable", None)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def backend(keys: Keys) -> t.Iterator[int]:
    with openssl_server("-cert", str(keys.rsa), "-key", str(keys.rsa_key)) as port:
        yield port


PLAIN = ("handshake", "protocols", "ciphers")


def accepted(result: Data) -> dict[str, bool | None]:
    return {item["name"]: item["accepted"] for item in result["protocols"]}


def test_a_sound_server_over_ipv6(backend: int) -> None:
    with scripted(relayed(backend), family=socket.AF_INET6) as server:
        result = probed(server.port, host="::1", timeout=20.0, checks=PLAIN)
    assert result["address"] == "::1"
    assert accepted(result)["TLSv1.2"] is True
    assert not result["undetermined"]
    assert not result["throttled"]


def test_bytes_after_starttls_are_a_finding(backend: int) -> None:
    sound = relayed(backend)

    def injected(peer: Peer) -> None:
        say = peer.say
        after = {b"220 go ahead\r\n": b"250 injected\r\n"}
        peer.say = lambda data: say(data + after.get(data, b""))
        sound(peer)

    with scripted(injected) as server:
        result = probed(server.port, timeout=10.0, checks=("handshake",))
    assert [finding["code"] for finding in result["findings"]] == ["bytes-after-starttls"]
    assert "250 injected" in result["findings"][0]["evidence"]
    assert result["handshake"]["accepted"] is True


def test_a_limit_slows_the_probe_and_changes_no_verdict(backend: int) -> None:
    sound = relayed(backend)

    def limited(peer: Peer) -> None:
        if peer.number % 9 == 5:
            peer.say(b"421 4.7.0 too many connections from you\r\n")
        else:
            sound(peer)

    with scripted(sound) as server:
        free = probed(server.port, timeout=20.0, checks=PLAIN)
    with scripted(limited) as server:
        result = probed(server.port, timeout=20.0, checks=PLAIN)
    assert result["throttled"]
    assert not free["throttled"]
    assert not result["undetermined"]
    for key in ("protocols", "preference"):
        assert result[key] == free[key]
    assert {k: {s["code"] for s in v} for k, v in result["ciphers"].items()} == {
        k: {s["code"] for s in v} for k, v in free["ciphers"].items()
    }


def test_a_stall_is_tried_again_and_changes_no_verdict(backend: int) -> None:
    """The full listen queue: a connection that opens, and no banner ever comes."""
    sound = relayed(backend)

    def stalls(peer: Peer) -> None:
        if peer.number == 4:
            peer.wait()
        else:
            sound(peer)

    with scripted(stalls) as server:
        result = probed(server.port, timeout=20.0, checks=("handshake", "protocols"))
    assert accepted(result)["TLSv1.2"] is True
    assert None not in list(accepted(result).values())[1:]
    assert not result["throttled"]
    assert result["seconds"] < 10.0


def test_a_refused_connection_needs_no_other_user() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = report(probe(Target("127.0.0.1", unused.getsockname()[1], timeout=2.0)))
    [finding] = result["findings"]
    assert finding["evidence"] == "No connection: Connection refused."
    assert "become" not in finding["remedy"]


@pytest.mark.parametrize(("accepted", "said"), [(True, False), (None, True)])
def test_cuts_are_told_only_where_they_leave_a_version_open(
    accepted: bool | None, said: bool
) -> None:
    scan = ProtocolScan(
        Protocol.TLSv1_2, accepted, "closed", SuiteScan(Protocol.TLSv1_2), complete=True
    )
    seen = [cuts_told(Survey(HELLO, scans)) for scans in ((), (scan,))]
    assert seen == [False, said]


def cuts_told(survey: Survey) -> bool:
    cut = Probe(Target("127.0.0.1"), True, survey=survey, cuts=1)
    return any("closed the connection" in one["evidence"] for one in report(cut)["findings"])


def test_the_evidence_of_a_long_reply_is_short() -> None:
    def endless(peer: Peer) -> None:
        peer.say(b"220 mx.example.test\r\n")
        peer.hear()
        peer.say(b"".join(b"250-X-WORD-%d\r\n" % number for number in range(900)) + b"250 HELP\r\n")
        peer.wait()

    with scripted(endless) as server:
        result = report(probe(Target("127.0.0.1", server.port, timeout=2.0)))
    [finding] = [one for one in result["findings"] if one["code"] == "starttls-not-offered"]
    assert finding["evidence"].endswith("…")
    assert len(finding["evidence"]) == 501


def test_a_server_that_stops_answering_leaves_the_rest_open(backend: int) -> None:
    sound = relayed(backend)

    def stops(peer: Peer) -> None:
        if peer.number < 8:
            sound(peer)
        else:
            peer.say(b"421 4.7.0 come back tomorrow\r\n")

    with scripted(stops) as server:
        result = probed(server.port, timeout=4.0, checks=PLAIN)
    assert result["throttled"]
    assert result["undetermined"]
    assert {"throttled", "not-determined"} <= {finding["code"] for finding in result["findings"]}
    assert False not in accepted(result).values() or accepted(result)["SSLv3"] is False
    assert accepted(result)["TLSv1.2"] is not False


@pytest.mark.parametrize("connections", [1, 4, 8])
def test_no_more_connections_at_once_than_asked_for(
    backend: int, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd(monkeypatch)
    with scripted(relayed(backend)) as server:
        result = report(
            probe(Target("127.0.0.1", server.port, connections=connections, timeout=30.0))
        )
    assert (crowd.now, crowd.most) == (0, connections)
    assert result["connections"] == len(server.peers)


def test_the_interval_is_kept(backend: int) -> None:
    with scripted(relayed(backend)) as server:
        started = time.monotonic()
        result = probed(server.port, timeout=20.0, checks=("protocols",), interval=0.1)
    assert time.monotonic() - started >= 0.1 * (result["connections"] - 1)
