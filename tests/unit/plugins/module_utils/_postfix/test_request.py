# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._master import parse_master
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import (
    Request,
    request_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import tls_services
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion

OPENSSL_3, OPENSSL_1 = 0x30000160, 0x1010117F
OPENSSL_3_5 = 0x30500010
BASE = {
    "inet_interfaces": "all",
    "inet_protocols": "all",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_cert_file": "/c.pem",
    "smtpd_tls_key_file": "$smtpd_tls_cert_file",
    "smtpd_tls_ciphers": "medium",
    "smtpd_tls_mandatory_ciphers": "medium",
    "tls_medium_cipherlist": "MEDIUM",
    "tls_eecdh_auto_curves": "X25519 prime256v1",
    "tls_eecdh_strong_curve": "secp256k1",
    "tls_ffdhe_auto_groups": "ffdhe2048",
}
SMTPD = "smtp inet n - y - - smtpd"


def request(
    version: str, line: str = SMTPD, *, library: int = OPENSSL_3, **parameters: str
) -> Request:
    (service,) = tls_services(parse_master(line), {**BASE, **parameters})
    return request_of(service, PostfixVersion.parse(version), library=library)


def settings(version: str, line: str = SMTPD, **parameters: str) -> object:
    found = request(version, line, **parameters).settings
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("version", "minimum", "maximum"),
    [
        ("3.5.4", False, False),
        ("3.5.5", True, False),
        ("3.4.15", True, False),
        ("3.6.0", True, True),
    ],
)
def test_bounds_of_openssl_cnf_are_overridden_from_their_release_on(
    version: str, minimum: bool, maximum: bool
) -> None:
    found = request(version).settings
    assert found is not None
    assert (found.reset_minimum, found.reset_maximum) == (minimum, maximum)


@pytest.mark.parametrize(
    ("version", "library", "parameters", "first"),
    [
        ("3.5.25", OPENSSL_1, {"smtpd_tls_eecdh_grade": "auto"}, ("X25519", "prime256v1")),
        ("3.5.25", OPENSSL_1, {"smtpd_tls_eecdh_grade": "strong"}, ("secp256k1",)),
        ("3.7.11", OPENSSL_3, {"smtpd_tls_eecdh_grade": "strong"}, ("X25519", "prime256v1")),
        ("3.10.0", OPENSSL_3, {}, ("X25519", "prime256v1", "ffdhe2048")),
        ("3.10.0", OPENSSL_1, {}, ("X25519", "prime256v1")),
    ],
)
def test_groups_by_release_and_library(
    version: str, library: int, parameters: dict[str, str], first: tuple[str, ...]
) -> None:
    found = request(version, library=library, **parameters).settings
    assert found is not None
    assert found.groups[0] == first


@pytest.mark.parametrize(
    ("version", "library", "last"),
    [
        ("3.11.6", OPENSSL_3_5, ("?X25519MLKEM768", "DEFAULT")),
        ("3.11.6", OPENSSL_3, ("X25519", "X448", "prime256v1", "secp384r1", "secp521r1")),
        ("3.10.9", OPENSSL_3_5, ("X25519", "X448", "prime256v1", "secp384r1", "secp521r1")),
    ],
)
def test_without_a_known_group_those_that_are_compiled_in_serve(
    version: str, library: int, last: tuple[str, ...]
) -> None:
    found = request(version, library=library, tls_eecdh_auto_curves="nonsense").settings
    assert found is not None
    assert found.groups[1][:5] == last


@pytest.mark.parametrize(
    ("version", "left_to_openssl"), [("3.8.7", False), ("3.8.8", True), ("3.10.0", True)]
)
def test_empty_groups_are_left_to_openssl_from_their_release_on(
    version: str, left_to_openssl: bool
) -> None:
    found = request(version, tls_eecdh_auto_curves="", tls_ffdhe_auto_groups="").settings
    assert found is not None
    assert (found.groups == ()) is left_to_openssl


def test_a_required_client_certificate_needs_mandatory_tls_and_raises_the_level() -> None:
    strict = f"{SMTPD} -o smtpd_tls_security_level=encrypt -o smtpd_tls_req_ccert=yes"
    found = request("3.10.0", strict).settings
    assert found is not None
    assert (found.level, found.ciphers) == (1, "MEDIUM:!aNULL")
    loose = request("3.10.0", smtpd_tls_req_ccert="yes").settings
    assert loose is not None
    assert (loose.level, loose.ciphers) == (0, "MEDIUM")


def test_options_that_change_the_order_are_passed_on_and_managed_ones_are_not() -> None:
    found = request(
        "3.10.0", tls_preempt_cipherlist="yes", tls_ssl_options="prioritize_chacha, 0x20000000"
    ).settings
    assert found is not None
    assert found.options == (1 << 22) | (1 << 21)


def test_chain_files_win_over_the_other_parameters() -> None:
    found = request("3.10.0", smtpd_tls_chain_files="/a.pem, /b.pem")
    assert found.certificates == (("chain", "/a.pem", "/b.pem"),)


def test_the_key_is_by_default_in_the_file_of_the_certificate() -> None:
    assert request("3.10.0").certificates == (("pair", "/c.pem", "/c.pem"),)


def test_no_certificate_on_purpose_is_not_a_problem_unless_one_is_asked_for() -> None:
    assert request("3.10.0", smtpd_tls_cert_file="none").problem is None
    asked = request("3.10.0", smtpd_tls_cert_file="none", smtpd_tls_ask_ccert="yes")
    assert asked.problem == "no certificate is configured"


def test_without_tls_nothing_is_asked_of_the_library() -> None:
    assert request("3.10.0", smtpd_tls_security_level="none").settings is None
