# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows a handshake behind STARTTLS: commands that were sent in clear (CVE-2011-0411), ends, silence."""

from __future__ import annotations

import queue
import socket
import ssl
import time
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Keys,
    Peer,
    Script,
    make_keys,
    scripted,
)
from ansible_collections.postmaster.tls.tests.support.talks import ask_over_starttls

MODERN = (Protocol.TLSv1_2, Protocol.TLSv1_3)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def context_of(keys: Keys) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.ecdsa, keys.ecdsa_key)
    return context


def mail_server(
    keys: Keys,
    then: t.Callable[[Peer, ssl.SSLSocket], None],
    context: ssl.SSLContext | None = None,
) -> Script:
    """A server with Python's own TLS, and what it does after the handshake."""
    context = context or context_of(keys)

    def script(peer: Peer) -> None:
        peer.to_starttls()
        with context.wrap_socket(peer.socket, server_side=True) as tls:
            then(peer, tls)

    return script


BYE = b"221 2.0.0 Bye\r\n"


def forgetful(_peer: Peer, tls: ssl.SSLSocket) -> None:
    assert tls.recv(10) == b"QUIT\r\n"
    tls.sendall(BYE)


def greeting_again(peer: Peer, tls: ssl.SSLSocket) -> None:
    tls.sendall(b"220 mx.example.test ESMTP\r\n")
    forgetful(peer, tls)


def vulnerable(peer: Peer, tls: ssl.SSLSocket) -> None:
    """It finds the command in its buffer, and takes it for one that came under TLS."""
    tls.sendall(b"250 2.0.0 " + peer.hear() + b"\r\n")
    forgetful(peer, tls)


def slow(peer: Peer, tls: ssl.SSLSocket) -> None:
    """As vulnerable, and it takes its time."""
    time.sleep(3.0)
    vulnerable(peer, tls)


def leaving(_peer: Peer, tls: ssl.SSLSocket) -> None:
    tls.shutdown(2)


@pytest.mark.parametrize("version", MODERN)
def test_a_command_behind_starttls_that_is_answered(keys: Keys, version: Protocol) -> None:
    question = FullHandshake(version=version, purpose="injection")
    with scripted(mail_server(keys, vulnerable)) as server:
        answer = ask_over_starttls(server.port, question, behind=b"NOOP\r\n")
    assert isinstance(answer, HandshakeResult)
    assert answer.reply == b"250 2.0.0 NOOP\r\n"
    assert answer.hello.certificates


@pytest.mark.parametrize("version", MODERN)
def test_a_command_behind_starttls_that_is_forgotten(keys: Keys, version: Protocol) -> None:
    question = FullHandshake(version=version, purpose="injection")
    with scripted(mail_server(keys, forgetful)) as server:
        answer = ask_over_starttls(server.port, question, behind=b"NOOP\r\n", patience=2.0)
    assert isinstance(answer, HandshakeResult)
    assert answer.reply == b""


@pytest.mark.parametrize("version", MODERN)
def test_a_server_that_leaves_has_shown_nothing(keys: Keys, version: Protocol) -> None:
    question = FullHandshake(version=version, purpose="injection")
    with scripted(mail_server(keys, leaving)) as server:
        answer = ask_over_starttls(server.port, question, behind=b"NOOP\r\n")
    assert isinstance(answer, NotDetermined)
    assert answer.reason == "closed"


def test_a_renegotiation_that_is_refused_by_leaving(keys: Keys) -> None:
    question = FullHandshake(version=Protocol.TLSv1_2, purpose="renegotiation")
    with scripted(mail_server(keys, leaving)) as server:
        answer = ask_over_starttls(server.port, question)
    assert isinstance(answer, HandshakeResult)
    assert (answer.renegotiation, answer.reason) == (False, "closed")


@pytest.mark.parametrize("version", MODERN)
def test_the_probe_takes_leave(keys: Keys, version: Protocol) -> None:
    heard: queue.Queue[bytes] = queue.Queue()

    def listening(_peer: Peer, tls: ssl.SSLSocket) -> None:
        heard.put(tls.recv(100))
        heard.put(tls.recv(100))

    with scripted(mail_server(keys, listening)) as server:
        ask_over_starttls(server.port, FullHandshake(version=version))
    assert [heard.get(timeout=5), heard.get(timeout=5)] == [b"QUIT\r\n", b""]


@pytest.mark.parametrize("tickets", [0, 1])
def test_the_reply_to_quit_shows_whether_a_ticket_came(keys: Keys, tickets: int) -> None:
    """The server closes at once; with a close_notify unread that would be a reset."""

    def quitting(_peer: Peer, tls: ssl.SSLSocket) -> None:
        assert tls.recv(100) == b"QUIT\r\n"
        tls.sendall(b"221 2.0.0 Bye\r\n")

    context = context_of(keys)
    context.num_tickets = tickets
    question = FullHandshake(purpose="resumption")
    with scripted(mail_server(keys, quitting, context)) as server:
        answer = ask_over_starttls(server.port, question)
    assert isinstance(answer, HandshakeResult)
    assert (answer.resumption is not None) is bool(tickets)


def test_a_server_that_ends_tls_and_goes_on_in_clear_refuses(keys: Keys) -> None:
    def giving_up(_peer: Peer, tls: ssl.SSLSocket) -> None:
        bare = tls.detach()
        with socket.socket(fileno=bare) as connection:
            connection.recv(10_000)
            connection.sendall(b"421 mx.example.test lost input connection\r\n")

    question = FullHandshake(version=Protocol.TLSv1_2, purpose="renegotiation")
    with scripted(mail_server(keys, giving_up)) as server:
        answer = ask_over_starttls(server.port, question)
    assert isinstance(answer, HandshakeResult)
    assert (answer.renegotiation, answer.reason) == (False, "closed")


def injected(port: int, **options: t.Any) -> t.Any:
    checks = ("handshake", "injection")
    target = Target("127.0.0.1", port, checks=checks, timeout=20.0, **options)
    result = probe(target)
    assert result.survey is not None
    return result.survey.injection


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (vulnerable, b"250 2.0.0 NOOP\r\n"),
        (slow, b"250 2.0.0 NOOP\r\n"),
        (forgetful, b""),
        (greeting_again, b""),
    ],
)
def test_the_probe_asks_it(
    keys: Keys, then: t.Callable[[Peer, ssl.SSLSocket], None], expected: bytes
) -> None:
    with scripted(mail_server(keys, then)) as server:
        answer = injected(server.port, ehlo_name="probe.test")
    assert isinstance(answer, HandshakeResult)
    assert answer.reply == expected


def test_the_banner_of_a_port_with_implicit_tls_is_no_reply_to_a_command(keys: Keys) -> None:
    context = context_of(keys)

    def script(peer: Peer) -> None:
        with context.wrap_socket(peer.socket, server_side=True) as tls:
            greeting_again(peer, tls)

    with scripted(script) as server:
        answer = injected(server.port, implicit=True)
        assert len(server.peers) == 1
    assert isinstance(answer, NotDetermined)
    assert answer.reason == "implicit TLS"
