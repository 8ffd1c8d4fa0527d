# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSL 2.0: no server of today speaks it, so its messages are made by hand here; that TLS servers refuse it is real."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
    SSLv2ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sslv2 import (
    CODES,
    SSLv2Exchange,
    SSLv2Hello,
)
from ansible_collections.postmaster.tls.tests.support.asking import ask
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Peer,
    make_keys,
    openssl_server,
    scripted,
)
from hypothesis import given
from hypothesis import strategies as st

RC4, DES3 = 0x010080, 0x0700C0
TLS_REFUSAL = b"\x15\x03\x03\x00\x02\x02\x28"


def record(message: bytes) -> bytes:
    return (0x8000 | len(message)).to_bytes(2, "big") + message


def server_hello(*codes: int, certificate: bytes = b"", version: bytes = b"\x00\x02") -> bytes:
    specs = b"".join(code.to_bytes(3, "big") for code in codes)
    connection = bytes(16)
    lengths = b"".join(len(one).to_bytes(2, "big") for one in (certificate, specs, connection))
    return record(b"\x04\x00\x01" + version + lengths + certificate + specs + connection)


def read(data: bytes) -> t.Any:
    return SSLv2Exchange(b"").receive(data)[1]


def test_hello_is_the_one_of_the_specification() -> None:
    sent = SSLv2Hello((RC4, DES3)).encode(lambda count: b"c" * count)
    body = b"\x01\x00\x02\x00\x06\x00\x00\x00\x10" + b"\x01\x00\x80\x07\x00\xc0" + b"c" * 16
    assert sent == b"\x80\x1f" + body


def test_suites_and_certificate_of_a_server_hello() -> None:
    assert read(server_hello(RC4, DES3, certificate=b"leaf")) == SSLv2ServerHello(
        (RC4, DES3), b"leaf"
    )


def test_pieces_do_not_matter() -> None:
    exchange = SSLv2Exchange(b"")
    answers = [exchange.receive(bytes((byte,)))[1] for byte in server_hello(RC4)]
    assert answers == [None] * (len(answers) - 1) + [SSLv2ServerHello((RC4,))]


def test_an_error_of_sslv2_and_an_alert_of_tls_are_refusals() -> None:
    assert read(record(b"\x00\x00\x01")) == Alert(2, 40)
    assert read(b"\x15\x03\x01\x00\x02\x02\x46") == Alert(2, 70)


@pytest.mark.parametrize(
    "data",
    [
        b"500 what is this?\r\n",
        record(b"\x09" + bytes(20)),
        server_hello(RC4, version=b"\x03\x00"),
        server_hello(RC4)[:2] + server_hello(RC4)[2:-1] + b"",
        record(b"\x04\x00\x01\x00\x02\x00\x00\x00\x04\x00\x00\x01\x00\x80\x00"),
    ],
)
def test_anything_else_is_no_verdict(data: bytes) -> None:
    answer = read(data)
    assert answer is None or isinstance(answer, NotDetermined)


@given(st.binary(max_size=80))
def test_any_bytes_give_an_answer_or_wait_and_never_raise(data: bytes) -> None:
    for start in (b"", b"\x80\x20\x04", b"\x15\x03"):
        answer = read(start + data)
        assert answer is None or isinstance(answer, (Alert, NotDetermined, SSLv2ServerHello))


def test_openssl_of_today_refuses_with_an_alert(tmp_path: t.Any) -> None:
    keys = make_keys(tmp_path)
    with openssl_server("-cert", str(keys.rsa), "-key", str(keys.rsa_key)) as port:
        assert isinstance(ask(port, SSLv2Hello()), Alert)


def served(to_sslv2: t.Callable[[Peer], None]) -> t.Callable[[Peer], None]:
    """A server of which only the answer to a hello of SSL 2.0 matters; it refuses every other."""

    def script(peer: Peer) -> None:
        peer.to_starttls()
        first = peer.socket.recv(4096)
        if first[0] & 0x80:
            to_sslv2(peer)
        else:
            peer.say(TLS_REFUSAL)

    return script


def probed(script: t.Callable[[Peer], None], *checks: str) -> dict[str, t.Any]:
    with scripted(script) as server:
        target = Target("127.0.0.1", server.port, ehlo_name="probe.test", checks=checks)
        return report(probe(target))


def first(result: dict[str, t.Any]) -> tuple[t.Any, ...]:
    oldest = result["protocols"][0]
    return oldest["name"], oldest["accepted"], oldest["reason"]


def test_a_server_of_sslv2_is_recognised_with_its_suites_and_its_certificate() -> None:
    hello = server_hello(RC4, DES3, certificate=b"leaf")
    result = probed(served(lambda peer: peer.say(hello)), "ciphers", "certificates")
    assert first(result) == ("SSLv2", True, None)
    assert result["ciphers"]["SSLv2"] == [
        {"name": "RC4-MD5", "iana": "SSL_CK_RC4_128_WITH_MD5", "code": "0x010080"},
        {"name": "DES-CBC3-MD5", "iana": "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", "code": "0x0700C0"},
    ]
    assert len(result["_chains"]) == 1
    codes = {finding["code"] for finding in result["findings"]}
    assert {"sslv2-accepted", "no-shared-cipher"} <= codes


def test_sslv2_without_any_suite_is_sslv2_all_the_same() -> None:
    result = probed(served(lambda peer: peer.say(server_hello())), "protocols")
    assert first(result) == ("SSLv2", True, "no suite listed")


def test_closing_is_a_refusal_only_from_a_server_that_answers_another_hello() -> None:
    def closes(peer: Peer) -> None:
        peer.socket.close()

    assert first(probed(served(closes), "protocols"))[1] is None

    def answers(peer: Peer) -> None:
        peer.to_starttls()
        hello = peer.socket.recv(4096)
        if hello[0] & 0x80:
            return
        body = b"\x03\x03" + bytes(32) + b"\x00\x00\x2f\x00"
        certificate = b"\x0b\0\0\x07\0\0\x04\0\0\x01c"
        flight = b"\x02" + len(body).to_bytes(3, "big") + body + certificate + b"\x0e\0\0\0"
        peer.say(b"\x16\x03\x03" + len(flight).to_bytes(2, "big") + flight)

    assert first(probed(answers, "protocols")) == ("SSLv2", False, "closed after the hello")


def test_codes_are_those_of_three_bytes() -> None:
    assert {RC4, DES3} <= set(CODES)
    assert all(0xFFFF < code <= 0xFFFFFF for code in CODES)
