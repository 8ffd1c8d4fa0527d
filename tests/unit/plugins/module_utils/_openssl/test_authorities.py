# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._authorities import (
    authorities_of,
    authority,
    authority_files,
)
from ansible_collections.postmaster.tls.tests.support.pems import make_pair
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    return Path(make_pair(tmp_path_factory.mktemp("ca"), "ec").certificate).read_text()


@pytest.fixture(scope="module")
def der(pem: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_every_root_of_this_machine_is_read_as_cryptography_reads_it() -> None:
    path = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    text = Path(path).read_text()
    found, broken = authorities_of(text)
    roots = x509.load_pem_x509_certificates(text.encode())
    assert (len(found), broken) == (len(roots), 0)
    for ours, root in zip(found, roots, strict=True):
        assert ours.not_after == f"{root.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
        assert ours.not_before == f"{root.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}"


@given(cut=st.integers(min_value=0, max_value=200))
def test_what_ends_early_is_no_certificate(der: bytes, cut: int) -> None:
    with pytest.raises(ValueError, match="DER ends early"):
        authority(der[:cut])


@given(junk=st.binary(max_size=300))
def test_bytes_that_are_no_certificate_are_counted_and_nothing_else(junk: bytes) -> None:
    text = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(junk).decode()}\n-----END CERTIFICATE-----\n"
    found, broken = authorities_of(text)
    assert len(found) + broken == 1


def test_an_expired_authority_is_found_and_the_others_are_counted(pem: str, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(pem + pem)
    later = NOW + timedelta(days=4000)
    (fresh,), none = authority_files(
        {(str(path), False): ["/etc/postfix smtp/inet"]}, None, now=NOW
    )
    (old,), (found,) = authority_files({(str(path), False): ["x"]}, None, now=later)
    assert (fresh["certificates"], fresh["expired"], none) == (2, [], [])
    assert fresh["services"] == ["/etc/postfix smtp/inet"]
    assert (found.code, found.where) == ("authority-expired", str(path))
    assert [one["subject"] for one in old["expired"]] == [
        authority(ssl.PEM_cert_to_DER_cert(pem)).subject
    ] * 2


def test_a_directory_is_counted_by_its_hashed_names(tmp_path: Path) -> None:
    for name in ("0123abcd.0", "0123abcd.1", "README", "0123abcd.r0"):
        (tmp_path / name).touch()
    (facts,), findings = authority_files({(str(tmp_path), True): ["x"]}, None, now=NOW)
    assert (facts["certificates"], facts["directory"], findings) == (2, True, [])


def test_what_cannot_be_read_has_its_reason(tmp_path: Path) -> None:
    known = {(str(tmp_path / "none.pem"), False): ["x"], (str(tmp_path / "none"), True): ["x"]}
    described, findings = authority_files(known, None, now=NOW)
    assert [one["certificates"] for one in described] == [None, None]
    assert all("No such file" in one["reason"] for one in described)
    assert findings == []


def test_of_a_saved_host_nothing_of_this_one_is_looked_at(pem: str, tmp_path: Path) -> None:
    path = tmp_path / "here.pem"
    path.write_text(pem)
    known = {(str(path), False): ["x"], (str(tmp_path), True): ["x"], ("/ca.pem", False): ["x"]}
    described, _findings = authority_files(known, {"/ca.pem": pem}, now=NOW)
    assert [one["certificates"] for one in described] == [None, None, 1]
