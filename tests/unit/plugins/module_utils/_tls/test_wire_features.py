# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a first flight tells beside suite and chain: the openssl command is the server, with each thing on and off."""

from __future__ import annotations

import dataclasses
import re
import socket
import ssl
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import (
    FEATURES,
    ClientHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._exchange import (
    Exchange,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Keys,
    make_keys,
    openssl_server,
)

V12 = Protocol.TLSv1_2
LOOSE = ("-cipher", "ALL:@SECLEVEL=0", "-tls1_2")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


class Question(t.Protocol):
    def exchange(self) -> Exchange:
        """The talk that answers it."""


def ask(port: int, question: Question) -> Answer:
    exchange = question.exchange()
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(exchange.opening())
        while True:
            data = connection.recv(65536)
            if not data:
                return NotDetermined("closed", "The server closed the connection.")
            more, answer = exchange.receive(data)
            connection.sendall(more)
            if answer is not None:
                return answer


def answered(port: int, hello: ClientHello) -> ServerHello:
    answer = ask(port, hello)
    assert isinstance(answer, ServerHello), answer
    return answer


def hello(*suites: int, version: Protocol = V12, **options: t.Any) -> ClientHello:
    return ClientHello((version,), suites, extra=FEATURES, **options)


def rsa(keys: Keys) -> tuple[str, ...]:
    return ("-cert", str(keys.rsa), "-key", str(keys.rsa_key))


def test_extensions_are_those_that_the_server_has_on(keys: Keys) -> None:
    with openssl_server(*rsa(keys), *LOOSE) as port:
        usual = answered(port, hello(0x002F)).extensions
        stream = answered(port, hello(0xC02F)).extensions
    with openssl_server(*rsa(keys), *LOOSE, "-no_ticket", "-no_etm") as port:
        bare = answered(port, hello(0x002F)).extensions
    assert usual >= {22, 23, 35, 0xFF01}
    assert 22 not in stream
    assert not bare & {22, 35}


def test_a_session_id_is_given_only_with_a_cache(keys: Keys) -> None:
    with openssl_server(*rsa(keys), *LOOSE, "-no_ticket") as port:
        assert answered(port, hello(0xC02F)).session_id
    with openssl_server(*rsa(keys), *LOOSE, "-no_ticket", "-no_cache") as port:
        assert not answered(port, hello(0xC02F)).session_id


def made_dh(directory: Path, name: str) -> tuple[Path, int]:
    path = directory / "dh.pem"
    command = ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", f"group:{name}"]
    subprocess.run([*command, "-out", str(path)], check=True, capture_output=True)
    shown = subprocess.run(
        ["openssl", "asn1parse", "-in", str(path)], check=True, capture_output=True, text=True
    ).stdout
    digits = re.search(r"INTEGER +:([0-9A-F]+)", shown)
    assert digits is not None, shown
    return path, int(digits[1], 16)


@pytest.mark.parametrize(("name", "bits"), [("modp_1536", 1536), ("ffdhe3072", 3072)])
def test_dh_group_is_the_one_of_the_file(keys: Keys, tmp_path: Path, name: str, bits: int) -> None:
    path, prime = made_dh(tmp_path, name)
    with openssl_server(*rsa(keys), *LOOSE, "-dhparam", str(path)) as port:
        for suite in (0x009E, 0x00A6):
            dh = answered(port, hello(suite)).dh
            assert dh is not None
            assert (dh.prime, dh.bits) == (prime, bits)
        assert answered(port, hello(0xC02F)).dh is None


def test_dh_group_behind_a_psk_hint(keys: Keys, tmp_path: Path) -> None:
    path, prime = made_dh(tmp_path, "modp_1536")
    options = ("-psk", "aabb", "-psk_hint", "someone", "-dhparam", str(path))
    with openssl_server(*rsa(keys), *LOOSE, *options) as port:
        answer = answered(port, hello(0x0090))
        curve = answered(port, hello(0xC035))
    assert answer.dh is not None
    assert (answer.dh.prime, answer.signature) == (prime, None)
    assert curve.group == 29


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("rsa_pss_rsae_sha512", 0x0806), ("RSA+SHA1", 0x0201), ("RSA+SHA256", 0x0401)],
)
def test_signature_scheme_of_the_key_exchange(keys: Keys, name: str, scheme: int) -> None:
    with openssl_server(*rsa(keys), *LOOSE, "-sigalgs", name) as port:
        assert answered(port, hello(0xC02F)).signature == scheme
        assert answered(port, hello(0x009E)).signature == scheme
        assert answered(port, hello(0x009C)).signature is None
        assert answered(port, hello(0x00A6)).signature is None


def test_older_versions_name_no_scheme(keys: Keys) -> None:
    with openssl_server(*rsa(keys), "-cipher", "ALL:@SECLEVEL=0", "-tls1") as port:
        answer = answered(port, hello(0x0033, version=Protocol.TLSv1))
    assert answer.dh is not None
    assert answer.signature is None


def test_authorities_of_a_certificate_request(keys: Keys) -> None:
    with openssl_server(*rsa(keys), *LOOSE, "-CAfile", str(keys.ecdsa), "-Verify", "1") as port:
        answer = answered(port, hello(0xC02F))
    assert answer.certificate_requested
    subject = b"0\x1a1\x180\x16\x06\x03U\x04\x03\x0c\x0fmx.example.test"
    assert answer.authorities == (subject,)


def test_staple_is_kept(keys: Keys, tmp_path: Path) -> None:
    response = made_response(keys, tmp_path)
    with openssl_server(*rsa(keys), *LOOSE, "-status_file", str(response)) as port:
        assert answered(port, hello(0xC02F)).staple == response.read_bytes()
        unasked = dataclasses.replace(hello(0xC02F), extra=())
        assert answered(port, unasked).staple == b""


def made_response(keys: Keys, directory: Path) -> Path:
    index = directory / "index.txt"
    index.write_text("")
    response = directory / "response.der"
    signer = ["-CA", str(keys.rsa), "-rsigner", str(keys.rsa), "-rkey", str(keys.rsa_key)]
    request = ["-issuer", str(keys.rsa), "-cert", str(keys.rsa), "-respout", str(response)]
    command = ["openssl", "ocsp", "-index", str(index), *signer, *request, "-ndays", "1"]
    subprocess.run(command, check=True, capture_output=True)
    return response


def test_all_compressions_offered_and_none_chosen(keys: Keys) -> None:
    with openssl_server(*rsa(keys), *LOOSE, "-comp") as port:
        assert answered(port, hello(0xC02F, compressions=(1, 0))).compression == 0


@pytest.mark.parametrize("offered", [(0,), (1, 0)])
def test_compression_that_was_offered_is_an_answer(offered: tuple[int, ...]) -> None:
    exchange = hello(0x2F, compressions=offered).exchange()
    body = b"\x03\x03" + bytes(32) + b"\x00\x00\x2f\x01"
    flight = b"".join(
        bytes((kind,)) + len(content).to_bytes(3, "big") + content
        for kind, content in ((2, body), (11, b"\0\0\4\0\0\1x"), (14, b""))
    )
    answer = exchange.receive(b"\x16\x03\x03" + len(flight).to_bytes(2, "big") + flight)[1]
    if 1 in offered:
        assert isinstance(answer, ServerHello)
        assert answer.compression == 1
    else:
        assert isinstance(answer, NotDetermined)
        assert answer.reason == "contradictory"


def test_offered_compressions_arrive_in_the_hello() -> None:
    sent = hello(0x002F, compressions=(1, 0)).encode(bytes)
    assert sent[44:51] == b"\x00\x02\x00\x2f\x02\x01\x00"[:7]
    plain = hello(0x002F).encode(bytes)
    assert plain[44:50] == b"\x00\x02\x00\x2f\x01\x00"[:6]


def test_leaf_is_what_the_server_was_given(keys: Keys) -> None:
    with openssl_server(*rsa(keys), *LOOSE) as port:
        chain = answered(port, hello(0x009C)).certificates
    assert chain == (ssl.PEM_cert_to_DER_cert(keys.rsa.read_text()),)
