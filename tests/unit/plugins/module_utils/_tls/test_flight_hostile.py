# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts in every place of a first flight, and flights that end at every byte or are changed in every byte."""

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._flight import FlightReader
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support import server_bytes as tls

MESSAGES = (
    tls.server_hello(tls.ECDHE_RSA, tls.extension(5), tls.extension(23)),
    tls.certificate(b"leaf", b"intermediate"),
    tls.message(tls.STATUS, b"\x01\x00\x00\x02\x30\x00"),
    tls.ecdhe(),
    tls.request(b"\x30\x00"),
    tls.message(tls.DONE),
)
FLIGHT = tls.record(b"".join(MESSAGES))


def read(data: bytes) -> Answer | None:
    return FlightReader().feed(data)


def test_the_sound_flight() -> None:
    assert isinstance(read(FLIGHT), ServerHello)


def test_a_flight_that_ends_at_any_byte_is_waited_for() -> None:
    assert [end for end in range(len(FLIGHT)) if read(FLIGHT[:end]) is not None] == []


@pytest.mark.parametrize("place", range(len(MESSAGES)))
def test_a_fatal_alert_before_any_message_is_a_refusal(place: int) -> None:
    before = tls.record(b"".join(MESSAGES[:place])) if place else b""
    answer = read(before + tls.alert(40) + tls.record(b"".join(MESSAGES[place:])))
    assert isinstance(answer, Alert)
    assert (answer.after is None) is (place == 0)


def test_a_hello_after_a_fatal_alert_changes_nothing() -> None:
    reader = FlightReader()
    answer = reader.feed(tls.alert(40))
    assert isinstance(answer, Alert)
    assert reader.feed(FLIGHT) is answer


@pytest.mark.parametrize("place", range(len(MESSAGES)))
def test_a_warning_before_any_message_is_passed_over(place: int) -> None:
    records = [tls.record(message) for message in MESSAGES]
    records.insert(place, tls.alert(112, 1))
    assert read(b"".join(records)) == read(FLIGHT)


@pytest.mark.parametrize("place", range(len(MESSAGES)))
def test_without_one_message(place: int) -> None:
    """Only what no suite needs may be missing, and the end is waited for."""
    answer = read(tls.record(b"".join(MESSAGES[:place] + MESSAGES[place + 1 :])))
    kinds = {2: ServerHello, 4: ServerHello, len(MESSAGES) - 1: type(None)}
    assert isinstance(answer, kinds.get(place, NotDetermined))


@pytest.mark.parametrize("first", range(len(MESSAGES) - 2))
def test_two_messages_exchanged(first: int) -> None:
    order = list(MESSAGES)
    order[first], order[first + 1] = order[first + 1], order[first]
    assert not isinstance(read(tls.record(b"".join(order))), ServerHello)


@pytest.mark.parametrize("change", [0x01, 0x80, 0xFF])
def test_a_flight_changed_in_any_byte_never_raises(change: int) -> None:
    hello = ClientHello((Protocol.TLSv1_2,), (tls.ECDHE_RSA,))
    for position in range(len(FLIGHT)):
        changed = bytearray(FLIGHT)
        changed[position] ^= change
        answer = hello.exchange().receive(bytes(changed))[1]
        assert answer is None or isinstance(answer, (ServerHello, Alert, NotDetermined))
