# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole handshakes with the openssl command as a server: what it is told to do is what the client must find."""

from __future__ import annotations

import ssl
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _cipher_specs, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._groups import name_of
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Keys,
    make_keys,
    openssl_server,
)
from ansible_collections.postmaster.tls.tests.support.talks import ask

IN_TLS13 = (
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
)
EVERYTHING = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
OLD = (Protocol.TLSv1, Protocol.TLSv1_1, Protocol.TLSv1_2)
VERSIONS = (*OLD, Protocol.TLSv1_3)
OPTIONS = {
    version: f"-{version.label.lower().replace('v', '').replace('.', '_')}" for version in VERSIONS
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def both(keys: Keys) -> tuple[str, ...]:
    rsa = ("-cert", str(keys.rsa), "-key", str(keys.rsa_key))
    return (*rsa, "-dcert", str(keys.ecdsa), "-dkey", str(keys.ecdsa_key), *EVERYTHING)


@pytest.fixture(scope="module")
def loose(both: tuple[str, ...]) -> t.Iterator[int]:
    """A server that does all that this OpenSSL can do."""
    with openssl_server(*both, "-ciphersuites", ":".join(IN_TLS13)) as port:
        yield port


def der(path: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def known_here(version: Protocol) -> list[int]:
    """The suites that both this OpenSSL, by its own word, and the client can do."""
    command = ["openssl", "ciphers", "-s", OPTIONS[version], EVERYTHING[1]]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = {*output.strip().split(":"), *IN_TLS13}
    found = [
        code
        for code in _cipher_specs.computable(version)
        if (suite := _suites.by_code(code)) is not None and suite.name in names
    ]
    return [code for code in found if "DSS" not in str(_suites.by_code(code))]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.label)
def test_every_suite_comes_to_its_end(loose: int, keys: Keys, version: Protocol) -> None:
    leaves = {"RSA": der(keys.rsa), "ECDSA": der(keys.ecdsa)}
    suites = known_here(version)
    assert len(suites) >= (5 if version == Protocol.TLSv1_3 else 14)
    for code in suites:
        answer = ask(loose, FullHandshake(version=version, suites=(code,)))
        assert isinstance(answer, ServerHello), (_suites.by_code(code), answer)
        assert (answer.version, answer.suite) == (version, code)
        suite = _suites.by_code(code)
        assert suite is not None
        if suite.authentication in leaves:
            assert answer.certificates == (leaves[suite.authentication],)


@pytest.mark.parametrize("version", [Protocol.TLSv1_2, Protocol.TLSv1_3])
@pytest.mark.parametrize(
    ("option", "code"),
    [("X25519", 0x1D), ("P-256", 0x17), ("P-384", 0x18), ("P-521", 0x19), ("X448", 0x1E)],
)
def test_every_curve(both: tuple[str, ...], version: Protocol, option: str, code: int) -> None:
    """All but X25519 need a second ClientHello in TLS 1.3."""
    with openssl_server(*both, "-groups", option) as port:
        suites = (0xC02F,) if version == Protocol.TLSv1_2 else ()
        answer = ask(port, FullHandshake(version=version, suites=suites))
    assert isinstance(answer, ServerHello)
    assert name_of(answer.group or 0) == name_of(code)


@pytest.mark.parametrize("option", ["ffdhe2048", "ffdhe3072", "ffdhe4096"])
def test_every_finite_field_group_in_tls_1_3(both: tuple[str, ...], option: str) -> None:
    with openssl_server(*both, "-groups", option) as port:
        answer = ask(port, FullHandshake())
    assert isinstance(answer, ServerHello)
    assert name_of(answer.group or 0) == option


def test_the_key_type_is_chosen_by_the_signature_algorithms(loose: int, keys: Keys) -> None:
    rsa = ask(loose, FullHandshake(signature_algorithms=(0x0804, 0x0805, 0x0806, 0x0401)))
    ecdsa = ask(loose, FullHandshake(signature_algorithms=(0x0403,)))
    neither = ask(loose, FullHandshake(signature_algorithms=(0x0807,)))
    assert (rsa.certificates, rsa.signature) == ((der(keys.rsa),), 0x0804)
    assert (ecdsa.certificates, ecdsa.signature) == ((der(keys.ecdsa),), 0x0403)
    assert isinstance(neither, Alert)
    assert neither.name == "handshake_failure"


def test_ed25519_and_a_long_chain(tmp_path: Path, keys: Keys) -> None:
    key, certificate = tmp_path / "key", tmp_path / "pem"
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ed25519", "-subj", "/CN=ed"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    chain = tmp_path / "chain"
    chain.write_text((keys.rsa.read_text() + keys.ecdsa.read_text()) * 8)
    options = ("-cert", str(certificate), "-key", str(key), "-cert_chain", str(chain))
    with openssl_server(*options) as port:
        answer = ask(port, FullHandshake())
    assert answer.signature == 0x0807
    expected = (der(certificate), *(der(keys.rsa), der(keys.ecdsa)) * 8)
    assert answer.certificates == expected


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.label)
@pytest.mark.parametrize("option", ["-verify", "-Verify"])
def test_a_client_certificate_is_asked_for(
    both: tuple[str, ...], keys: Keys, version: Protocol, option: str
) -> None:
    """With -Verify the handshake fails for want of one: before the end up to TLS 1.2, after it in TLS 1.3."""
    with openssl_server(*both, option, "1", "-CAfile", str(keys.rsa)) as port:
        answer = ask(port, FullHandshake(version=version))
    if option == "-Verify" and version < Protocol.TLSv1_3:
        assert isinstance(answer, Alert)
        answer = answer.after
    assert isinstance(answer, ServerHello)
    assert answer.certificate_requested
    [name] = answer.authorities
    assert b"mx.example.test" in name
    assert name in der(keys.rsa)


@pytest.mark.parametrize("version", [Protocol.TLSv1_2, Protocol.TLSv1_3])
def test_the_staple(both: tuple[str, ...], keys: Keys, tmp_path: Path, version: Protocol) -> None:
    response = ocsp_response(keys, tmp_path)
    with openssl_server(*both, "-status_file", str(response)) as port:
        suites = (0xC02F,) if version == Protocol.TLSv1_2 else ()
        stapled = ask(port, FullHandshake(version=version, suites=suites))
    assert stapled.staple == response.read_bytes()


def ocsp_response(keys: Keys, directory: Path) -> Path:
    serial = subprocess.run(
        ["openssl", "x509", "-in", str(keys.rsa), "-noout", "-serial"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    index = directory / "index.txt"
    number = serial.partition("=")[2]
    index.write_text(f"V\t491231235959Z\t\t{number}\tunknown\t/CN=mx.example.test\n")
    request, response = directory / "request.der", directory / "response.der"
    ocsp = ["openssl", "ocsp", "-issuer", str(keys.rsa)]
    asking = [*ocsp, "-cert", str(keys.rsa), "-reqout", str(request)]
    subprocess.run(asking, check=True, capture_output=True)
    signer = ["-index", str(index), "-CA", str(keys.rsa), "-rsigner", str(keys.rsa)]
    files = ["-rkey", str(keys.rsa_key), "-reqin", str(request), "-respout", str(response)]
    answering = ["openssl", "ocsp", *signer, *files]
    subprocess.run(answering, check=True, capture_output=True)
    return response


def test_the_server_name_chooses_the_certificate(keys: Keys) -> None:
    rsa = ("-cert", str(keys.rsa), "-key", str(keys.rsa_key), "-servername", "other.example.test")
    with openssl_server(*rsa, "-cert2", str(keys.ecdsa), "-key2", str(keys.ecdsa_key)) as port:
        default = ask(port, FullHandshake())
        named = ask(port, FullHandshake("other.example.test"))
    assert default.certificates == (der(keys.rsa),)
    assert named.certificates == (der(keys.ecdsa),)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.label)
@pytest.mark.parametrize("tickets", [True, False])
@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ((), {True: "ticket", False: "id"}),
        (("-no_ticket",), {True: "id", False: "id"}),
        (("-no_cache",), {True: "ticket", False: None}),
        (("-no_cache", "-no_ticket"), {True: None, False: None}),
    ],
    ids=["default", "no ticket", "no cache", "neither"],
)
def test_resumption(
    both: tuple[str, ...],
    version: Protocol,
    tickets: bool,
    options: tuple[str, ...],
    kinds: dict[bool, str | None],
) -> None:
    first = FullHandshake(version=version, purpose="resumption", tickets=tickets)
    with openssl_server(*both, *options) as port:
        given = ask(port, first)
        assert isinstance(given, HandshakeResult)
        assert given.resumed is None
        if version == Protocol.TLSv1_3:
            expected: str | None = "tls13"
        else:
            expected = kinds[tickets]
        if given.resumption is None:
            assert expected is None
            return
        assert given.resumption.kind == expected
        again = FullHandshake(
            version=version, purpose="resumption", tickets=tickets, session=given.resumption
        )
        second = ask(port, again)
    assert isinstance(second, HandshakeResult)
    stateless = options != ("-no_cache", "-no_ticket")
    assert second.resumed is stateless
    assert bool(second.hello.certificates) is not stateless


@pytest.mark.parametrize("version", [Protocol.TLSv1_2, Protocol.TLSv1_3])
def test_a_session_that_another_server_gave_is_not_resumed(
    both: tuple[str, ...], version: Protocol
) -> None:
    question = FullHandshake(version=version, purpose="resumption")
    with openssl_server(*both) as port:
        given = ask(port, question).resumption
    with openssl_server(*both) as port:
        second = ask(port, FullHandshake(version=version, purpose="resumption", session=given))
    assert second.resumed is False
    assert second.hello.certificates


def test_how_much_early_data_is_allowed(both: tuple[str, ...]) -> None:
    question = FullHandshake(purpose="resumption")
    with openssl_server(*both, "-early_data", "-max_early_data", "4321") as port:
        assert ask(port, question).resumption.early_data == 4321
    with openssl_server(*both) as port:
        assert ask(port, question).resumption.early_data == 0


@pytest.mark.parametrize("version", OLD, ids=lambda version: version.label)
@pytest.mark.parametrize(
    ("options", "allowed"),
    [((), False), (("-client_renegotiation",), True), (("-no_renegotiation",), False)],
    ids=["default", "allowed", "forbidden"],
)
def test_renegotiation(
    both: tuple[str, ...], version: Protocol, options: tuple[str, ...], allowed: bool
) -> None:
    with openssl_server(*both, *options) as port:
        answer = ask(port, FullHandshake(version=version, purpose="renegotiation"))
    assert isinstance(answer, HandshakeResult)
    assert answer.renegotiation is allowed
    assert answer.reason == ("" if allowed else "alert no_renegotiation")


@pytest.mark.parametrize("version", [Protocol.TLSv1_2, Protocol.TLSv1_3])
def test_a_server_that_does_not_speak_the_version(both: tuple[str, ...], version: Protocol) -> None:
    other = Protocol.TLSv1_3 if version == Protocol.TLSv1_2 else Protocol.TLSv1_2
    with openssl_server(*both, OPTIONS[other]) as port:
        answer = ask(port, FullHandshake(version=version))
    assert isinstance(answer, Alert)
    assert answer.name == "protocol_version"
