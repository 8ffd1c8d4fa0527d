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
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._run import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    EHLO_REPLY,
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
FAMILIES = ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"))
Data = dict[str, t.Any]


def probed(port: int, host: str = "127.0.0.1", **options: t.Any) -> Data:
    options = {"timeout": TIMEOUT, "ehlo_name": "probe.example.test", **options}
    started = time.monotonic()
    result = report(probe(Target(host, port, **options)))
    assert time.monotonic() - started < options["timeout"] + 1.0
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


def at_starttls(reply: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.say(GREETING)
        peer.hear()
        peer.say(EHLO_REPLY)
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


def drips(data: bytes) -> Script:
    return lambda peer: peer.drip(data, pause=0.02)


def endless(peer: Peer) -> None:
    while True:
        peer.say(b"220-" + b"still greeting " * 64 + b"\r\n")


def endless_flight(peer: Peer) -> None:
    peer.to_starttls()
    peer.hello()
    peer.say(b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + bytes(33) + b"\xc0\x2f\x00")
    while True:
        peer.say(b"\x16\x03\x03\x40\x00" + b"\x16\x00\x3f\xfc" + bytes(0x3FFC))


def dripped_flight(peer: Peer) -> None:
    peer.to_starttls()
    peer.hello()
    peer.drip(b"\x16\x03\x03\x40\x00" + bytes(4000), pause=0.02)


def reset_at_connect(peer: Peer) -> None:
    peer.reset()


def reset_at_hello(peer: Peer) -> None:
    peer.to_starttls()
    peer.hello()
    peer.reset()


def close_at_hello(peer: Peer) -> None:
    peer.to_starttls()
    peer.hello()


MISBEHAVIOUR: dict[str, tuple[Script, bool | None, str]] = {
    "silence": (lambda peer: peer.wait(), None, "no-banner"),
    "closes-at-once": (lambda _peer: None, None, "closed"),
    "resets-at-once": (reset_at_connect, None, "reset"),
    "endless-banner": (endless, None, "malformed"),
    "dripping-banner": (drips(b"220-" + b"x" * 4000), None, "no-banner"),
    "banner-without-newline": (banner(b"220 mx.example.test"), None, "no-banner"),
    "another-protocol": (banner(b"SSH-2.0-OpenSSH_9.2\r\n"), None, "malformed"),
    "tls-without-being-asked": (banner(b"\x16\x03\x01\x00\x02\x01\x00\n"), None, "malformed"),
    "rejects": (banner(b"554 5.7.1 go away\r\n"), True, "rejected"),
    "limits": (banner(b"421 4.7.0 too many connections\r\n"), True, "throttled"),
    "silent-at-ehlo": (at_ehlo(b""), True, "timeout"),
    "no-starttls": (at_ehlo(b"250-mx\r\n250 SIZE\r\n"), True, "no-starttls"),
    "tls-not-available": (at_starttls(b"454 4.7.0 not now\r\n"), True, "starttls-unavailable"),
    "starttls-refused": (at_starttls(b"502 5.5.1 no\r\n"), True, "starttls-refused"),
    "silent-at-starttls": (at_starttls(b""), True, "timeout"),
}


@pytest.mark.parametrize("fault", MISBEHAVIOUR)
def test_before_the_handshake(fault: str) -> None:
    script, reached, reason = MISBEHAVIOUR[fault]
    with scripted(script) as server:
        result = probed(server.port)
    assert (result["reached"], result["reason"]) == (reached, reason)
    assert result["message"].endswith(".")
    assert result["handshake"] is None
    no_verdict(result)


def server_hello(version: int, suite: int, group: int | None = None) -> bytes:
    """A whole flight up to TLS 1.2, a ServerHello of TLS 1.3."""
    extensions = b""
    if version == 0x0304:
        extensions = b"\x00\x2b\x00\x02\x03\x04"
        if group is not None:
            extensions += b"\x00\x33\x00\x04" + group.to_bytes(2, "big") + b"\x00\x00"
        extensions = len(extensions).to_bytes(2, "big") + extensions
    legacy = min(version, 0x0303).to_bytes(2, "big")
    body = legacy + bytes(33) + suite.to_bytes(2, "big") + b"\x00" + extensions
    done = b"" if version == 0x0304 else b"\x0e\x00\x00\x00"
    messages = b"\x02" + len(body).to_bytes(3, "big") + body + done
    return b"\x16\x03\x03" + len(messages).to_bytes(2, "big") + messages


IN_HANDSHAKE: dict[str, tuple[Script, str]] = {
    "silence": (at_hello(b""), "timeout"),
    "close": (close_at_hello, "closed"),
    "reset": (reset_at_hello, "reset"),
    "plaintext": (at_hello(b"500 5.5.1 what is this\r\n"), "not-tls"),
    "record-without-end": (at_hello(b"\x16\x03\x03\x40\x00"), "timeout"),
    "oversized-record": (at_hello(b"\x16\x03\x03\xff\xff"), "oversized"),
    "hello-without-its-flight": (
        at_hello(b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + bytes(33) + b"\xc0\x2f\x00"),
        "timeout",
    ),
    "endless-flight": (endless_flight, "oversized"),
    "dripping-flight": (dripped_flight, "timeout"),
    "close-notify": (at_hello(b"\x15\x03\x03\x00\x02\x02\x00"), "closed"),
    "suite-never-offered": (at_hello(server_hello(0x0303, 0x0000)), "contradictory"),
    "suite-without-a-name": (at_hello(server_hello(0x0303, 0xFFFF)), "contradictory"),
    "suite-of-another-version": (at_hello(server_hello(0x0303, 0x1301)), "contradictory"),
    "group-never-offered": (at_hello(server_hello(0x0304, 0x1301, 0xFEFE)), "contradictory"),
    "no-group": (at_hello(server_hello(0x0304, 0x1301)), "contradictory"),
    "garbage": (at_hello(bytes(range(256)) * 8), "not-tls"),
}


@pytest.mark.parametrize("fault", IN_HANDSHAKE)
def test_in_the_handshake(fault: str) -> None:
    script, reason = IN_HANDSHAKE[fault]
    with scripted(script) as server:
        result = probed(server.port, checks=("handshake", "protocols"))
    assert result["reached"] is True
    assert result["smtp"]["starttls"] is True
    assert result["handshake"]["reason"] == reason
    no_verdict(result)


def test_a_version_above_the_offered_one_is_no_verdict() -> None:
    with scripted(at_hello(server_hello(0x0304, 0x1301, 29))) as server:
        result = probed(server.port, checks=("handshake", "protocols"))
    verdicts = {item["name"]: (item["accepted"], item["reason"]) for item in result["protocols"]}
    assert verdicts.pop("TLSv1.3") == (True, None)
    assert verdicts.pop("SSLv2") == (None, "not asked")
    assert set(verdicts.values()) == {(None, "contradictory")}


def test_a_version_below_those_of_a_sender_is_no_handshake() -> None:
    with scripted(at_hello(server_hello(0x0300, 0x002F))) as server:
        result = probed(server.port, checks=("handshake", "protocols"))
    assert (result["handshake"]["accepted"], result["handshake"]["reason"]) == (
        None,
        "SSLv3 chosen",
    )
    verdicts = {item["name"]: item["accepted"] for item in result["protocols"]}
    assert verdicts == {
        "SSLv2": None,
        "SSLv3": True,
        **dict.fromkeys(("TLSv1", "TLSv1.1", "TLSv1.2"), False),
        "TLSv1.3": None,
    }


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
    assert {(item["accepted"], item["reason"]) for item in result["protocols"][1:]} == {
        (False, "alert handshake_failure")
    }
    assert result["protocols"][0] == {"name": "SSLv2", "accepted": None, "reason": "not asked"}


def test_no_starttls_is_a_finding_and_the_server_hears_quit() -> None:
    with scripted(at_ehlo(b"250-mx\r\n250 SIZE\r\n")) as server:
        result = probed(server.port)
    assert server.heard == [b"EHLO probe.example.test", b"QUIT"]
    assert [finding["code"] for finding in result["findings"]] == ["starttls-not-offered"]
    assert result["smtp"]["starttls"] is False
    assert "S: 250 SIZE" in result["smtp"]["transcript"]


def test_it_never_speaks_before_the_banner() -> None:
    talked: list[bytes] = []

    def waits(peer: Peer) -> None:
        peer.say(b"220-mx.example.test waits\r\n")
        peer.socket.settimeout(0.3)
        try:
            talked.append(peer.socket.recv(100))
        except OSError:
            peer.socket.settimeout(None)
        at_ehlo(b"250 mx\r\n")(peer)

    with scripted(waits) as server:
        result = probed(server.port, timeout=3.0)
    assert talked == []
    assert result["reason"] == "no-starttls"


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
    assert result["seconds"] < 1.5


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
def test_no_more_connections_at_once_than_asked_for(backend: int, connections: int) -> None:
    sound, open_now, most = relayed(backend), [0], [0]

    def counted(peer: Peer) -> None:
        open_now[0] += 1
        most[0] = max(most[0], open_now[0])
        try:
            sound(peer)
        finally:
            open_now[0] -= 1

    with scripted(counted) as server:
        result = report(
            probe(Target("127.0.0.1", server.port, connections=connections, timeout=30.0))
        )
    # The front may still be closing a connection that the probe has already left.
    assert most[0] <= connections + 2
    assert result["connections"] == len(server.peers)


def test_the_interval_is_kept(backend: int) -> None:
    with scripted(relayed(backend)) as server:
        started = time.monotonic()
        result = probed(server.port, timeout=20.0, checks=("protocols",), interval=0.1)
    assert time.monotonic() - started >= 0.1 * (result["connections"] - 1)
