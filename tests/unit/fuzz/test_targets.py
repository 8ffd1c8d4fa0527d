# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays what the fuzzer starts from and what it found; and no reader takes quadratic time."""

from __future__ import annotations

import random
import time
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._dialogue import Dialogue
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sslv2 import SSLv2Hello
from ansible_collections.postmaster.tls.tests.fuzz.run import changed, inputs
from ansible_collections.postmaster.tls.tests.fuzz.targets import TARGETS
from ansible_collections.postmaster.tls.tests.support import server_bytes as tls

SIZE = 256 * 1024


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_known_is_read_as_it_must_be(name: str) -> None:
    target = TARGETS[name]
    with target.scope():
        for content in inputs(name):
            target.run(content)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_known_with_some_bytes_changed(name: str) -> None:
    target, chance = TARGETS[name], random.Random(name)
    known = inputs(name)
    with target.scope():
        for _time in range(40):
            target.run(changed(chance.choice(known), chance))


def _fed(receive: t.Callable[[bytes], object], data: bytes) -> float:
    began = time.process_time()
    for position in range(len(data)):
        receive(data[position : position + 1])
    return time.process_time() - began


def _hello(version: Protocol, suite: int) -> t.Callable[[], t.Callable[[bytes], object]]:
    def make() -> t.Callable[[bytes], object]:
        exchange = ClientHello((version,), (suite,)).exchange()
        return exchange.receive

    return make


def _whole(version: Protocol) -> t.Callable[[bytes], object]:
    exchange = FullHandshake(version=version).exchange()
    exchange.opening()
    return exchange.receive


READERS: dict[str, t.Callable[[], t.Callable[[bytes], object]]] = {
    "dialogue": lambda: Dialogue("client.example.test").receive,
    "hello": _hello(Protocol.TLSv1_2, tls.ECDHE_RSA),
    "hello-13": _hello(Protocol.TLSv1_3, tls.AES_13),
    "sslv2": lambda: SSLv2Hello().exchange().receive,
    "handshake": lambda: _whole(Protocol.TLSv1_2),
    "handshake-13": lambda: _whole(Protocol.TLSv1_3),
}
STREAMS: dict[str, bytes] = {
    "one-line": b"220-" + b"x" * SIZE,
    "short-lines": b"220-\r\n" * (SIZE // 6),
    "empty-records": tls.record(b"") * (SIZE // 5),
    "records-of-one-byte": tls.record(b"\x02") + tls.record(b"\x00") * (SIZE // 6),
    "warnings": tls.alert(112, 1) * (SIZE // 7),
    "one-message": tls.record(tls.server_hello()) + tls.record(b"\x0b\x01\xff\xf0" + bytes(131056)),
    "one-message-in-small-records": tls.record(tls.server_hello())
    + tls.record(b"\x0b\x01\xff\xf0")
    + tls.record(b"\x00") * (SIZE // 6),
    "small-messages": tls.record(tls.message(0) * 4096) * (SIZE // 16384),
    "sslv2-message": b"\xff\xff\x04" + bytes(SIZE),
}


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("reader", READERS)
def test_byte_by_byte_takes_no_quadratic_time(reader: str, stream: str) -> None:
    """A quarter of a MiB in 1-byte pieces; quadratic time would be minutes."""
    assert _fed(READERS[reader](), STREAMS[stream]) < 1.0
