# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that nobody can reach: a CentOS 6 with Postfix 2.6.6, of which only files are left."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._host_facts import (
    HostFacts,
    HostOptions,
    host_facts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed
from ansible_collections.postmaster.tls.tests.support.pems import Pair, make_pair

MAIN = """\
inet_interfaces = all
myhostname = mx.example.test
smtpd_tls_cert_file = /etc/pki/tls/certs/mx.pem
smtpd_tls_key_file = /etc/pki/tls/private/mx.key
smtpd_tls_exclude_ciphers = aNULL, LOW, EXP, MEDIUM, ADH, AECDH, MD5, DSS, ECDSA, CAMELLIA128, 3DES,
    CAMELLIA256, RSA+AES, eNULL
smtpd_tls_security_level = may
"""
MASTER = "smtp inet n - n - - smtpd\nsmtp unix - - n - - smtp\n"
LOGGED = (
    "ALL:+RC4:@STRENGTH:!aNULL:!LOW:!EXP:!MEDIUM:!ADH:!AECDH:!MD5:!DSS:!ECDSA:!CAMELLIA128:!3DES:"
    "!CAMELLIA256:!RSA+AES:!eNULL"
)
STRICT = {"opportunistic-strict", "no-suite-before-tls13", "no-shared-cipher", "only-dhe"}


def nothing_runs(command: t.Sequence[str]) -> Completed:
    raise AssertionError(f"{command} was run")


def facts_of(
    main: str = MAIN, *, why: tuple[str, ...] = (), mx_names: tuple[str, ...] = (), **more: t.Any
) -> HostFacts:
    saved = {"main": main, "master": MASTER, "version": "2.6.6", **more}
    subset = frozenset({"postfix", "certificates"})
    options = HostOptions(subset, why=why, saved=saved, mx_names=mx_names)
    return host_facts(options, run=nothing_runs)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("pair"), "rsa")


def test_the_string_is_the_one_in_the_log() -> None:
    service = facts_of().facts["postfix"][0]["services"][0]
    assert (service["name"], service["cipher_string"]) == ("smtp/inet", LOGGED)


def test_both_causes_are_named() -> None:
    findings = facts_of().facts["postfix"][0]["services"][0]["findings"]
    (found,) = (one for one in findings if one["code"] == "only-dhe")
    assert "excluded by RSA+AES (smtpd_tls_exclude_ciphers)" in found["evidence"]
    assert "elliptic curves are off (smtpd_tls_eecdh_grade = none)" in found["evidence"]


def test_why_names_the_cause_of_each_suite() -> None:
    names = ("AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256")
    answers = facts_of(why=names).facts["why"]
    said = [one["text"] for one in answers if one["service"] == "smtp/inet"]
    assert "excluded by RSA+AES" in said[0]
    assert "elliptic curves are off" in said[1]
    assert "could not be found out" in said[2]


def test_with_curves_only_one_cause_is_left_and_no_verdict() -> None:
    service = facts_of(MAIN + "smtpd_tls_eecdh_grade = strong\n").facts["postfix"][0]["services"][0]
    assert "only-dhe" not in [one["code"] for one in service["findings"]]
    assert {
        one["reason"] for one in service["dropped"] if "RSA" in one["suite"]["name"][:9]
    } == set()


TODAY = "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = /etc/mx.pem\n"


@pytest.mark.parametrize(
    ("line", "code", "evidence"),
    [
        (
            "smtpd_tls_exclude_ciphers = AES128",
            "opportunistic-strict",
            "no ECDHE-ECDSA-AES128-GCM-SHA256, ECDHE-RSA-AES128-GCM-SHA256: excluded by AES128 (smtpd_tls_exclude_ciphers)",
        ),
        ("smtpd_tls_protocols = >=TLSv1.3", "opportunistic-strict", "no TLSv1.2"),
        ("smtpd_tls_protocols = TLSv1.1", "opportunistic-strict", "no TLSv1.2"),
        ("smtpd_tls_exclude_ciphers = AES,CHACHA20", "no-suite-before-tls13", "excluded by AES"),
        (
            "smtpd_tls_exclude_ciphers = AES,CHACHA20\nsmtpd_tls_protocols = TLSv1.2",
            "no-shared-cipher",
            "excluded by AES",
        ),
    ],
)
def test_what_is_too_strict_is_known_without_a_library(line: str, code: str, evidence: str) -> None:
    service = facts_of(f"{TODAY}{line}\n", version="3.10.1").facts["postfix"][0]["services"][0]
    found = {one["code"]: one["evidence"] for one in service["findings"]}
    assert set(found) & STRICT == {code}
    assert evidence in found[code]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "smtpd_tls_exclude_ciphers = ECDSA",
        "smtpd_tls_exclude_ciphers = kRSA,DHE,SHA1",
        "smtpd_tls_security_level = encrypt\nsmtpd_tls_mandatory_exclude_ciphers = AES128",
    ],
    ids=["as it comes", "one type of keys", "rfc 9325", "mandatory"],
)
def test_what_is_advised_or_not_certain_is_not_called_too_strict(line: str) -> None:
    service = facts_of(f"{TODAY}{line}\n", version="3.10.1").facts["postfix"][0]["services"][0]
    assert not STRICT & {one["code"] for one in service["findings"]}


def test_names_that_2_6_6_does_not_know_switch_tls_off() -> None:
    mixed = MAIN + "smtpd_tls_protocols = TLSv1.2, TLSv1.1, !TLSv1, !SSLv2, !SSLv3\n"
    service = facts_of(mixed).facts["postfix"][0]["services"][0]
    assert service["findings"][0]["code"] == "protocol-list-invalid"


def test_what_cannot_be_known_is_not_determined() -> None:
    facts = facts_of().facts
    service = facts["postfix"][0]["services"][0]
    assert (service["protocols"], service["ciphers"], service["groups"]) == (None, None, None)
    assert facts["postfix"][0]["library"]["path"] is None
    assert "starttls-injection" in [one["code"] for one in facts["findings"]]


def test_certificates_are_read_from_what_was_saved(pair: Pair) -> None:
    text = Path(pair.certificate).read_text() + Path(pair.key).read_text()
    found = facts_of(files={"/etc/pki/tls/certs/mx.pem": text})
    (entry,) = found.facts["certificates"]
    assert (entry["file"], entry["key_matches"], entry["key_mode"]) == (
        "/etc/pki/tls/certs/mx.pem",
        None,
        None,
    )
    assert found.material[0]["chain"][0].startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE KEY" not in str((found.facts, found.material))


def test_tables_are_not_those_of_this_host() -> None:
    main = MAIN + "smtp_tls_security_level = may\nsmtp_tls_policy_maps = hash:/etc/postfix/tls\n"
    unknown = facts_of(main).facts["postfix"][0]["services"][1]
    assert "not among the saved files" in str(unknown["findings"])
    known = facts_of(main, files={"/etc/postfix/tls": "example.com encrypt\n"})
    (policy,) = known.facts["postfix"][0]["services"][1]["policies"]
    assert (policy["destination"], policy["security_level"]) == ("example.com", "encrypt")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"version": None}, "the version of Postfix is missing"),
        ({"version": "twelve"}, "'twelve' is not a Postfix version"),
        ({"master": "smtp inet n"}, "master has no service"),
        ({"files": {"/c.pem": None}}, "files has no text for /c.pem"),
        ({"files": {"/c.pem": 5}}, "files has no text for /c.pem"),
    ],
)
def test_what_is_missing_is_said(more: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        facts_of(**more)


def test_a_candidate_needs_the_host_itself() -> None:
    options = HostOptions(
        frozenset({"postfix"}),
        candidate={"parameters": {}},
        saved={"main": MAIN, "master": MASTER, "version": "2.6.6"},
    )
    with pytest.raises(InvalidInput, match="saved cannot be used together with candidate"):
        host_facts(options, run=nothing_runs)


@pytest.mark.parametrize("version", ["2.6.7", "2.7.1", "2.9.6"])
def test_a_list_that_the_build_decides_is_not_taken_for_an_empty_one(version: str) -> None:
    """From 2.6.7 on the default lists depend on the OpenSSL that Postfix was compiled with (mail_params.h)."""
    saved = {"main": MAIN, "master": MASTER, "version": version}
    options = HostOptions(frozenset({"postfix"}), saved=saved)
    service = host_facts(options, run=nothing_runs).facts["postfix"][0]["services"][0]
    found = {one["code"]: one for one in service["findings"]}
    assert "cipher-list-rejected" not in found
    assert "depends on the build" in found["not-determined"]["evidence"]
    assert (service["protocols"], service["cipher_string"]) == (None, None)
    gone = {one["suite"]["name"]: one["reason"] for one in service["dropped"]}
    assert gone["AES128-SHA"] == "excluded by RSA+AES"


def test_with_the_saved_parameters_the_list_of_that_build_is_known() -> None:
    saved = {"main": MAIN, "master": MASTER, "version": "2.9.6"}
    saved["parameters"] = "tls_export_cipherlist = aNULL:-aNULL:ALL:+RC4:@STRENGTH"
    options = HostOptions(frozenset({"postfix"}), saved=saved)
    service = host_facts(options, run=nothing_runs).facts["postfix"][0]["services"][0]
    assert service["cipher_string"].startswith("aNULL:-aNULL:ALL:+RC4:@STRENGTH:!aNULL")


@pytest.mark.parametrize(
    "main",
    [
        "",
        "postconf: fatal: open /etc/postfix/main.cf: Permission denied\n",
        "myhostname = mx.example.test\nsmtpd_tls_security_le",
        "m\0y\0h\0o\0s\0t\0",
    ],
    ids=["empty", "an-error-message", "cut-off", "utf-16"],
)
def test_what_is_no_configuration_is_not_believed(main: str) -> None:
    with pytest.raises(InvalidInput, match=r"saved: main (has|is)"):
        facts_of(main)


def test_the_mark_of_an_editor_in_front_is_no_part_of_a_name() -> None:
    service = facts_of("\ufeffsmtpd_tls_security_level = may\n").facts["postfix"][0]["services"][0]
    assert service["security_level"] == "may"


def signed_chain(directory: Path) -> tuple[str, str]:
    """A certificate and that of its issuer, in PEM."""
    authority = make_pair(directory, "rsa", name="authority.example.test")
    signer = f"-CA {authority.certificate} -CAkey {authority.key} -CAserial serial"
    for command in (
        "req -new -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=mx.example.test",
        f"x509 -req -in leaf.csr {signer} -CAcreateserial -days 9 -out leaf.pem",
    ):
        words = ["openssl", *command.split()]
        subprocess.run(words, check=True, capture_output=True, cwd=directory)
    return (directory / "leaf.pem").read_text(), Path(authority.certificate).read_text()


def test_chain_files_that_were_saved_without_their_keys_are_read(
    tmp_path: Path, pair: Pair
) -> None:
    leaf, authority = signed_chain(tmp_path)
    other = Path(pair.certificate).read_text()
    main = MAIN + "smtpd_tls_chain_files = /key.pem, /leaf.pem, /issuer.pem, /other.pem\n"
    files = {"/leaf.pem": leaf, "/issuer.pem": authority, "/other.pem": other}
    found = facts_of(main, version="3.9.1", files=files)
    assert [one["file"] for one in found.facts["certificates"]] == ["/leaf.pem", "/other.pem"]
    assert [len(one["chain"]) for one in found.material] == [2, 1]
    assert "not among the saved files" not in str(found.facts["certificates"])


def test_a_trusted_certificate_is_a_certificate(pair: Pair) -> None:
    command = ["openssl", "x509", "-in", pair.certificate, "-trustout", "-setalias", "mx"]
    trusted = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "BEGIN TRUSTED CERTIFICATE" in trusted
    found = facts_of(files={"/etc/pki/tls/certs/mx.pem": trusted})
    assert found.material[0]["chain"] == [Path(pair.certificate).read_text()]


def test_a_certificate_for_a_server_name_is_expected_to_have_that_name_alone(
    tmp_path: Path, pair: Pair
) -> None:
    customer = make_pair(tmp_path, "ec", name="customer.example.test")
    main = MAIN + "tls_server_sni_maps = inline:{{customer.example.test=/customer.pem}}\n"
    files = {
        "/etc/pki/tls/certs/mx.pem": Path(pair.certificate).read_text(),
        "/customer.pem": Path(customer.certificate).read_text(),
    }
    found = facts_of(main, version="3.9.1", files=files, mx_names=("mx.example.org",))
    names = {
        entry["file"]: raw["names"]
        for entry, raw in zip(found.facts["certificates"], found.material, strict=True)
    }
    assert names == {
        "/etc/pki/tls/certs/mx.pem": ["mx.example.org", "mx.example.test"],
        "/customer.pem": ["customer.example.test"],
    }


def test_a_parameter_of_another_release_is_told_of_saved_files() -> None:
    main = MAIN + "smtpd_tls_chain_files = /mx.pem\nsmtpd_use_tls = yes\nmy_tls_name = x\n"
    master = MASTER.replace(" smtpd", " smtpd\n  -o tls_server_sni_maps=hash:/sni")

    def unknown(version: str) -> list[str]:
        found = facts_of(main, master=master, version=version).facts["findings"]
        return [one["evidence"] for one in found if one["code"] == "parameter-unknown"]

    assert unknown("2.6.6") == [
        "main.cf: smtpd_tls_chain_files",
        "master.cf: tls_server_sni_maps",
    ]
    assert unknown("3.9.1") == []


def test_what_was_not_saved_is_to_be_saved_and_nobody_is_told_to_become_root() -> None:
    main = MAIN + "smtp_tls_security_level = may\nsmtp_tls_policy_maps = hash:/etc/postfix/tls\n"
    facts = facts_of(main).facts
    services = facts["postfix"][0]["services"]
    found = [*facts["findings"], *(one for service in services for one in service["findings"])]
    remedies = {one["remedy"] for one in found if one["code"] == "not-determined"}
    assert all(one.startswith("Save ") for one in remedies)
    assert not any("become" in one for one in remedies)


def told(found: HostFacts, code: str) -> list[tuple[str, str, str]]:
    findings = found.facts["findings"]
    return [
        (one["message"], one["evidence"], one["remedy"]) for one in findings if one["code"] == code
    ]


def test_a_misspelled_parameter_is_found_in_saved_files_and_the_right_one_is_named() -> None:
    main = MAIN + "smtpd_tls_protocls = !SSLv2\nsmtp_tls_securty_level = may\n"
    found = told(facts_of(main), "parameter-unknown")
    assert [(evidence, remedy.split(",")[0]) for _message, evidence, remedy in found] == [
        ("main.cf: smtp_tls_securty_level", "Write smtp_tls_security_level"),
        ("main.cf: smtpd_tls_protocls", "Write smtpd_tls_protocols"),
    ]


def test_a_parameter_is_not_misspelled_that_postconf_prints_refers_to_or_may_have_later() -> None:
    main = MAIN + "smtpd_tls_my_list = HIGH\nsmtpd_tls_of_the_vendor = yes\n"
    used = main + "tls_high_cipherlist = $smtpd_tls_my_list\n"
    assert (
        told(facts_of(used, parameters="smtpd_tls_of_the_vendor = no"), "parameter-unknown") == []
    )
    assert told(facts_of(main, version="4.0.0"), "parameter-unknown") == []
    assert len(told(facts_of(main), "parameter-unknown")) == 2


@pytest.mark.parametrize(
    ("protocols", "version", "codes"),
    [
        ("", "2.6.6", ["sslv2-accepted", "sslv3-accepted"]),
        ("!SSLv2", "2.6.6", ["sslv3-accepted"]),
        ("!SSLv2, !SSLv3", "2.10.1", []),
        ("TLSv1", "2.10.1", []),
        ("", "3.5.25", ["sslv2-accepted", "sslv3-accepted"]),
        ("", "3.6.0", []),
    ],
)
def test_ssl_that_no_list_excludes_is_told_as_such(
    protocols: str, version: str, codes: list[str]
) -> None:
    main = MAIN + f"smtpd_tls_protocols = {protocols}\n"
    found = facts_of(main, version=version)
    said = [one for one in found.facts["findings"] if one["code"].startswith("sslv")]
    assert [one["code"] for one in said] == codes
    assert all("is not excluded" in one["message"] for one in said)
    assert all(f"smtpd_tls_protocols = {protocols}".strip() in one["evidence"] for one in said)


def doubts(**more: t.Any) -> list[str]:
    findings = facts_of(**more).facts["findings"]
    return [one["evidence"] for one in findings if one["where"] == "saved"]


def test_a_file_without_an_end_mark_may_be_cut_off() -> None:
    mark, parameters = doubts()
    assert "no end mark" in mark
    assert "no parameters" in parameters
    assert doubts(parameters="mail_version = 2.6.6\n") == [mark]
    assert doubts(parameters="mail_version = 2.6.6\n", complete=True) == []
