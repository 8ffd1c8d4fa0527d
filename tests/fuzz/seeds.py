# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound inputs for each target, from which a fuzzer starts; what it found beside them is in corpus/."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.tests.fuzz import dane
from ansible_collections.postmaster.tls.tests.fuzz.targets import QUICK, entropy
from ansible_collections.postmaster.tls.tests.support import server_bytes as tls
from ansible_collections.postmaster.tls.tests.support.hostile_cases import CASES
from ansible_collections.postmaster.tls.tests.support.hostile_server import Say

_LEAF = tls.certificate(b"leaf", b"intermediate")
_FEATURES = (
    tls.extension(5),
    tls.extension(11, b"\x01\x00"),
    tls.extension(22),
    tls.extension(23),
    tls.extension(35),
    tls.extension(0xFF01, b"\x00"),
)
_STATUS = tls.message(tls.STATUS, b"\x01\x00\x00\x02\x30\x00")
_PRIME = ((1 << 1279) - 1).to_bytes(160, "big")
_SHARE = bytes(range(1, 33))


def _variants(variants: t.Iterable[int], content: bytes, size: int = 7) -> list[bytes]:
    return [bytes((variant, size)) + content for variant in variants]


def _talks() -> list[bytes]:
    talks = (
        b"220 mx ESMTP\r\n250-mx\r\n250-SIZE\r\n250 STARTTLS\r\n220 go ahead\r\n",
        b"220-mx\r\n220 ESMTP\r\n502 what\r\n250 mx\r\n",
        b"220 mx\n250-mx\n250 starttls\n454 4.7.0 not now\n",
        b"554 5.7.1 no\r\n",
        b"421 4.7.0 too many\r\n",
        b"220 \x1b[2J \xc3\xbc \xff\r\n250 mx\r\n",
    )
    return [seed for talk in talks for seed in _variants((0, 1, 2, 13), talk)]


def _flights() -> list[bytes]:
    hello13 = tls.server_hello(
        tls.AES_13,
        tls.extension(43, b"\x03\x04"),
        tls.extension(51, b"\x00\x1d"),
        session=entropy(32),
        random=tls.RETRY_RANDOM,
    )
    return [
        tls.flight(),
        tls.flight(
            _LEAF,
            _STATUS,
            tls.ecdhe(),
            tls.request(b"\x30\x00"),
            hello=tls.server_hello(tls.ECDHE_RSA, *_FEATURES, session=bytes(32)),
        ),
        tls.flight(_LEAF, tls.dhe(_PRIME), hello=tls.server_hello(tls.DHE_RSA)),
        tls.flight(_LEAF, hello=tls.server_hello(tls.RSA_AES_CBC, version=tls.TLS1)),
        tls.flight(_LEAF, hello=tls.server_hello(0x000A, version=tls.SSL3)),
        tls.record(hello13),
        tls.alert(112, 1) + tls.alert(40),
        tls.record(tls.server_hello()) + tls.alert(80),
    ]


def _sslv2() -> list[bytes]:
    body = b"\x04\x00\x01\x00\x02\x00\x04\x00\x06\x00\x10" + b"leaf" + b"\x01\x00\x80\x07\x00\xc0"
    answers = (body + bytes(16), b"\x00\x00\x01")
    framed = [(0x8000 | len(answer)).to_bytes(2, "big") + answer for answer in answers]
    return [seed for answer in (*framed, tls.alert(70)) for seed in _variants((0,), answer)]


def _sealed(*messages: bytes, kind: int = tls.HANDSHAKE) -> bytes:
    return tls.record(b"".join(messages) + bytes((kind,)), tls.APPLICATION)


def _handshakes13() -> list[bytes]:
    def hello(*more: bytes, random: bytes = tls.RANDOM, group: int = tls.X25519) -> bytes:
        key = b"" if random == tls.RETRY_RANDOM else tls.vector(_SHARE, 2)
        return tls.record(
            tls.server_hello(
                tls.AES_13,
                tls.extension(43, b"\x03\x04"),
                tls.extension(51, tls.number(group, 2) + key),
                *more,
                session=entropy(32),
                random=random,
            )
        )

    empty = tls.message(8, b"\x00\x00")
    entry = tls.vector(b"leaf", 3) + tls.vector(tls.extension(5, b"\x01\x00\x00\x02\x30\x00"), 2)
    chain = tls.message(11, b"\x00" + tls.vector(entry, 3))
    verify = tls.message(15, b"\x08\x04" + tls.vector(bytes(64), 2))
    names = tls.extension(47, tls.vector(tls.vector(b"\x30\x00", 2), 2))
    wanted = tls.message(13, b"\x00" + tls.vector(names, 2))
    done = tls.message(20, bytes(32))
    body = bytes(4) + bytes(4) + tls.vector(b"\x00", 1) + tls.vector(b"ticket", 2) + bytes(2)
    ticket = _sealed(tls.message(4, body))
    closing = _sealed(b"\x01\x00", kind=tls.ALERT)
    sound = hello() + _sealed(empty, chain, verify, done)
    retried = hello(random=tls.RETRY_RANDOM, group=tls.P256) + hello(group=tls.P256)
    resumed = hello(tls.extension(41, b"\x00\x00")) + _sealed(empty, done)
    talks = (
        sound,
        hello() + _sealed(empty, wanted, chain) + _sealed(verify, done) + ticket,
        sound + ticket + closing,
        sound + closing,
        sound + _sealed(b"250 injected\r\n", kind=tls.APPLICATION),
        retried + _sealed(empty, chain, verify, done),
        hello() + tls.alert(40),
    )
    seeds = [seed for talk in talks for seed in _variants((0, 2, 4), talk, 19)]
    return seeds + _variants((128, 130), resumed, 19)


def _handshakes12() -> list[bytes]:
    change, done = tls.record(b"\x01", 20), tls.record(tls.message(20, bytes(12)))
    ticket = tls.record(tls.message(4, bytes(4) + tls.vector(b"ticket", 2)))
    hello = tls.server_hello(tls.ECDHE_RSA, *_FEATURES, session=bytes(32))
    sound = tls.flight(_LEAF, _STATUS, tls.ecdhe(), tls.request(b"\x30\x00"), hello=hello)
    key = tls.message(tls.KEY_EXCHANGE, b"\x03\x00\x1d\x20" + _SHARE + b"\x01\x00" + bytes(256))
    old = tls.flight(_LEAF, key, hello=tls.server_hello(0xC013, version=tls.TLS1))
    resumed = tls.record(tls.server_hello(tls.ECDHE_RSA, session=bytes(range(32))))
    plain = tls.flight(_LEAF, tls.dhe(_PRIME), hello=tls.server_hello(tls.DHE_RSA))
    ends = (
        b"",
        tls.record(tls.server_hello(), tls.HANDSHAKE),
        tls.alert(100, 1),
        tls.record(b"250 injected\r\n", tls.APPLICATION),
    )
    seeds = [
        bytes((24 | purpose << 1, 23)) + sound + ticket + change + done + end
        for purpose in range(4)
        for end in ends
    ]
    seeds += _variants((8, 10), old + change + done, 23)
    seeds += _variants((24,), plain + change + done, 23)
    return seeds + _variants((128 | 24, 128 | 26), resumed + change + done, 23)


def _integer(value: bytes) -> bytes:
    return b"\x02" + _length(value)


def _length(content: bytes) -> bytes:
    if len(content) < 128:
        return bytes((len(content),)) + content
    return b"\x82" + tls.vector(content, 2)


def _keys() -> list[bytes]:
    point = bytes.fromhex(
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )
    third = b"\xff" * 40
    key = b"\x30" + _length(_integer(b"\x00" + b"\xc1" * 128) + _integer(b"\x01\x00\x01"))
    kind = b"\x30" + _length(b"\x06" + _length(bytes.fromhex("2a864886f70d010101")) + b"\x05\x00")
    info = b"\x30" + _length(kind + b"\x03" + _length(b"\x00" + key))
    empty = b"\x30\x00"
    inner = b"\x30" + _length(_integer(b"\x01") + empty * 4 + info)
    der = b"\x30" + _length(inner + empty)
    return [
        bytes((0, 0)) + _SHARE,
        bytes((1, 0)) + point,
        bytes((4, 0)) + bytes(range(56)),
        bytes((8, 0)) + third + b"\x00" * 39 + b"\x02" + b"\x00" * 39 + b"\x07",
        bytes((9, 0)) + der,
    ]


def seeds() -> dict[str, list[bytes]]:
    """By the name of the target."""
    known = _by_target()
    mixed = [bytes((number,)) + seed for number, name in enumerate(QUICK) for seed in known[name]]
    return {**known, "everything": mixed}


def _by_target() -> dict[str, list[bytes]]:
    lines = [step.data for case in CASES.values() for step in case.script if isinstance(step, Say)]
    flights = _flights()
    short = [data for data in dict.fromkeys(lines) if len(data) < 2048]
    replies = [data for data in short if data[:1].isdigit()]
    answers = [data for data in short if data[:2] in (b"\x16\x03", b"\x15\x03")]
    return {
        "reply": _talks() + _variants((0,), b"".join(replies[:8])),
        "dialogue": _talks(),
        "flight": [seed for data in (*flights, *answers) for seed in _variants((0,), data)],
        "hello": [seed for data in flights for seed in _variants(range(5), data)],
        "sslv2": _sslv2(),
        "handshake13": _handshakes13(),
        "handshake12": _handshakes12(),
        "keys": _keys(),
        "names": [
            bytes.fromhex("300d310b3009060355040313026d78"),
            bytes.fromhex(
                "3030310b3009060355040613024154311030"
                "0e060355040a0c07c3bc202c202b203110300e060a0992268993f22c640119160474657374"
            ),
            b"\x30\x0f1\x0d0\x0b\x06\x03U\x04\x03\x1e\x04\x00\x1b\x20\x2e",
        ],
        "certificates": [b"\0\0", b"\1\0\0\5\x30\3\n\1\0"],
        "records": [bytes((variant, 23)) + bytes(64) for variant in range(10)],
        "answers": dane.of_answers(),
        "tlsa": dane.of_tlsa(),
    }


__all__ = ["seeds"]
