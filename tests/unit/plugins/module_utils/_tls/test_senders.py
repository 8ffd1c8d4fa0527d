# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sender profiles: their data against recordings of real senders, and what they make of a server's answer."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import ssl
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _groups,
    _sender_logs,
    _sender_shares,
    _senders,
    _suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    DhParameters,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
from ansible_collections.postmaster.tls.tests.support import (
    client_hello_reader,
    mail_servers,
    starttls_listener,
)
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

FIXTURES = Path(__file__).resolve().parents[4] / "fixtures/senders"
RECORDED = sorted(path.stem for path in FIXTURES.glob("*.hex"))
HELLO_FIELDS = ("hello", "suites", "compressions", "extensions")
SCSV = {0x00FF, 0x5600}
CURVES = {0x0017: ec.SECP256R1(), 0x0018: ec.SECP384R1(), 0x0019: ec.SECP521R1()}


def encoded(name: str, server_name: str | None = "mx.example.test") -> bytes:
    template = _senders.by_name(name).hello
    session = b"" if template.record == 2 else os.urandom(template.session)
    return template.encode(
        random=os.urandom(32), session=session, server_name=server_name, entropy=os.urandom
    )


def stanza(name: str) -> list[str]:
    return [f"{k} {v}" for k, v in _senders._STANZAS[name] if k in HELLO_FIELDS]


@pytest.mark.parametrize("name", _senders.NAMES)
def test_hello_on_the_wire_is_what_the_profile_says(name: str) -> None:
    assert client_hello_reader.read(encoded(name)).lines() == stanza(name)


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_profile_equals_its_recording(name: str) -> None:
    recording = bytes.fromhex((FIXTURES / f"{name}.hex").read_text())
    assert client_hello_reader.read(recording).lines() == stanza(name)
    assert len(encoded(name)) == len(recording)


def test_every_recording_has_a_profile_and_every_recorded_profile_a_recording() -> None:
    recorded = [n for n in _senders.NAMES if _senders.by_name(n).recorded]
    assert sorted(recorded) == RECORDED


@pytest.mark.parametrize("name", _senders.NAMES)
def test_profile_is_made_of_registered_codes(name: str) -> None:
    profile = _senders.by_name(name)
    assert set(profile.suites) - SCSV == {c for c in profile.suites if _suites.by_code(c)} - SCSV
    assert set(profile.hello.groups) <= set(_groups.NAMES)
    shares = [group for extension in profile.hello.extensions for group in extension.shares]
    assert set(shares) <= set(profile.hello.groups)
    assert bool(shares) == (Protocol.TLSv1_3 in profile.versions)


@pytest.mark.parametrize("name", _senders.NAMES)
def test_profile_has_a_dated_source_and_a_fate_for_the_mail(name: str) -> None:
    profile = _senders.by_name(name)
    assert datetime.date.fromisoformat(profile.date) <= datetime.date(2026, 12, 31)
    assert profile.source
    assert profile.title
    assert profile.without_tls in ("plaintext", "deferred", None)
    assert len(profile.without_tls_source) > 20
    assert profile.versions
    assert max(profile.versions) == max([profile.hello.version, *profile.hello.versions])


def test_no_server_name_no_extension_for_it() -> None:
    kinds = [kind for kind, _c in client_hello_reader.read(encoded("java-17", None)).extensions]
    assert 0 not in kinds
    assert 51 in kinds


def test_unknown_profile_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"'postfix-1' is not a sender profile; known are .*java"):
        drive(_senders.sender_scan(["postfix-1"], server_name=None), lambda _question: None)


@pytest.mark.parametrize("group", sorted(CURVES))
def test_key_share_is_a_point_of_its_curve(group: int) -> None:
    share = _sender_shares.key_share(group, os.urandom)
    ec.EllipticCurvePublicKey.from_encoded_point(CURVES[group], share)


@pytest.mark.parametrize(("group", "length", "at"), [(0x11EC, 1216, 0), (0x11EB, 1249, 65)])
def test_hybrid_share_has_an_encapsulation_key_that_passes_the_check_of_its_modulus(
    group: int, length: int, at: int
) -> None:
    share = _sender_shares.key_share(group, os.urandom)
    key = share[at : at + 1152]
    pairs = [int.from_bytes(key[n : n + 3], "little") for n in range(0, 1152, 3)]
    assert len(share) == length
    assert all(pair & 0xFFF < 3329 and pair >> 12 < 3329 for pair in pairs)


def test_group_without_a_share_is_refused() -> None:
    with pytest.raises(ValueError, match="0x0016"):
        _sender_shares.key_share(0x0016, os.urandom)


TLS12 = Protocol.TLSv1_2
RFC_5746 = frozenset({0xFF01})
DH_1024 = DhParameters((1 << 1023) | 1, 2)
DH_2048 = DhParameters((1 << 2047) | 1, 2)
FLIGHTS = {
    "dh-too-small-at-level-2": (
        ("sendmail-8.17", ServerHello(TLS12, 0x009F, dh=DH_1024, extensions=RFC_5746)),
        "dh-key-too-small",
    ),
    "dh-large-enough-at-level-2": (
        ("sendmail-8.17", ServerHello(TLS12, 0x009F, dh=DH_2048, extensions=RFC_5746)),
        "",
    ),
    "dh-large-enough-at-level-0": (
        ("postfix-3.7", ServerHello(TLS12, 0x009F, dh=DH_1024, extensions=RFC_5746)),
        "",
    ),
    "curve-not-offered": (
        ("exchange-2016", ServerHello(TLS12, 0xC030, group=0x0019, extensions=RFC_5746)),
        "wrong-curve",
    ),
    "suite-not-offered": (
        ("boringssl", ServerHello(TLS12, 0x009F, dh=DH_2048, extensions=RFC_5746)),
        "suite-not-offered",
    ),
    "version-not-offered": (
        ("java-17", ServerHello(Protocol.TLSv1, 0xC014, group=0x001D, extensions=RFC_5746)),
        "unsupported-protocol",
    ),
    "signature-before-tls-1.2": (
        ("openssl-3.0", ServerHello(Protocol.TLSv1, 0xC014, group=0x001D, extensions=RFC_5746)),
        "legacy-signature",
    ),
    "no-signature-before-tls-1.2": (
        ("openssl-3.0", ServerHello(Protocol.TLSv1, 0x0035, extensions=RFC_5746)),
        "",
    ),
    "signature-not-offered": (
        (
            "boringssl",
            ServerHello(TLS12, 0xC030, group=0x001D, signature=0x0101, extensions=RFC_5746),
        ),
        "wrong-signature",
    ),
    "server-without-rfc-5746": (
        ("sendmail-8.18.1", ServerHello(TLS12, 0xC030, group=0x001D)),
        "unsafe-renegotiation",
    ),
    "server-without-rfc-5746-for-who-does-not-mind": (
        ("exim-4.98", ServerHello(TLS12, 0xC030, group=0x001D)),
        "",
    ),
    "tls-1.3-needs-no-rfc-5746": (
        ("openssl-3.6", ServerHello(Protocol.TLSv1_3, 0x1302, group=0x001D)),
        "",
    ),
}


@pytest.mark.parametrize("case", FLIGHTS)
def test_what_a_sender_refuses_by_itself(case: str) -> None:
    (name, hello), reason = FLIGHTS[case]
    result = _senders.judge(_senders.by_name(name), hello)
    assert (result.connects, result.reason) == (not reason, reason)
    assert (result.protocol, result.cipher) == (hello.version, hello.suite)
    assert bool(result.client_log) == (reason in _sender_logs.OWN_REFUSALS)


@pytest.mark.parametrize("name", _senders.NAMES)
def test_every_own_refusal_has_a_line_in_every_senders_log(name: str) -> None:
    profile = _senders.by_name(name)
    for reason, refusal in _sender_logs.OWN_REFUSALS.items():
        line = _sender_logs.client_log(
            profile.mta, profile.library, alert=refusal.alert, own=reason
        )
        assert "None" not in line
        assert len(line) > 10


def test_no_shared_cipher_is_told_as_both_sides_log_it() -> None:
    result = _senders.judge(_senders.by_name("sendmail-8.18.1"), Alert(2, 40))
    assert (result.connects, result.reason) == (False, "no-shared-cipher")
    assert result.server_log[0].endswith(
        "1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no shared cipher"
    )
    assert "accept failed=-1, reason=no shared cipher" in result.server_log[-1]
    assert "connect failed=-1, reason=ssl/tls alert handshake failure" in result.client_log
    shape = result.as_dict()
    assert shape["without_tls"] == "deferred"
    assert shape["cipher"] is None


def test_a_postfix_logs_two_lines_with_the_name_of_the_server() -> None:
    result = _senders.judge(_senders.by_name("postfix-3.10"), Alert(2, 40))
    first, second = result.client_log.splitlines()
    assert first == "SSL_connect error to NAME[ADDRESS]:PORT: -1"
    assert second.startswith("warning: TLS library problem: error:0A000410:SSL routines::")


def test_handshake_failure_for_ssl_3_alone_is_about_the_protocol() -> None:
    result = _senders.judge(_senders.by_name("sslv3-only"), Alert(2, 40))
    assert result.reason == "unsupported-protocol"
    assert "140760FC" in result.server_log[0]


@pytest.mark.parametrize("reason", ["timeout", "throttled", "closed", "malformed"])
def test_no_answer_is_no_verdict(reason: str) -> None:
    result = _senders.judge(_senders.by_name("java-8"), NotDetermined(reason, "x"))
    assert (result.connects, result.reason, result.server_log) == (None, reason, ())


def retry_request(group: int, extensions: bytes = b"") -> bytes:
    """A HelloRetryRequest by RFC 8446 section 4.1.4, whose random is the SHA-256 of that word."""
    version, share = b"\x00\x2b\x00\x02\x03\x04", b"\x00\x33\x00\x02" + group.to_bytes(2, "big")
    extensions = version + share + extensions
    body = b"\x03\x03" + hashlib.sha256(b"HelloRetryRequest").digest() + b"\x00\x13\x01\x00"
    body += len(extensions).to_bytes(2, "big") + extensions
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


def test_a_second_retry_request_ends_the_handshake_and_one_with_a_cookie_is_no_verdict() -> None:
    profile = _senders.by_name("postfix-3.10")
    exchange = _senders.SenderQuestion(profile, None).exchange()
    exchange.opening()
    again, answer = exchange.receive(retry_request(24))
    assert (bool(again), answer) == (True, None)
    _nothing, answer = exchange.receive(retry_request(24))
    assert answer is not None
    result = _senders.judge(profile, answer)
    assert (result.connects, result.reason) == (False, "unexpected-retry")

    exchange = _senders.SenderQuestion(profile, None).exchange()
    cookie = b"\x00\x2c\x00\x03\x00\x01c"
    _nothing, answer = exchange.receive(retry_request(24, cookie))
    assert answer is not None
    result = _senders.judge(profile, answer)
    assert (result.connects, result.reason) == (None, "retry-with-cookie")


def test_numbers_and_words_are_those_of_openssl() -> None:
    lines = [
        line
        for alert in (40, 42, 47, 70, 71, 80)
        for line in (
            _sender_logs.received("openssl-3.0", alert),
            *(
                t.cast(
                    "list[str]",
                    re.findall(
                        r"error:0A.*",
                        "\n".join(_sender_logs.server_log(alert, sent_by_server=True)),
                    ),
                )
            ),
        )
    ]
    for line in lines:
        number = re.search(r"error:(0A[0-9A-F]{6})", line)
        assert number
        known = subprocess.run(
            ["openssl", "errstr", number[1]], capture_output=True, text=True, check=True
        )
        assert known.stdout.strip() == line


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> mail_servers.Keys:
    return mail_servers.make_keys(tmp_path_factory.mktemp("keys"))


def results(
    keys: mail_servers.Keys, names: t.Sequence[str], **settings: t.Any
) -> dict[str, _senders.SenderResult]:
    context = starttls_listener.server_context(keys.rsa, keys.rsa_key, **settings)
    with starttls_listener.listening(starttls_listener.on_loopback, context) as server:
        scan = _senders.sender_scan(names, server_name="mx.example.test")
        return {result.name: result for result in drive(scan, starttls_listener.asker(server.port))}


def test_everything_but_ssl_3_connects_to_a_tolerant_server(keys: mail_servers.Keys) -> None:
    found = results(keys, _senders.NAMES)
    assert {n for n, result in found.items() if result.connects is not True} == {"sslv3-only"}
    assert found["postfix-3.10"].protocol == Protocol.TLSv1_3
    assert found["tls1.0-only"].protocol == Protocol.TLSv1


def test_group_without_a_share_in_the_hello_is_asked_for_and_given(keys: mail_servers.Keys) -> None:
    names = [n for n in _senders.NAMES if Protocol.TLSv1_3 in _senders.by_name(n).versions]
    found = results(keys, names, lowest=ssl.TLSVersion.TLSv1_3, curve="secp521r1")
    refused = {n for n, result in found.items() if not result.connects}
    assert refused == {"exchange-2022", "boringssl"}
    assert {result.reason for result in found.values() if not result.connects} == {
        "no-shared-cipher"
    }


def test_modern_server_tells_old_senders_that_their_protocol_is_too_old(
    keys: mail_servers.Keys,
) -> None:
    old = ["sendmail-openssl-0.9.8", "tls1.0-only", "sslv3-only", "exchange-2008r2"]
    found = results(keys, old, lowest=ssl.TLSVersion.TLSv1_2)
    assert {result.reason for result in found.values()} == {"unsupported-protocol"}
    assert {result.connects for result in found.values()} == {False}


@given(data=st.binary(max_size=300), cut=st.integers(0, 300))
def test_any_bytes_give_the_same_answer_in_any_pieces(data: bytes, cut: int) -> None:
    question = _senders.SenderQuestion(_senders.by_name("postfix-3.11"), None)
    whole, pieces = question.exchange(), question.exchange()
    expected = whole.receive(data)[1]
    first = pieces.receive(data[:cut])[1] if cut else None
    assert (first or pieces.receive(data[cut:])[1]) == expected
