# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import ssl
import typing as t

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
from ansible_collections.postmaster.tls.tests.support.mail_servers import Keys, make_keys
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def context_of(keys: Keys, ciphers: str = "ALL:@SECLEVEL=0") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.rsa, keys.rsa_key)
    context.set_ciphers(ciphers)
    return context


def flight(context: ssl.SSLContext, hello: ClientHello) -> bytes:
    """What OpenSSL's server really sends to the hello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(hello.encode())
    with pytest.raises(ssl.SSLError):
        server.do_handshake()
    return outgoing.read()


def read(data: bytes) -> Answer | None:
    return FlightReader().feed(data)


def shown(answer: Answer | None) -> tuple[t.Any, ...]:
    assert isinstance(answer, ServerHello)
    return answer.version, answer.suite, answer.group, answer.retry, answer.certificates


def test_tls12_flight_of_openssl_is_understood(keys: Keys) -> None:
    answer = read(flight(context_of(keys), ClientHello((Protocol.TLSv1_2,), (0xC02F,), (24,))))
    leaf = ssl.PEM_cert_to_DER_cert(keys.rsa.read_text())
    assert shown(answer) == (Protocol.TLSv1_2, 0xC02F, 24, False, (leaf,))


def test_tls13_hello_without_share_gets_a_retry_that_names_suite_and_group(keys: Keys) -> None:
    answer = read(flight(context_of(keys), ClientHello((Protocol.TLSv1_3,), (0x1303,), (23,))))
    assert shown(answer) == (Protocol.TLSv1_3, 0x1303, 23, True, ())


def test_tls13_hello_with_share_gets_a_server_hello(keys: Keys) -> None:
    hello = ClientHello((Protocol.TLSv1_3,), (0x1301,), (29,), key_shares=((29, b"\x09" * 32),))
    answer = read(flight(context_of(keys), hello))
    assert shown(answer) == (Protocol.TLSv1_3, 0x1301, 29, False, ())


def test_no_shared_suite_is_an_alert_by_name(keys: Keys) -> None:
    answer = read(flight(context_of(keys), ClientHello((Protocol.TLSv1_2,), (0xC02B,))))
    assert isinstance(answer, Alert)
    assert (answer.level, answer.name, answer.after) == (2, "handshake_failure", None)


def test_server_name_arrives(keys: Keys) -> None:
    names: list[str | None] = []
    context = context_of(keys)
    context.sni_callback = lambda _connection, name, _context: names.append(name)
    hello = ClientHello((Protocol.TLSv1_2,), (0xC02F,), server_name="mx.example.test")
    flight(context, hello)
    flight(context, dataclasses.replace(hello, server_name=None))
    assert names == ["mx.example.test", None]


def test_sslv3_hello_has_no_extensions() -> None:
    hello = ClientHello((Protocol.SSLv3,), (0x0005, 0x000A), server_name="mx.example.test")
    entropy = b"\xaa" * 32
    body = b"\x03\x00" + entropy + b"\x00" + b"\x00\x04\x00\x05\x00\x0a" + b"\x01\x00"
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    record = b"\x16\x03\x00" + len(message).to_bytes(2, "big") + message
    assert hello.encode(lambda count: entropy[:count]) == record


def test_an_empty_or_repeated_offer_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 32767"):
        ClientHello((Protocol.TLSv1_2,), ())
    with pytest.raises(ValueError, match="once"):
        ClientHello((Protocol.TLSv1_2,), (5, 5))
    with pytest.raises(ValueError, match=r"SSL 3\.0"):
        ClientHello((Protocol.SSLv2,), (5,))


FLIGHT: list[bytes] = []


@pytest.fixture(scope="module", autouse=True)
def _recorded(keys: Keys) -> None:
    hello = ClientHello((Protocol.TLSv1_2,), (0xC02F,))
    FLIGHT[:] = [flight(context_of(keys), hello)]


@given(st.sets(st.integers(1, 1200), max_size=40))
def test_the_pieces_in_which_a_flight_arrives_do_not_matter(cuts: set[int]) -> None:
    data = FLIGHT[0]
    bounds = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    reader = FlightReader()
    answers = [
        reader.feed(data[bounds[number - 1] : bounds[number]]) for number in range(1, len(bounds))
    ]
    assert answers == [None] * (len(answers) - 1) + [read(data)]


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=40))
def test_damage_gives_an_answer_or_waits_and_never_raises(position: int, damage: bytes) -> None:
    data = FLIGHT[0][:position] + damage + FLIGHT[0][position + len(damage) :]
    assert isinstance(read(data), (ServerHello, Alert, NotDetermined, type(None)))


@given(st.binary(max_size=200))
def test_any_bytes_give_an_answer_or_wait_and_never_raise(data: bytes) -> None:
    for start in (b"", b"\x16\x03\x03\x00\x40\x02\x00\x00\x3c", b"\x15\x03\x01\x00\x02"):
        assert isinstance(read(start + data), (ServerHello, Alert, NotDetermined, type(None)))


def record(content: int, data: bytes) -> bytes:
    return bytes((content, 3, 3)) + len(data).to_bytes(2, "big") + data


def message(kind: int, body: bytes) -> bytes:
    return record(22, bytes((kind,)) + len(body).to_bytes(3, "big") + body)


def hello_message(version: bytes = b"\x03\x03", tail: bytes = b"\xc0\x2f\x00") -> bytes:
    return message(2, version + bytes(32) + b"\x00" + tail)


MALFORMED: dict[str, tuple[bytes, str]] = {
    "smtp-text": (b"500 what is this?\r\n", "not-tls"),
    "sslv2-record": (b"\x80\x03\x00\x00\x01", "not-tls"),
    "application-data-first": (record(23, b"x"), "malformed"),
    "alert-of-three-bytes": (record(21, b"\x02\x28\x00"), "malformed"),
    "record-too-long": (b"\x16\x03\x03\xff\xff", "oversized"),
    "message-too-long": (record(22, b"\x02\xff\xff\xff"), "oversized"),
    "certificate-first": (message(11, b"\0\0\0"), "malformed"),
    "version-without-name": (hello_message(b"\x7f\x12"), "malformed"),
    "key-exchange-cut": (hello_message() + message(12, b"\x03\x00\x17\x41ab"), "malformed"),
    "authorities-cut": (hello_message() + message(13, b"\x01\x01\0\0\0\x09abc"), "malformed"),
    "staple-cut": (hello_message() + message(22, b"\x01\0\0\x09abc"), "malformed"),
    "second-key-exchange": (
        hello_message() + 2 * message(12, b"\x03\x00\x17\x01a\x04\x01\0\0"),
        "malformed",
    ),
    "hello-cut-short": (message(2, b"\x03\x03" + bytes(10)), "malformed"),
    "bytes-after-extensions": (hello_message(tail=b"\xc0\x2f\x00\x00\x00X"), "malformed"),
    "list-longer-than-message": (hello_message() + message(11, b"\0\0\x09abc"), "malformed"),
    "too-many-certificates": (
        hello_message() + message(11, (65 * 4).to_bytes(3, "big") + b"\0\0\x01c" * 65),
        "malformed",
    ),
    "finished-in-first-flight": (hello_message() + message(20, b""), "malformed"),
    "second-server-hello": (hello_message() + hello_message(), "malformed"),
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_malformed_flight_is_not_determined(fault: str) -> None:
    data, reason = MALFORMED[fault]
    answer = read(data)
    assert isinstance(answer, NotDetermined)
    assert answer.reason == reason
    assert answer.detail.endswith(".")


def test_a_flight_without_end_is_not_read_without_end() -> None:
    reader, answer, fed = FlightReader(), None, 0
    reader.feed(hello_message())
    while answer is None and fed < 10_000_000:
        piece = record(21, b"\x01\x70") * 1000
        fed += len(piece)
        answer = reader.feed(piece)
    assert isinstance(answer, NotDetermined)
    assert answer.reason == "oversized"
    assert fed < 600_000


def test_an_alert_after_the_hello_says_which_suite_was_meant() -> None:
    answer = read(hello_message() + record(21, b"\x02\x50"))
    assert isinstance(answer, Alert)
    assert answer.name == "internal_error"
    assert answer.after == ServerHello(Protocol.TLSv1_2, 0xC02F)


def test_a_warning_is_passed_over() -> None:
    unrecognized_name = record(21, b"\x01\x70")
    assert read(unrecognized_name + FLIGHT[0]) == read(FLIGHT[0])


def test_an_unknown_alert_keeps_its_number() -> None:
    assert t.cast(Alert, read(record(21, b"\x02\xfe"))).name == "254"


def test_the_chain_is_kept_in_the_order_in_which_it_was_served() -> None:
    listed = b"\0\0\x01a\0\0\x02bc"
    body = len(listed).to_bytes(3, "big") + listed
    hello = hello_message(tail=b"\0\x2f\0")
    answer = read(hello + message(11, body) + message(14, b""))
    assert isinstance(answer, ServerHello)
    assert answer.certificates == (b"a", b"bc")


def test_a_request_for_a_client_certificate_is_noted(keys: Keys) -> None:
    context = context_of(keys)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(keys.rsa)
    answer = read(flight(context, ClientHello((Protocol.TLSv1_2,), (0xC02F,))))
    assert isinstance(answer, ServerHello)
    assert answer.certificate_requested
