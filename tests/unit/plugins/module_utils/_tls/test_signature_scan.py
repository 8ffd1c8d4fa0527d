# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signature schemes: those that an openssl server was told to use, and what sslscan sees of one with all."""

from __future__ import annotations

import re
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _signatures
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer
from ansible_collections.postmaster.tls.plugins.module_utils._tls._signature_scan import (
    SignatureScan,
    accepted_signatures,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
from ansible_collections.postmaster.tls.tests.support.asking import asker
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Keys,
    make_keys,
    openssl_server,
)
from ansible_collections.postmaster.tls.tests.support.paper_server import PaperServer

V12, V13 = Protocol.TLSv1_2, Protocol.TLSv1_3
SUITES = {V12: [0xC02F], V13: [0x1301]}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def scan(ask: t.Callable[[t.Any], t.Any], version: Protocol) -> SignatureScan:
    return drive(accepted_signatures(version, offer=Offer()), ask)


def names(result: SignatureScan) -> set[str]:
    return {_signatures.name_of(code) for code in result.accepted}


def both(keys: Keys) -> list[str]:
    rsa, ecdsa = ["-cert", str(keys.rsa), "-key", str(keys.rsa_key)], str(keys.ecdsa_key)
    return [*rsa, "-dcert", str(keys.ecdsa), "-dkey", ecdsa, "-cipher", "ALL:@SECLEVEL=0"]


def test_schemes_of_tls12_are_those_configured(keys: Keys) -> None:
    options = ["-sigalgs", "rsa_pss_rsae_sha384:RSA+SHA1:ECDSA+SHA256", "-tls1_2"]
    with openssl_server(*both(keys), *options) as port:
        result = scan(asker(port), V12)
    assert names(result) == {"rsa_pss_rsae_sha384", "rsa_pkcs1_sha1", "ecdsa_secp256r1_sha256"}
    assert not result.undetermined
    assert result.rejected == set(_signatures.IN_TLS12) - set(result.accepted)
    assert len(result.chains) == 2


def test_schemes_of_tls13_are_those_configured(keys: Keys) -> None:
    options = ["-sigalgs", "rsa_pss_rsae_sha512:ecdsa_secp256r1_sha256", "-tls1_3"]
    with openssl_server(*both(keys), *options) as port:
        result = scan(asker(port), V13)
    assert names(result) == {"rsa_pss_rsae_sha512", "ecdsa_secp256r1_sha256"}
    assert not result.undetermined
    assert len(result.chains) == 2


def test_an_edwards_key_signs_with_its_own_scheme(tmp_path: Path) -> None:
    key, certificate = tmp_path / "ed.key", tmp_path / "ed.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ed25519", "-subj", "/CN=mx"]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    with openssl_server("-cert", str(certificate), "-key", str(key)) as port:
        found = [scan(asker(port), version) for version in (V12, V13)]
    assert [names(one) for one in found] == [{"ed25519"}, {"ed25519"}]


@pytest.mark.skipif(shutil.which("sslscan") is None, reason="sslscan is not installed")
def test_sslscan_sees_the_same_of_tls13_and_of_rsa_in_tls12(keys: Keys) -> None:
    with openssl_server(*both(keys)) as port:
        options = ["--show-sigs", "--no-ciphersuites", "--no-groups", "--no-colour"]
        shown = subprocess.run(
            ["sslscan", *options, f"127.0.0.1:{port}"], capture_output=True, text=True, check=True
        ).stdout
        ours = {version: names(scan(asker(port), version)) for version in (V12, V13)}
    found: dict[str, set[str]] = {}
    for version, name in re.findall(
        r"^(TLSv1\.[23])\s+((?:rsa|ecdsa|ed)\w+)$", shown, re.MULTILINE
    ):
        found.setdefault(version, set()).add(name)
    assert ours[V13] == found["TLSv1.3"]
    assert {name for name in ours[V12] if name.startswith("rsa")} == found["TLSv1.2"]


def test_silence_leaves_the_rest_open() -> None:
    server = PaperServer(SUITES, schemes=(0x0804, 0x0805))

    def tired(question: t.Any) -> t.Any:
        if len(server.questions) >= 1:
            return NotDetermined("timeout", "Nothing came.")
        return server(question)

    for version in (V12, V13):
        server.questions.clear()
        result = scan(tired, version)
        assert len(result.accepted) == 1
        assert not result.rejected
        assert set(server.schemes) - set(result.accepted) <= result.undetermined
        assert result.reason == "timeout"


def test_a_server_that_heeds_no_offer_has_only_what_it_uses() -> None:
    def stubborn(_question: t.Any) -> t.Any:
        return ServerHello(V12, 0xC02F, 23, certificates=(b"leaf",), signature=0x0201)

    result = scan(stubborn, V12)
    assert names(result) == {"rsa_pkcs1_sha1"}
    assert result.reason == "rsa_pkcs1_sha1 chosen, which was not offered"
    assert not result.undetermined


@pytest.mark.parametrize(
    ("code", "key_type"),
    [(0x0804, "RSA"), (0x0809, "RSA-PSS"), (0x0403, "ECDSA"), (0x0807, "Ed25519"), (0x0202, "DSA")],
)
def test_key_type_of_a_scheme(code: int, key_type: str) -> None:
    assert _signatures.key_type_of(code) == key_type


def test_names_are_unique_and_an_unknown_code_is_its_own() -> None:
    assert len(set(_signatures.NAMES.values())) == len(_signatures.NAMES)
    assert _signatures.name_of(0xFEED) == "0xFEED"
