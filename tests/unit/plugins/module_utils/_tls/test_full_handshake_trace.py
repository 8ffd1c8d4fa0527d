# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole handshakes as the RFC recorded them: what the client sends must be the recorded bytes."""

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _handshake_13
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._key_agreement import (
    KeyPair,
    group,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_exchange import (
    HandshakeExchange,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.tests.support.rfc8448 import TRACE, messages

CHANGE_CIPHER_SPEC = bytes.fromhex("140303000101")


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> HandshakeExchange:
    """An exchange for a ticket that sends the ClientHello of RFC 8448 section 3 and has its private key."""

    def offer(self: _handshake_13.Handshake13, code: int, _cookie: bytes) -> None:
        secret = TRACE["client_private_key"]
        self._pair = (code, KeyPair(group(code), lambda _size: secret))
        self._channel.send(1, TRACE["client_hello"][4:])

    monkeypatch.setattr(_handshake_13.Handshake13, "_offer", offer)
    exchange = HandshakeExchange(FullHandshake(purpose="resumption"))
    assert exchange.opening()[5:] == TRACE["client_hello"]
    return exchange


def test_the_trace_of_rfc_8448(recorded: HandshakeExchange) -> None:
    assert recorded.receive(TRACE["record_server_hello"]) == (b"", None)
    sent, answer = recorded.receive(TRACE["record_server_flight"])
    assert answer is None
    assert sent.startswith(CHANGE_CIPHER_SPEC + TRACE["record_client_finished"])
    _sent, answer = recorded.receive(TRACE["record_ticket"])
    assert isinstance(answer, HandshakeResult)
    assert answer.hello.signature == 0x0804
    certificate = messages(TRACE["server_flight"])[1]
    assert answer.hello.certificates == (certificate[4 + 4 + 3 : -2],)
    ticket = answer.resumption
    assert ticket is not None
    assert (ticket.kind, ticket.lifetime, ticket.early_data) == ("tls13", 30, 1024)
    assert (ticket.ticket, ticket.secret) == (TRACE["ticket"], TRACE["resumption_secret"])
    assert TRACE["resumption_secret"].hex() not in repr(answer)


def test_the_trace_in_single_bytes(recorded: HandshakeExchange) -> None:
    names = ("record_server_hello", "record_server_flight", "record_ticket")
    answers = [
        recorded.receive(bytes((byte,)))[1] for byte in b"".join(TRACE[name] for name in names)
    ]
    assert isinstance(answers[-1], HandshakeResult)
    assert set(answers[:-1]) == {None}


@pytest.mark.parametrize("place", range(5, 684, 97))
def test_a_changed_byte_of_the_flight_is_seen(recorded: HandshakeExchange, place: int) -> None:
    recorded.receive(TRACE["record_server_hello"])
    flight = bytearray(TRACE["record_server_flight"])
    flight[place % len(flight)] ^= 1
    _sent, answer = recorded.receive(bytes(flight))
    assert isinstance(answer, NotDetermined)


def test_another_server_random_does_not_lead_to_the_same_keys(recorded: HandshakeExchange) -> None:
    hello = bytearray(TRACE["record_server_hello"])
    hello[20] ^= 1
    recorded.receive(bytes(hello))
    _sent, answer = recorded.receive(TRACE["record_server_flight"])
    assert answer == NotDetermined("handshake-failed", "A record does not authenticate.")


def test_nothing_is_asked_of_a_server_that_is_silent(recorded: HandshakeExchange) -> None:
    assert recorded.idle() is None
    assert recorded.closed() is None
    recorded.receive(TRACE["record_server_hello"])
    assert recorded.idle() is None
    recorded.receive(TRACE["record_server_flight"])
    answer = recorded.idle()
    assert isinstance(answer, NotDetermined)
    assert answer.reason == "timeout"
    assert not isinstance(answer, ServerHello)
