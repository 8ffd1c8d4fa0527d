# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

RECORDED = Path(__file__).parents[4] / "fixtures" / "openssl_1_0_2_suites.txt"
SPELLING = {"DHE": "DH", "ECDHE": "ECDH", "anon": "None"}


def openssl_lines() -> list[str]:
    if shutil.which("openssl") is None:
        return []
    command = ["openssl", "ciphers", "-V", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("line", openssl_lines())
def test_suite_is_what_the_openssl_command_says(line: str) -> None:
    code, _dash, name, version, exchange, authentication, cipher, _mac = line.split()
    suite = _suites.by_code(int(code.replace(",0x", ""), 16))
    assert suite is not None
    assert suite.name == name
    assert _suites.by_name(name) is suite
    assert f"Kx={SPELLING.get(suite.key_exchange, suite.key_exchange)}" == exchange
    assert f"Au={SPELLING.get(suite.authentication, suite.authentication)}" == authentication
    strength = re.search(r"\((\d+)\)", cipher)
    assert suite.bits == (int(strength[1]) if strength else 0)
    assert suite.minimum <= Protocol.from_label(version) <= suite.maximum
    assert (suite.minimum >= Protocol.TLSv1_2) == (version in ("TLSv1.2", "TLSv1.3"))


@pytest.mark.parametrize("line", RECORDED.read_text(encoding="ascii").splitlines())
def test_suite_has_the_code_that_openssl_1_0_2_put_on_the_wire(line: str) -> None:
    code, name = line.split()
    suite = _suites.by_name(name)
    assert suite is not None
    assert suite.code == int(code, 16)


def test_both_names_find_a_suite_and_the_shape_has_both() -> None:
    suite = _suites.by_name("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
    assert suite is not None
    assert suite is _suites.by_name("ECDHE-RSA-AES128-GCM-SHA256")
    assert suite.as_dict() == {
        "name": "ECDHE-RSA-AES128-GCM-SHA256",
        "iana": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "code": "0xC02F",
    }


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("EDH-RSA-DES-CBC3-SHA", "DHE-RSA-DES-CBC3-SHA"),
        ("GOST2012-GOST8912-GOST8912", "LEGACY-GOST2012-GOST8912-GOST8912"),
    ],
)
def test_older_spelling_is_the_same_suite(older: str, newer: str) -> None:
    assert _suites.by_name(older) is _suites.by_name(newer) is not None


def test_unknown_names_and_codes_are_none() -> None:
    assert _suites.by_name("RSA+AES") is None
    assert _suites.by_code(0x0A0A) is None


def test_codes_and_names_are_unique() -> None:
    assert len({suite.code for suite in _suites.ALL}) == len(_suites.ALL)
    assert len({suite.name for suite in _suites.ALL}) == len(_suites.ALL)
    assert len({suite.iana for suite in _suites.ALL}) == len(_suites.ALL)


def test_tls13_has_its_own_suites_only() -> None:
    codes = {suite.code for suite in _suites.in_version(Protocol.TLSv1_3)}
    assert {0x1301, 0x1302, 0x1303, 0x1304, 0x1305} <= codes
    assert not codes & {suite.code for suite in _suites.in_version(Protocol.TLSv1_2)}


def test_suites_of_sslv2_are_apart_and_have_codes_of_three_bytes() -> None:
    suites = _suites.in_version(Protocol.SSLv2)
    assert not {suite.code for suite in suites} & {suite.code for suite in _suites.ALL}
    shapes = {suite.iana: suite.as_dict()["code"] for suite in suites}
    assert shapes["SSL_CK_RC4_128_WITH_MD5"] == "0x010080"
    assert _suites.shape_of(0x0700C0)["name"] == "DES-CBC3-MD5"
    for protocol in Protocol:
        offered = {suite.code for suite in _suites.in_version(protocol)}
        assert offered.isdisjoint({suite.code for suite in suites}) == (protocol != Protocol.SSLv2)


def test_a_name_that_two_versions_share_is_that_of_the_younger_one() -> None:
    shared = _suites.by_name("RC4-MD5")
    assert shared is not None
    assert shared.code == 0x0004


@pytest.mark.parametrize(
    ("name", "code", "exchange", "bits"),
    [
        ("TLS_AEGIS_128L_SHA256", 0x1307, "any", 128),
        ("TLS_CECPQ1_ECDSA_WITH_AES_256_GCM_SHA384", 0x16BA, "CECPQ1", 256),
        ("EXP1024-RC4-SHA", 0x0064, "RSA", 56),
        ("GOST-GOST89STREAM", 0xFF03, "RSA", 256),
        ("TLS_FORTEZZA_KEA_WITH_FORTEZZA_CBC_SHA", 0x001D, "FORTEZZA", 80),
        ("TLS_RSA_FIPS_WITH_DES_CBC_SHA", 0xFEFE, "RSA", 56),
    ],
)
def test_what_no_library_of_today_has_is_in_the_registry(
    name: str, code: int, exchange: str, bits: int
) -> None:
    suite = _suites.by_name(name)
    assert suite is not None
    assert (suite.code, suite.key_exchange, suite.bits) == (code, exchange, bits)


@pytest.mark.parametrize("protocol", [p for p in Protocol if p > Protocol.SSLv2])
def test_fits_agrees_with_the_list_of_a_version(protocol: Protocol) -> None:
    offered = {suite.code for suite in _suites.in_version(protocol)}
    assert {suite.code for suite in _suites.ALL if _suites.fits(suite.code, protocol)} - {
        0
    } == offered


def test_the_null_suite_is_never_offered() -> None:
    assert 0 not in {suite.code for suite in _suites.in_version(Protocol.SSLv3)}


def test_gcm_is_not_offered_before_tls12() -> None:
    assert 0x009C not in {suite.code for suite in _suites.in_version(Protocol.TLSv1_1)}


@pytest.mark.parametrize("protocol", list(Protocol))
def test_label_and_protocol_go_both_ways(protocol: Protocol) -> None:
    assert Protocol.from_label(protocol.label) is protocol


def test_a_mistyped_label_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"TLSv1_2.*TLSv1\.2"):
        Protocol.from_label("TLSv1_2")
