# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that send what no sound one does: the exchange ends with an answer, in little time, and never raises."""

from __future__ import annotations

import contextlib
import time
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _handshake_messages,
    _record_layer,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import MalformedMessage
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support.paper_tls13 import (
    CERTIFICATE,
    EXTENSIONS,
    FINISHED,
    REQUEST,
    SOUND,
    TICKET,
    PaperServer,
    certificate,
    extension,
    message,
    vector,
)
from hypothesis import given, settings
from hypothesis import strategies as st

SUITE = (0x1303,)


class Talk:
    """An exchange and the paper server that answers it."""

    def __init__(self, purpose: str = "certificates") -> None:
        self.exchange: t.Any = FullHandshake(suites=SUITE, purpose=purpose).exchange()
        self.server = PaperServer(self.exchange.opening())
        self.output = b""

    def hear(self, data: bytes) -> t.Any:
        output, answer = self.exchange.receive(data)
        self.output += output
        return answer

    def established(self) -> t.Any:
        return self.hear(
            self.server.server_hello() + self.server.sealed(*SOUND) + self.server.finished()
        )


@pytest.fixture
def talk() -> Talk:
    return Talk()


def refused(answer: t.Any, reason: str, words: str) -> None:
    assert isinstance(answer, NotDetermined)
    assert answer.reason == reason
    assert words in answer.detail
    assert answer.detail.endswith(".")


def test_a_sound_paper_server_is_understood(talk: Talk) -> None:
    answer = talk.established()
    assert isinstance(answer, ServerHello)
    assert answer.certificates == (b"leaf",)
    assert answer.signature == 0x0804
    assert answer.staple == b""


def test_messages_may_share_a_record_or_be_cut_in_pieces(talk: Talk) -> None:
    flight = b"".join(SOUND)
    assert talk.hear(talk.server.server_hello()) is None
    for start in range(0, len(flight), 7):
        assert talk.hear(talk.server.sealed(flight[start : start + 7])) is None
    assert isinstance(talk.hear(talk.server.finished()), ServerHello)


MISPLACED = {
    "no EncryptedExtensions": (certificate(b"leaf"),),
    "no certificate": (SOUND[0], SOUND[2]),
    "no CertificateVerify": (*SOUND[:2], message(FINISHED, bytes(32))),
    "two requests": (SOUND[0], *(message(REQUEST, b"\0" + vector(b"", 2)),) * 2),
    "two certificates": (*SOUND[:2], SOUND[1]),
    "a ticket": (*SOUND[:2], message(TICKET, bytes(40))),
    "a hello": (message(2, bytes(40)),),
    "unknown": (message(99, b""),),
    "extensions cut": (message(EXTENSIONS, b"\0\x08\0\0"),),
    "extension twice": (message(EXTENSIONS, vector(extension(16, b"") * 2, 2)),),
    "certificate cut": (SOUND[0], message(CERTIFICATE, b"\0\0\0\x09\0\0\x04leaf")),
    "bytes behind the list": (SOUND[0], SOUND[1][:3] + b"\x0e" + SOUND[1][4:] + b"\0"),
    "65 certificates": (SOUND[0], certificate(*[b"leaf"] * 65)),
    "staple cut": (SOUND[0], certificate(b"leaf", extensions=extension(5, b"\x01\0\0\x09x"))),
}


@pytest.mark.parametrize("messages", MISPLACED.values(), ids=list(MISPLACED))
def test_what_does_not_belong_there_is_malformed(talk: Talk, messages: tuple[bytes, ...]) -> None:
    answer = talk.hear(talk.server.server_hello() + talk.server.sealed(*messages))
    refused(answer, "malformed", "")


def test_a_wrong_finished_is_seen(talk: Talk) -> None:
    server = talk.server
    wrong = message(FINISHED, bytes(32))
    answer = talk.hear(server.server_hello() + server.sealed(*SOUND, wrong))
    refused(answer, "handshake-failed", "Finished")
    assert not talk.output


def test_a_flight_in_clear_is_not_taken(talk: Talk) -> None:
    clear = b"".join(_record_layer.record(22, 0x0303, one) for one in SOUND)
    refused(talk.hear(talk.server.server_hello() + clear), "handshake-failed", "not")


def test_a_key_change_within_a_message_is_malformed(talk: Talk) -> None:
    hello = talk.server.server_hello()
    length = int.from_bytes(hello[3:5], "big") + 2
    joined = hello[:3] + length.to_bytes(2, "big") + hello[5:] + b"\x08\0"
    refused(talk.hear(joined), "malformed", "within a handshake message")


def test_a_message_that_another_record_interrupts_is_malformed(talk: Talk) -> None:
    server = talk.server
    answer = talk.hear(
        server.server_hello() + server.sealed(SOUND[1][:9]) + server.sealed(b"x", content=23)
    )
    refused(answer, "malformed", "interrupted")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"suite": 0x1301}, "0x1301"),
        ({"suite": 0x00FF}, "0x00FF"),
        ({"code": 0x0017}, "0x0017"),
        ({"key": b""}, "bytes"),
        ({"key": bytes(32)}, "degenerate"),
        ({"extra": extension(41, b"\0\0")}, "ticket"),
    ],
)
def test_a_hello_that_contradicts_the_offer(
    talk: Talk, fields: dict[str, t.Any], words: str
) -> None:
    refused(talk.hear(talk.server.server_hello(**fields)), "handshake-failed", words)


def retry(code: int, extra: bytes = b"") -> bytes:
    random = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    extensions = extension(51, code.to_bytes(2, "big")) + extension(43, b"\x03\x04") + extra
    body = b"\x03\x03" + random + b"\0" + b"\x13\x03" + b"\0" + vector(extensions, 2)
    return _record_layer.record(22, 0x0303, message(2, body))


@pytest.mark.parametrize(("size", "fits"), [(300, True), (16_300, True), (65_000, False)])
def test_a_cookie_is_sent_back_if_it_fits(talk: Talk, size: int, fits: bool) -> None:
    cookie = extension(44, vector(b"c" * size, 2)) if size < 65_000 else extension(44, bytes(size))
    raw = retry(0x0017, cookie)[5:]
    pieces = [raw[at : at + 16_000] for at in range(0, len(raw), 16_000)]
    answer = talk.hear(b"".join(_record_layer.record(22, 0x0303, piece) for piece in pieces))
    if fits:
        assert answer is None
        assert b"c" * 1000 in talk.output or size < 1000
    else:
        refused(answer, "malformed", "cookie has 65000 bytes")


@pytest.mark.parametrize(("size", "fits"), [(16_000, True), (65_000, False)])
def test_a_ticket_is_taken_if_it_can_be_offered(size: int, fits: bool) -> None:
    talk = Talk("resumption")
    talk.established()
    body = bytes(8) + b"\0" + vector(bytes(size), 2) + b"\0\0"
    raw = message(TICKET, body)
    answer = None
    for start in range(0, len(raw), 16_000):
        answer = talk.hear(talk.server.sealed(raw[start : start + 16_000]))
    if not fits:
        refused(answer, "malformed", "ticket has 65000 bytes")
        return
    assert isinstance(answer, HandshakeResult)
    again: t.Any = FullHandshake(session=answer.resumption, purpose="resumption").exchange()
    assert len(again.opening()) > size


def test_a_second_retry_is_refused(talk: Talk) -> None:
    assert talk.hear(retry(0x0017)) is None
    assert talk.output
    refused(talk.hear(retry(0x0018)), "handshake-failed", "HelloRetryRequest")


@pytest.mark.parametrize("code", [0x001D, 0x11EC, 0])
def test_a_retry_for_what_was_sent_or_never_offered_is_refused(talk: Talk, code: int) -> None:
    refused(talk.hear(retry(code)), "handshake-failed", "group")
    assert not talk.output


def test_alerts_before_and_after_the_keys(talk: Talk) -> None:
    server = talk.server
    assert talk.hear(server.server_hello() + server.sealed(b"\x01\x70", content=21)) is None
    answer = talk.hear(server.sealed(b"\x02\x28", content=21))
    assert isinstance(answer, Alert)
    assert answer.name == "handshake_failure"
    assert answer.after is not None
    clear = Talk().hear(b"\x15\x03\x03\x00\x02\x02\x46")
    assert isinstance(clear, Alert)
    assert clear.after is None
    refused(Talk().hear(b"\x15\x03\x03\x00\x02\x01\x00"), "closed", "close_notify")
    refused(Talk().hear(b"\x15\x03\x03\x00\x01\x02"), "malformed", "alert")


def test_a_ticket_is_waited_for_and_its_absence_is_proved() -> None:
    talk = Talk("resumption")
    assert talk.established() is None
    answer = talk.hear(talk.server.sealed(b"\x01\x00", content=21))
    assert isinstance(answer, HandshakeResult)
    assert answer.resumption is None


def test_a_reply_to_the_farewell_proves_it_as_well() -> None:
    talk = Talk("resumption")
    talk.established()
    answer = talk.hear(talk.server.sealed(b"221 2.0.0 Bye\r\n", content=23))
    assert isinstance(answer, HandshakeResult)
    assert answer.resumption is None


@pytest.mark.parametrize("purpose", ["resumption", "injection"])
def test_a_server_that_goes_on_in_clear_has_ended_tls(purpose: str) -> None:
    """Exim does so when GnuTLS gives up: it says 421 to whoever is there."""
    talk = Talk(purpose)
    talk.established()
    refused(talk.hear(b"421 mx.example.test lost input connection\r\n"), "closed", "closed")


@pytest.mark.parametrize(("method", "reason"), [("idle", "timeout"), ("closed", "closed")])
@pytest.mark.parametrize("purpose", ["resumption", "injection"])
def test_silence_or_an_end_without_close_notify_is_no_verdict(
    purpose: str, method: str, reason: str
) -> None:
    talk = Talk(purpose)
    assert talk.established() is None
    answer = getattr(talk.exchange, method)()
    if (purpose, method) == ("injection", "idle"):
        assert answer is None
        assert talk.exchange.idle() is None
        refused(talk.exchange.idle(), "no-reply", "QUIT")
    else:
        refused(answer, reason, "")


def test_the_reply_to_a_forgotten_command_is_kept_within_limits() -> None:
    talk = Talk("injection")
    talk.established()
    assert talk.hear(talk.server.sealed(b"", content=23)) is None
    answer = talk.hear(talk.server.sealed(b"250 2.0.0 Ok\r\n" * 100, content=23))
    assert isinstance(answer, HandshakeResult)
    assert answer.reply.startswith(b"250 2.0.0 Ok\r\n")
    assert len(answer.reply) == 512


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ([b"250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"], b"250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"),
        ([b"221 2.0.0 Bye\r\n"], b""),
        ([b"220 mx.example.test ESMTP\r\n", b"221 2.0.0 Bye\r\n"], b""),
        ([b"22", b"0-mx\r\n220 mx ES", b"MTP\r\n25", b"0 Ok\r\n"], b"250"),
    ],
)
def test_the_first_reply_that_is_no_greeting_decides(said: list[bytes], reply: bytes) -> None:
    talk = Talk("injection")
    talk.established()
    answers = [talk.hear(talk.server.sealed(part, content=23)) for part in said]
    assert answers[:-1] == [None] * (len(said) - 1)
    assert isinstance(answers[-1], HandshakeResult)
    assert answers[-1].reply[:3] == reply[:3]


@pytest.mark.parametrize(
    "said", [b"503 5.5.1 Bad sequence of commands\r\n", b"220 mx\r\n" * 99, b"\r\n"]
)
def test_another_reply_is_no_verdict_on_the_command(said: bytes) -> None:
    talk = Talk("injection")
    talk.established()
    refused(talk.hear(talk.server.sealed(said, content=23)), "unexpected-reply", "NOOP")


def test_a_server_that_wants_a_certificate_is_known_after_the_handshake() -> None:
    talk = Talk("resumption")
    talk.established()
    answer = talk.hear(talk.server.sealed(b"\x02\x74", content=21))
    assert isinstance(answer, Alert)
    assert answer.name == "certificate_required"


def in_time(work: t.Callable[[], t.Any], seconds: float = 3.0) -> t.Any:
    started = time.process_time()
    answer = work()
    assert time.process_time() - started < seconds
    return answer


def test_endless_records_end_soon(talk: Talk) -> None:
    server = talk.server
    talk.hear(server.server_hello())
    flood = server.sealed(*[b"\x01\x70"] * 1500, content=21)
    refused(in_time(lambda: talk.hear(flood)), "oversized", "records")


def test_endless_empty_records_in_clear_end_soon(talk: Talk) -> None:
    answer = in_time(lambda: talk.hear(b"\x16\x03\x03\0\0" * 40_000))
    refused(answer, "oversized", "records")


@pytest.mark.parametrize("size", [1, 1000, 1_000_000])
def test_endless_bytes_end_soon(talk: Talk, size: int) -> None:
    piece = b"\x16\x03\x03\x40\x00\x02\x01\xff\xf0" + bytes(16379)
    answer = None
    for _round in range(300_000 // size + 1):
        answer = in_time(lambda: talk.hear((piece * 62)[:size]))
        if answer is not None:
            break
    assert isinstance(answer, NotDetermined)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x03\x60\x00",
        b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + bytes(16380),
        b"220 mx.example.test ESMTP\r\n",
        b"\x80\x2e\x01\x03\x01",
        b"\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x01\x01",
    ],
    ids=["long record", "long message", "SMTP", "SSLv2", "data at once"],
)
@pytest.mark.parametrize("version", [Protocol.SSLv3, Protocol.TLSv1_2, Protocol.TLSv1_3])
def test_what_is_no_tls_is_not_determined(data: bytes, version: Protocol) -> None:
    exchange = FullHandshake(version=version).exchange()
    exchange.opening()
    _output, answer = exchange.receive(data)
    assert isinstance(answer, NotDetermined)
    assert exchange.receive(b"more") == (b"", answer)


def old_flight(suite: int, *messages: bytes) -> bytes:
    """The clear flight of a TLS 1.2 server."""
    hello = b"\x03\x03" + bytes(32) + b"\0" + suite.to_bytes(2, "big") + b"\0"
    flight = b"".join((message(2, hello), *messages, message(14, b"")))
    pieces = [flight[at : at + 16000] for at in range(0, len(flight), 16000)]
    return b"".join(_record_layer.record(22, 0x0303, piece) for piece in pieces)


def asn1(kind: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return bytes((kind, 0x84)) + vector(content, 4)


def certificate_of(modulus: bytes, exponent: bytes) -> bytes:
    """What there must be of a certificate to find its RSA key."""
    kind = asn1(0x30, asn1(6, bytes.fromhex("2a864886f70d010101")), asn1(5))
    numbers = asn1(0x30, asn1(2, modulus), asn1(2, exponent))
    before = (asn1(2, b"\1"), *(asn1(0x30),) * 4)
    der = asn1(0x30, asn1(0x30, *before, asn1(0x30, kind, asn1(3, b"\0", numbers))))
    return message(CERTIFICATE, vector(vector(der, 3), 3))


SIGNED = b"\x04\x01" + vector(b"signature", 2)
ODD = b"\x7f" + b"\xff" * 12_499
KEYS = {
    "DH prime of 99,999 bits": (
        0x009E,
        message(12, vector(ODD, 2) + vector(b"\2", 2) + vector(b"\3", 2) + SIGNED),
        "99999 bits",
    ),
    "DH public key of 1": (
        0x009E,
        message(12, vector(ODD[:256], 2) + vector(b"\2", 2) + vector(b"\1", 2) + SIGNED),
        "public key",
    ),
    "RSA modulus of 99,999 bits": (0x009C, certificate_of(ODD, b"\3"), "99999 bits"),
    "RSA exponent of 2,047 bits": (0x009C, certificate_of(ODD[:256], ODD[:256]), "sound"),
    "no certificate for RSA": (0x009C, b"", "certificate"),
    "no RSA certificate": (
        0x009C,
        message(CERTIFICATE, vector(vector(b"leaf", 3), 3)),
        "understood",
    ),
    "no ServerKeyExchange": (0xC02F, b"", "no key"),
    "explicit curve": (0xC02F, message(12, b"\1" + bytes(80)), "no name"),
    "curve that was not offered": (
        0xC02F,
        message(12, b"\3\0\x10" + vector(b"\4" + bytes(40), 1) + SIGNED),
        "0x0010",
    ),
    "point off the curve": (
        0xC02F,
        message(12, b"\3\0\x17" + vector(b"\4" + bytes(64), 1) + SIGNED),
        "point",
    ),
}


def test_a_hello_request_within_the_handshake_is_passed_over() -> None:
    exchange: t.Any = FullHandshake(version=Protocol.TLSv1_2).exchange()
    exchange.opening()
    request = _record_layer.record(22, 0x0303, message(0, b""))
    assert exchange.receive(request) == (b"", None)
    _output, answer = exchange.receive(old_flight(0xC02F))
    refused(answer, "handshake-failed", "no key")


@pytest.mark.parametrize(("suite", "messages", "words"), KEYS.values(), ids=list(KEYS))
def test_keys_that_no_sound_server_has(suite: int, messages: bytes, words: str) -> None:
    exchange: t.Any = FullHandshake(version=Protocol.TLSv1_2).exchange()
    exchange.opening()
    flight = old_flight(suite, *([messages] if messages else []))
    output, answer = in_time(lambda: exchange.receive(flight), 0.5)
    assert isinstance(answer, NotDetermined)
    assert answer.reason in ("malformed", "handshake-failed")
    assert words in answer.detail
    assert output == b""


@given(
    st.binary(max_size=600), st.sampled_from([Protocol.SSLv3, Protocol.TLSv1_2, Protocol.TLSv1_3])
)
def test_no_bytes_make_it_raise(data: bytes, version: Protocol) -> None:
    exchange = FullHandshake(version=version).exchange()
    exchange.opening()
    for start in range(0, len(data), 100):
        exchange.receive(data[start : start + 100])


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=80)), max_size=6))
def test_no_encrypted_messages_make_it_raise(messages: list[tuple[int, bytes]]) -> None:
    talk = Talk("resumption")
    talk.hear(talk.server.server_hello())
    for kind, body in messages:
        talk.hear(talk.server.sealed(message(kind, body)))


@settings(max_examples=40)
@given(st.integers(0, 120), st.integers(0, 255))
def test_no_changed_hello_makes_it_raise(place: int, value: int) -> None:
    talk = Talk()
    hello = bytearray(talk.server.server_hello())
    hello[place % len(hello)] = value
    answer = talk.hear(bytes(hello) + talk.server.sealed(*SOUND) + talk.server.finished())
    assert answer is None or isinstance(answer, (ServerHello, NotDetermined, Alert))


PARSERS = [
    _handshake_messages.hello,
    _handshake_messages.key_share,
    _handshake_messages.encrypted_extensions,
    _handshake_messages.certificates_13,
    _handshake_messages.certificate_request_13,
    _handshake_messages.ticket_12,
    _handshake_messages.ticket_13,
]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: str(parser.__name__))
def test_parsers_take_any_bytes(parser: t.Callable[[bytes], object]) -> None:
    @given(st.binary(max_size=100))
    def search(body: bytes) -> None:
        with contextlib.suppress(MalformedMessage):
            parser(body)

    search()


@given(st.binary(max_size=40), st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5))
def test_what_is_written_is_read_again(staple: bytes, chain: list[bytes]) -> None:
    status = extension(5, b"\x01" + vector(staple, 3))
    body = certificate(*chain, extensions=status)[4:]
    assert _handshake_messages.certificates_13(body) == (tuple(chain), staple)
    names = b"".join(vector(name, 2) for name in chain)
    request = b"\x07context" + vector(extension(47, vector(names, 2)), 2)
    read = _handshake_messages.certificate_request_13(request)
    assert (read.context, read.authorities) == (b"context", tuple(chain))


@pytest.mark.parametrize(
    "question",
    [
        FullHandshake(suites=(0x0001,), version=Protocol.TLSv1_3),
        FullHandshake(suites=(0xC100,), version=Protocol.TLSv1_2),
        FullHandshake(groups=(0x11EC,)),
    ],
)
def test_a_question_that_cannot_be_computed_is_a_mistake(question: FullHandshake) -> None:
    with pytest.raises(ValueError, match="can compute"):
        question.exchange()
