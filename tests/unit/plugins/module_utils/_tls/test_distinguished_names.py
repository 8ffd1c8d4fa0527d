# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of authorities: what the openssl command writes by RFC 2253 for the same certificate."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _distinguished_names
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "subject",
    [
        "/C=DE/O=Example GmbH/OU=Mail/CN=Example Root CA",
        "/DC=test/DC=example/CN=Internal CA",
        "/C=FR/ST=Paris/L=Paris/O=A\\, B + C/CN=x\\;y",
        "/CN=Zürich/emailAddress=ca@example.test",
        "/CN= spaced ",
        "/1.2.3.4.5.6=private/serialNumber=17/CN=a",
    ],
)
def test_name_is_what_openssl_writes(subject: str, tmp_path: Path) -> None:
    certificate = tmp_path / "ca.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-utf8", "-multivalue-rdn", "-subj", subject]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", "/dev/null"]
    subprocess.run([*command, *key, "-out", str(certificate)], check=True, capture_output=True)
    wanted = ["-nameopt", "RFC2253,-esc_msb,utf8,-dump_unknown"]
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(certificate), "-noout", "-subject", *wanted],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    name = x509.load_pem_x509_certificate(certificate.read_bytes()).subject.public_bytes()
    assert _distinguished_names.text_of(name) == shown.removeprefix("subject=").rstrip("\n")


@given(st.binary(max_size=60))
def test_anything_else_is_shown_in_hexadecimal(data: bytes) -> None:
    for start in (b"", b"\x30", b"\x30\x0c\x31\x0a\x30\x08"):
        text = _distinguished_names.text_of(start + data)
        assert isinstance(text, str)
    assert _distinguished_names.text_of(b"\x01\x02" + data).startswith("#0102")
