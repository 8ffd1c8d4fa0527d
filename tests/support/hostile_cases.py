# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way of misbehaving that a server is tested with, by name, and what the probe must say of it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.tests.support import server_bytes as tls
from ansible_collections.postmaster.tls.tests.support.hostile_server import (
    Close,
    Drip,
    Flood,
    Hear,
    HearHello,
    Hold,
    Pour,
    Reply,
    Reset,
    Say,
    Script,
    Step,
)

GREETING = Say(b"220 mx.example.test ESMTP\r\n")
EHLO_REPLY = Say(b"250-mx.example.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
GO_AHEAD = Say(b"220 2.0.0 go ahead\r\n")
TO_EHLO: Script = (GREETING, Hear(b"EHLO"))
TO_STARTTLS: Script = (*TO_EHLO, EHLO_REPLY, Hear(b"STARTTLS"))
TO_TLS: Script = (*TO_STARTTLS, GO_AHEAD, HearHello())
QUIT: Script = (Hear(b"QUIT"), Say(b"221 bye\r\n"), Close())


@dataclass(frozen=True)
class Case:
    """A script, and the reason that the result must give; C(reached) as in the result.

    C(early): the talk ended before TLS, so the reason is the result's own; else it is the handshake's.
    """

    script: Script
    reason: str
    early: bool = False
    reached: bool | None = True


def _greets(*steps: Step, reason: str = "malformed", reached: bool | None = None) -> Case:
    return Case(steps, reason, True, reached)


def _talks(*steps: Step, reason: str = "malformed") -> Case:
    return Case(steps, reason, True)


def _answers(data: bytes, reason: str) -> Case:
    """What does not fit into the socket's buffer may be left half read."""
    steps = (Pour(data),) if len(data) > 32768 else (Say(data), Hold())
    return Case((*TO_TLS, *steps), reason)


def _floods(data: bytes, start: bytes = b"", *, reason: str = "oversized") -> Case:
    return Case((*TO_TLS, Flood(data, start)), reason)


def _makes(make: t.Callable[[bytes], bytes], reason: str) -> Case:
    return Case((*TO_TLS, Reply(make), Hold()), reason)


def _flight(*messages: bytes, hello: bytes | None = None, reason: str = "malformed") -> Case:
    return _answers(tls.flight(*messages, hello=hello), reason)


#: A sound flight of TLS 1.2 after a sound talk: what stands beside the hostile servers.
SOUND: Script = (*TO_TLS, Say(tls.flight()), Hold())

_ANSWERS_WITHOUT_A_CODE: dict[str, bytes] = {
    "nothing-but-newlines": b"\r\n\r\n\r\n",
    "no-code": b"hello there\r\n",
    "code-of-two-digits": b"22 mx\r\n",
    "code-of-four-digits": b"2200 mx\r\n",
    "code-000": b"000 mx\r\n",
    "code-199": b"199 mx\r\n",
    "code-600": b"600 mx\r\n",
    "code-999": b"999 mx\r\n",
    "negative-code": b"-20 mx\r\n",
    "wide-digits": b"\xef\xbc\x92" * 2 + b"\xef\xbc\x90 mx\r\n",
    "superscript-digits": "²²⁰ mx\r\n".encode(),
    "letters-in-code": b"2x0 mx\r\n",
    "code-and-tab": b"220\tmx\r\n",
    "two-codes": b"220-mx\r\n221 mx\r\n",
    "every-byte": bytes(range(256)) + b"\r\n",
    "nul-bytes": bytes(512) + b"\r\n",
    "http": b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
    "pop3": b"+OK ready\r\n",
    "imap": b"* OK ready\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "tls-alert": tls.alert(40) + b"\n",
    "tls-flight": tls.flight() + b"\n",
}

_AT_EVERY_TURN: dict[str, tuple[Step, ...]] = {
    **{name: (Say(data), Hold()) for name, data in _ANSWERS_WITHOUT_A_CODE.items()},
    "line-without-end": (Flood(b"x" * 4096, b"220 "),),
    "lines-without-end": (Flood(b"220-still here\r\n" * 64),),
    "empty-lines-without-end": (Flood(b"220-\r\n" * 64),),
}


def _every_turn() -> t.Iterator[tuple[str, Case]]:
    for name, steps in _AT_EVERY_TURN.items():
        yield f"banner-{name}", _greets(*steps)
        yield f"ehlo-{name}", _talks(*TO_EHLO, *steps)
        yield f"starttls-{name}", _talks(*TO_STARTTLS, *steps)
    turns: dict[str, tuple[Script, str]] = {
        "banner": ((), "no-banner"),
        "ehlo": (TO_EHLO, "timeout"),
        "starttls": (TO_STARTTLS, "timeout"),
        "tls": (TO_TLS, "timeout"),
    }
    for name, (before, slow) in turns.items():
        early, reached = name != "tls", None if name == "banner" else True
        yield f"{name}-silence", Case((*before, Hold()), slow, early, reached)
        yield f"{name}-close", Case((*before, Close()), "closed", early, reached)
        yield f"{name}-reset", Case((*before, Reset()), "reset", early, reached)
        drip = Drip(b"220-", 0.05) if early else Drip(tls.record(b"\x02\x00"), 0.05)
        yield f"{name}-drip", Case((*before, drip), slow, early, reached)
        if early:
            limit = Say(b"421 4.7.0 \x1b[2Jtoo many\r\n")
            yield f"{name}-421", Case((*before, limit, Hold()), "throttled", True)
            endless = Drip(b"220-still here\r\n", 0.02, again=True)
            yield f"{name}-drip-for-ever", Case((*before, endless), slow, True, reached)


_DIALOGUE: dict[str, Case] = {
    "banner-twice": _talks(Say(b"220 mx\r\n220 mx\r\n"), Hold()),
    "banner-terminal-escapes": _greets(
        Say(b"554 \x1b]0;owned\x07\x1b[2J\xc2\x9b31m \xe2\x80\xae\x7f\x00\x08 \xff\r\n"),
        *QUIT,
        reason="rejected",
        reached=True,
    ),
    "banner-of-60000-bytes": _greets(
        *(Say(b"554-" + b"x" * 8000 + b"\r\n" + b"554-y\r\n" * 7000 + b"554 z\r\n"), *QUIT),
        reason="rejected",
        reached=True,
    ),
    "banner-354": _greets(Say(b"354 go on\r\n"), *QUIT, reason="rejected", reached=True),
    "ehlo-terminal-escapes": _talks(
        *TO_EHLO,
        Say(b"250-\x1b[2J\r\n250-\x1b]0;x\x07STARTTLS\r\n250 \xe2\x80\xaeSTARTTLS\r\n"),
        *QUIT,
        reason="no-starttls",
    ),
    "ehlo-10000-keywords": _talks(
        *TO_EHLO,
        Pour(b"250-mx\r\n" + b"250-XKEYWORD\r\n" * 10000 + b"250 STARTTLS\r\n"),
    ),
    "ehlo-354": _talks(*TO_EHLO, Say(b"354 go on\r\n"), *QUIT, reason="ehlo-refused"),
    "helo-lines-without-end": _talks(
        *TO_EHLO, Say(b"500 what\r\n"), Hear(b"HELO"), Flood(b"250-x\r\n" * 64)
    ),
    "helo-421": _talks(
        *TO_EHLO,
        *(Say(b"502 what\r\n"), Hear(b"HELO"), Say(b"421 no\r\n"), Hold()),
        reason="throttled",
    ),
    "ehlo-both-replies-at-once": _talks(
        *TO_EHLO, Say(b"250-mx\r\n250 STARTTLS\r\n220 go ahead\r\n"), Hold()
    ),
    "ehlo-flight-before-its-turn": _talks(
        *TO_EHLO, Say(b"250-mx\r\n250 STARTTLS\r\n" + tls.flight()), Hold()
    ),
    "starttls-354": _talks(*TO_STARTTLS, Say(b"354 go on\r\n"), *QUIT, reason="starttls-refused"),
    "starttls-flight-before-its-turn": Case(
        (*TO_STARTTLS, Say(b"220 go ahead\r\n" + tls.flight()), HearHello(), Hold()), "timeout"
    ),
    "starttls-220-again-and-again": Case(
        (*TO_STARTTLS, GO_AHEAD, HearHello(), Flood(b"220 go ahead\r\n")), "not-tls"
    ),
}

_RECORDS: dict[str, Case] = {
    "plaintext": _answers(b"500 5.5.1 what is this\r\n", "not-tls"),
    "http": _answers(b"HTTP/1.1 400 Bad Request\r\n\r\n", "not-tls"),
    "sslv2-hello": _answers(
        b"\x80\x23\x04\x00\x01\x00\x02\x00\x00\x00\x03\x00\x10\x01\x00\x80" + bytes(21), "not-tls"
    ),
    "sslv2-error": _answers(b"\x80\x03\x00\x00\x01", "not-tls"),
    "every-byte": _answers(bytes(range(256)) * 64, "not-tls"),
    "compressed-garbage": _answers(
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + bytes(range(255, 0, -1)) * 64, "not-tls"
    ),
    "compressed-garbage-in-records": _floods(tls.record(b"\x78\x9c" + bytes(range(256)) * 63)),
    "record-of-65535-bytes": _answers(b"\x16\x03\x03\xff\xff", "oversized"),
    "record-of-18433-bytes": _answers(b"\x16\x03\x03\x48\x01", "oversized"),
    "record-without-end": _answers(b"\x16\x03\x03\x40\x00", "timeout"),
    "record-of-another-major-version": _answers(b"\x16\x09\x03\x00\x02\x02\x00", "not-tls"),
    "empty-records-for-ever": _floods(tls.record(b"") * 512),
    "empty-records-after-the-hello": _floods(tls.record(b"") * 512, tls.record(tls.server_hello())),
    "change-cipher-spec-first": _answers(tls.record(b"\x01", 20), "malformed"),
    "application-data-first": _answers(tls.record(b"x" * 64, 23), "malformed"),
    "heartbeat-first": _answers(tls.record(b"\x01\x40\x00", 24), "malformed"),
    "record-of-type-255": _answers(tls.record(b"x", 255), "not-tls"),
}

_ALERTS: dict[str, Case] = {
    "alert-of-0-bytes": _answers(tls.record(b"", tls.ALERT), "malformed"),
    "alert-of-1-byte": _answers(tls.record(b"\x02", tls.ALERT), "malformed"),
    "alert-of-3-bytes": _answers(tls.record(b"\x02\x28\x00", tls.ALERT), "malformed"),
    "alert-of-16384-bytes": _answers(tls.record(b"\x02\x28" * 8192, tls.ALERT), "malformed"),
    "alert-of-level-0": _answers(tls.alert(40, 0), "malformed"),
    "alert-of-level-255": _answers(tls.alert(40, 255), "malformed"),
    "close-notify": _answers(tls.alert(0, 1), "closed"),
    "close-notify-after-the-hello": _answers(
        tls.record(tls.server_hello()) + tls.alert(0, 1), "closed"
    ),
    "warnings-for-ever": _floods(tls.alert(112, 1) * 512),
    "warnings-after-the-hello": _floods(tls.alert(112, 1) * 512, tls.record(tls.server_hello())),
}


def _hello12(*extensions: bytes, **fields: t.Any) -> bytes:
    return tls.server_hello(fields.pop("suite", tls.ECDHE_RSA), *extensions, **fields)


def _cut(message: bytes, count: int) -> bytes:
    """A message whose own length is right and whose body ends too early."""
    return tls.message(message[0], message[4:-count])


def _lengthened(message: bytes, by: int) -> bytes:
    """A message that claims another length than it has."""
    length = int.from_bytes(message[1:4], "big") + by
    return message[:1] + length.to_bytes(3, "big") + message[4:]


_HELLOS: dict[str, Case] = {
    "hello-of-0-bytes": _flight(hello=tls.message(tls.SERVER_HELLO)),
    "hello-cut-in-its-random": _flight(hello=_cut(_hello12(), 20)),
    "hello-cut-in-its-suite": _flight(hello=_cut(_hello12(), 2)),
    "hello-without-compression": _flight(hello=_cut(_hello12(), 1)),
    "hello-with-a-byte-too-much": _flight(hello=tls.message(2, _hello12()[4:] + b"\x00")),
    "hello-with-bytes-after-its-extensions": _flight(
        hello=tls.message(2, _hello12(tls.extension(23))[4:] + b"\x00")
    ),
    "hello-with-a-short-extension-block": _flight(
        hello=tls.message(2, _hello12()[4:] + b"\x00\x09\x00\x17\x00\x00")
    ),
    "hello-with-an-extension-past-its-block": _flight(
        hello=tls.message(2, _hello12()[4:] + b"\x00\x04\x00\x17\x00\x09")
    ),
    "hello-with-half-an-extension": _flight(hello=tls.message(2, _hello12()[4:] + b"\x00\x01\x00")),
    "hello-with-a-duplicate-extension": _flight(
        hello=_hello12(tls.extension(23), tls.extension(23))
    ),
    "hello-with-2000-extensions": _flight(
        hello=_hello12(*(tls.extension(kind) for kind in range(0x4000, 0x47D0))),
        reason="contradictory",
    ),
    "hello-with-an-extension-not-asked-for": _flight(
        hello=_hello12(tls.extension(16, b"\x00\x03\x02h2")), reason="contradictory"
    ),
    "hello-with-a-session-id-of-33-bytes": _flight(hello=_hello12(session=bytes(33))),
    "hello-with-a-session-id-of-255-bytes": _flight(hello=_hello12(session=bytes(255))),
    "hello-of-version-0": _flight(hello=_hello12(version=0)),
    "hello-of-ssl-2": _flight(hello=_hello12(version=2)),
    "hello-of-version-0x0305": _flight(hello=_hello12(version=0x0305)),
    "hello-of-version-0xffff": _flight(hello=_hello12(version=0xFFFF)),
    "hello-of-dtls": _flight(hello=_hello12(version=0xFEFD)),
    "hello-of-tls-1.3-without-extension": _flight(
        hello=_hello12(suite=tls.AES_13, version=tls.TLS13), reason="contradictory"
    ),
    "hello-with-compression": _flight(hello=_hello12(compression=1), reason="contradictory"),
    "hello-with-unknown-compression": _flight(
        hello=_hello12(compression=0xE0), reason="contradictory"
    ),
    "hello-with-the-null-suite": _flight(hello=_hello12(suite=0), reason="contradictory"),
    "hello-with-a-suite-without-a-name": _flight(
        hello=_hello12(suite=0xFFFF), reason="contradictory"
    ),
    "hello-with-a-signalling-suite": _flight(hello=_hello12(suite=0x00FF), reason="contradictory"),
    "hello-with-a-suite-of-tls-1.3": _flight(
        hello=_hello12(suite=tls.AES_13), reason="contradictory"
    ),
    "hello-with-a-suite-never-offered": _flight(
        hello=_hello12(suite=0x0004), reason="contradictory"
    ),
    "hello-without-its-flight": _answers(tls.record(_hello12()), "timeout"),
    "hello-twice": _flight(_hello12(), tls.certificate(b"leaf"), tls.ecdhe()),
    "no-hello-first": _answers(tls.record(tls.certificate(b"leaf")), "malformed"),
    "hello-request-for-ever": _floods(tls.record(tls.message(0) * 1000), reason="malformed"),
    "client-hello": _answers(tls.record(tls.message(1, bytes(64))), "malformed"),
    "hello-that-claims-16-mib": _answers(tls.record(b"\x02\xff\xff\xff" + bytes(99)), "oversized"),
    "hello-longer-than-its-record": _answers(tls.record(_lengthened(_hello12(), 64)), "timeout"),
    "hello-shorter-than-its-record": _answers(
        tls.record(_lengthened(_hello12(tls.extension(23)), -4)), "malformed"
    ),
}

_HELLOS_13: dict[str, Case] = {
    "13-other-session-id": _makes(
        lambda hello: tls.record(tls.hello13(hello, session=bytes(32))), "contradictory"
    ),
    "13-no-session-id": _makes(
        lambda hello: tls.record(tls.hello13(hello, session=b"")), "contradictory"
    ),
    "13-group-never-offered": _makes(
        lambda hello: tls.record(tls.hello13(hello, group=0xFEFE)), "contradictory"
    ),
    "13-suite-never-offered": _makes(
        lambda hello: tls.record(tls.hello13(hello, suite=0x13FF)), "contradictory"
    ),
    "13-suite-of-tls-1.2": _makes(
        lambda hello: tls.record(tls.hello13(hello, suite=tls.ECDHE_RSA)), "contradictory"
    ),
    "13-share-never-asked-for": _makes(
        lambda hello: tls.record(tls.hello13(hello, share=bytes(32), random=tls.RANDOM)),
        "contradictory",
    ),
    "13-hello-without-a-share": _makes(
        lambda hello: tls.record(
            tls.server_hello(
                tls.AES_13, tls.extension(43, b"\x03\x04"), session=tls.session_of(hello)
            )
        ),
        "contradictory",
    ),
    "13-version-of-draft-23": _makes(
        lambda hello: tls.record(tls.hello13(hello, version=0x7F17)), "malformed"
    ),
    "13-version-of-tls-1.2": _makes(
        lambda hello: tls.record(tls.hello13(hello, suite=tls.ECDHE_RSA, version=tls.TLS12)),
        "malformed",
    ),
    "13-versions-twice": _makes(
        lambda hello: tls.record(tls.hello13(hello, tls.extension(43, b"\x03\x04"))), "malformed"
    ),
    "13-empty-versions": _makes(
        lambda hello: tls.record(
            tls.server_hello(tls.AES_13, tls.extension(43), session=tls.session_of(hello))
        ),
        "malformed",
    ),
    "13-long-versions": _makes(
        lambda hello: tls.record(
            tls.server_hello(
                tls.AES_13,
                tls.extension(43, b"\x03\x04\x03\x03"),
                tls.extension(51, b"\x00\x1d"),
                session=tls.session_of(hello),
                random=tls.RETRY_RANDOM,
            )
        ),
        "malformed",
    ),
    "13-empty-share": _makes(
        lambda hello: tls.record(
            tls.server_hello(
                tls.AES_13,
                tls.extension(43, b"\x03\x04"),
                tls.extension(51),
                session=tls.session_of(hello),
                random=tls.RETRY_RANDOM,
            )
        ),
        "malformed",
    ),
    "13-compression": _makes(
        lambda hello: tls.record(
            tls.server_hello(
                tls.AES_13,
                tls.extension(43, b"\x03\x04"),
                tls.extension(51, b"\x00\x1d"),
                session=tls.session_of(hello),
                random=tls.RETRY_RANDOM,
                compression=1,
            )
        ),
        "contradictory",
    ),
    "13-extension-not-asked-for": _makes(
        lambda hello: tls.record(tls.hello13(hello, tls.extension(16, b"\x00\x03\x02h2"))),
        "contradictory",
    ),
}

_LEAF = tls.certificate(b"leaf")

_MESSAGES: dict[str, Case] = {
    "certificates-10000": _flight(tls.certificate(*(b"c" for _number in range(10000)))),
    "certificates-65": _flight(tls.certificate(*(bytes((position,)) for position in range(65)))),
    "certificate-of-16-mib": _floods(
        bytes(16384),
        tls.record(_hello12() + b"\x0b\xff\xff\xff\xff\xff\xfc\xff\xff\xf9")[:-1],
        reason="oversized",
    ),
    "certificates-of-200-kib": _answers(
        tls.record(_hello12() + tls.certificate(bytes(200 * 1024))), "oversized"
    ),
    "chain-empty": _flight(tls.certificate(), tls.ecdhe()),
    "chain-of-empty-certificates": _flight(tls.certificate(b"", b""), tls.ecdhe()),
    "chain-missing": _flight(tls.ecdhe()),
    "chain-twice": _flight(_LEAF, _LEAF, tls.ecdhe()),
    "chain-longer-than-its-message": _flight(tls.message(11, b"\x00\x00\x09\x00\x00\x01x")),
    "chain-shorter-than-its-message": _flight(tls.message(11, b"\x00\x00\x04\x00\x00\x01xy")),
    "chain-with-a-certificate-past-its-end": _flight(tls.message(11, b"\x00\x00\x04\x00\x00\x09x")),
    "key-exchange-missing": _flight(_LEAF),
    "key-exchange-twice": _flight(_LEAF, tls.ecdhe(), tls.ecdhe()),
    "key-exchange-before-the-chain": _flight(tls.ecdhe(), _LEAF),
    "key-exchange-of-0-bytes": _flight(_LEAF, tls.message(tls.KEY_EXCHANGE)),
    "key-exchange-cut-in-its-point": _flight(_LEAF, _cut(tls.ecdhe(), 270)),
    "key-exchange-cut-in-its-signature": _flight(_LEAF, _cut(tls.ecdhe(), 10)),
    "key-exchange-with-bytes-after-it": _flight(
        _LEAF, tls.message(tls.KEY_EXCHANGE, tls.ecdhe()[4:] + b"x")
    ),
    "point-empty": _flight(_LEAF, tls.ecdhe(b"")),
    "point-of-255-bytes": _flight(_LEAF, tls.ecdhe(bytes(255))),
    "point-of-another-curve": _flight(_LEAF, tls.ecdhe(b"\x04" + bytes(64))),
    "point-zero": _flight(_LEAF, tls.ecdhe(bytes(32))),
    "point-at-infinity": _flight(_LEAF, tls.ecdhe(b"\x00", curve=tls.P256)),
    "point-compressed": _flight(_LEAF, tls.ecdhe(b"\x02" + bytes(31) + b"\x05", curve=tls.P256)),
    "point-not-on-its-curve": _flight(
        _LEAF, tls.ecdhe(b"\x04" + bytes(31) + b"\x01" + bytes(31) + b"\x01", curve=tls.P256)
    ),
    "done-with-a-body": _answers(
        tls.record(_hello12() + _LEAF + tls.ecdhe() + tls.message(tls.DONE, b"x")), "malformed"
    ),
    "finished-in-clear": _flight(_LEAF, tls.ecdhe(), tls.message(20, bytes(12))),
    "tickets-for-ever": _floods(
        tls.record(tls.message(tls.TICKET, bytes(64)) * 64),
        tls.record(_hello12()),
        reason="malformed",
    ),
    "requests-for-ever": _floods(
        tls.record(tls.request() * 64),
        tls.record(_hello12() + _LEAF + tls.ecdhe()),
        reason="malformed",
    ),
    "request-cut": _flight(_LEAF, tls.ecdhe(), _cut(tls.request(b"\x30\x00"), 3)),
    "request-of-0-bytes": _flight(_LEAF, tls.ecdhe(), tls.message(tls.REQUEST)),
    "staple-not-asked-for": _flight(
        _LEAF,
        tls.message(tls.STATUS, b"\x01\x00\x00\x02\x30\x00"),
        tls.ecdhe(),
        reason="malformed",
    ),
    "staple-longer-than-its-message": _flight(
        _LEAF,
        tls.message(tls.STATUS, b"\x01\x00\xff\xff\x30"),
        tls.ecdhe(),
        hello=_hello12(tls.extension(5)),
    ),
    "staple-of-0-bytes": _flight(
        _LEAF, tls.message(tls.STATUS), tls.ecdhe(), hello=_hello12(tls.extension(5))
    ),
    "staple-of-another-kind": _flight(
        _LEAF,
        tls.message(tls.STATUS, b"\x07\x00\x00\x01x"),
        tls.ecdhe(),
        hello=_hello12(tls.extension(5)),
    ),
    "endless-messages": _floods(
        tls.record(tls.message(22, bytes(0x3FFC))),
        tls.record(_hello12()),
        reason="malformed",
    ),
    "endless-message": _floods(
        tls.record(bytes(4096)), tls.record(_hello12() + b"\x0b\x01\xff\xff"), reason="malformed"
    ),
}


def _dh(prime: bytes, generator: bytes = b"\x02", public: bytes = b"\x04") -> Case:
    return _flight(_LEAF, tls.dhe(prime, generator, public), hello=_hello12(suite=tls.DHE_RSA))


#: 2^1279 - 1 is prime; that is of no matter here, only that it is odd and of a size in use.
_PRIME = ((1 << 1279) - 1).to_bytes(160, "big")

_GROUPS: dict[str, Case] = {
    "dh-prime-empty": _dh(b""),
    "dh-prime-0": _dh(b"\x00"),
    "dh-prime-1": _dh(b"\x01"),
    "dh-prime-2": _dh(b"\x02"),
    "dh-prime-even": _dh(_PRIME[:-1] + b"\xfe"),
    "dh-prime-of-100000-bits": _dh(b"\xff" * 12500),
    "dh-prime-of-65535-bytes": _dh(b"\xff" * 65535),
    "dh-generator-0": _dh(_PRIME, b"\x00"),
    "dh-generator-1": _dh(_PRIME, b"\x01"),
    "dh-generator-empty": _dh(_PRIME, b""),
    "dh-generator-above-its-prime": _dh(_PRIME, b"\x01" + _PRIME),
    "dh-public-0": _dh(_PRIME, b"\x02", b"\x00"),
    "dh-public-1": _dh(_PRIME, b"\x02", b"\x01"),
    "dh-public-empty": _dh(_PRIME, b"\x02", b""),
    "dh-public-above-its-prime": _dh(_PRIME, b"\x02", b"\xff" + _PRIME),
    "dh-cut": _flight(_LEAF, _cut(tls.dhe(_PRIME), 300), hello=_hello12(suite=tls.DHE_RSA)),
}

BEFORE_TLS: t.Final[dict[str, Case]] = {
    **{name: case for name, case in _every_turn() if case.early},
    **{name: case for name, case in _DIALOGUE.items() if case.early},
}
IN_TLS: t.Final[dict[str, Case]] = {
    **{name: case for name, case in _every_turn() if not case.early},
    **{name: case for name, case in _DIALOGUE.items() if not case.early},
    **_RECORDS,
    **_ALERTS,
    **_HELLOS,
    **_HELLOS_13,
    **_MESSAGES,
    **_GROUPS,
    "drip-of-a-sound-flight": Case((*TO_TLS, Drip(tls.flight(), 0.05)), "timeout"),
    "never-closes-and-never-reads": Case((*TO_TLS, Say(tls.record(b"\x02")), Hold()), "timeout"),
}
CASES: t.Final[dict[str, Case]] = {**BEFORE_TLS, **IN_TLS}

__all__ = ["BEFORE_TLS", "CASES", "IN_TLS", "SOUND", "TO_TLS", "Case"]
