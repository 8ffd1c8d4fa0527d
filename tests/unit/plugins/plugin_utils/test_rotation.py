# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._rotation import (
    rotation_candidate,
    served_tlsa_records,
)

BUNDLE = "/etc/postfix/tls/mx1-0123456789abcdef.pem"
PAIRS = {"smtpd_tls_cert_file": "/tls/rsa.crt", "smtpd_tls_key_file": "/tls/rsa.key"}
ECDSA = {"smtpd_tls_eccert_file": "/tls/ecdsa.crt", "smtpd_tls_eckey_file": "/tls/ecdsa.key"}


def certificate(file: str, kind: str, key_file: str = "") -> dict[str, t.Any]:
    spki = {"rsa": "aa", "ecdsa": "bb", "ed25519": "cc"}[kind] * 32
    return {
        "file": file,
        "key_file": key_file or file,
        "key_type": kind,
        "spki_sha256": spki,
    }


RSA_FILE = certificate("/tls/rsa.crt", "rsa", "/tls/rsa.key")
ECDSA_FILE = certificate("/tls/ecdsa.crt", "ecdsa", "/tls/ecdsa.key")


def facts(
    parameters: dict[str, str], *certificates: dict[str, t.Any], port: int = 25
) -> dict[str, t.Any]:
    def service(on: int) -> dict[str, t.Any]:
        return {
            "direction": "inbound",
            "listen": [{"address": "0.0.0.0", "port": on}],
            "certificate_files": [one["file"] for one in certificates],
            "parameters": parameters,
        }

    outbound = {"direction": "outbound", "listen": [], "certificate_files": [], "parameters": {}}
    services = [service(port), service(587), outbound]
    return {
        "certificates": list(certificates),
        "postfix": [{"config_directory": "/etc/postfix", "services": services}],
    }


def parameters(of: dict[str, t.Any], kind: str | None) -> dict[str, t.Any]:
    candidate = rotation_candidate(of, BUNDLE, kind)
    assert list(candidate) == ["/etc/postfix"]
    change = candidate["/etc/postfix"]
    assert change["services"] == {}
    return t.cast("dict[str, t.Any]", change["parameters"])


def test_each_key_that_is_served_has_one_record() -> None:
    both = facts({}, ECDSA_FILE, RSA_FILE, RSA_FILE)
    assert served_tlsa_records(both) == ["3 1 1 " + "aa" * 32, "3 1 1 " + "bb" * 32]


def test_a_port_without_a_service_is_no_empty_set() -> None:
    with pytest.raises(InvalidInput, match="no service with a certificate on port 2525"):
        served_tlsa_records(facts({}, RSA_FILE), 2525)


def test_a_certificate_that_could_not_be_read_is_no_record() -> None:
    unread = {**RSA_FILE, "spki_sha256": None}
    with pytest.raises(InvalidInput, match=r"/tls/rsa.crt could not be read"):
        served_tlsa_records(facts({}, unread))


def test_a_sendmail_counts_too() -> None:
    of = facts({}, RSA_FILE)
    of["sendmail"] = of.pop("postfix")
    assert served_tlsa_records(of) == ["3 1 1 " + "aa" * 32]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rsa", dict.fromkeys(PAIRS, BUNDLE)),
        ("ecdsa", dict.fromkeys(ECDSA, BUNDLE)),
    ],
)
def test_the_pair_of_its_kind_is_exchanged(kind: str, expected: dict[str, str]) -> None:
    assert parameters(facts({**PAIRS, **ECDSA}, RSA_FILE, ECDSA_FILE), kind) == expected


def test_a_first_certificate_of_a_kind_goes_where_it_belongs() -> None:
    assert parameters(facts(PAIRS, RSA_FILE), "ecdsa") == dict.fromkeys(ECDSA, BUNDLE)


def test_an_ecdsa_certificate_in_the_first_pair_is_found_there() -> None:
    odd = certificate("/tls/rsa.crt", "ecdsa", "/tls/rsa.key")
    assert parameters(facts(PAIRS, odd), "ecdsa") == dict.fromkeys(PAIRS, BUNDLE)


@pytest.mark.parametrize(
    ("chains", "certificates", "kind", "expected"),
    [
        (
            "/tls/e.pem, /tls/r.pem",
            [certificate("/tls/e.pem", "ecdsa"), certificate("/tls/r.pem", "rsa")],
            "rsa",
            f"/tls/e.pem, {BUNDLE}",
        ),
        (
            "/tls/rsa.key /tls/rsa.crt /tls/e.pem",
            [RSA_FILE, certificate("/tls/e.pem", "ecdsa")],
            "rsa",
            f"{BUNDLE}, /tls/e.pem",
        ),
        ("/tls/e.pem", [certificate("/tls/e.pem", "ecdsa")], "ed25519", f"/tls/e.pem, {BUNDLE}"),
        (BUNDLE, [certificate(BUNDLE, "rsa")], "rsa", BUNDLE),
    ],
)
def test_among_chain_files_the_one_of_its_kind_is_exchanged(
    chains: str, certificates: list[dict[str, t.Any]], kind: str, expected: str
) -> None:
    of = facts({"smtpd_tls_chain_files": chains, **PAIRS}, *certificates)
    assert parameters(of, kind) == {"smtpd_tls_chain_files": expected}


def test_a_file_with_several_kinds_is_refused() -> None:
    mixed = [certificate("/tls/all.pem", "rsa"), certificate("/tls/all.pem", "ecdsa")]
    with pytest.raises(InvalidInput, match="several kinds"):
        parameters(facts({"smtpd_tls_chain_files": "/tls/all.pem"}, *mixed), "rsa")


def test_a_kind_without_a_place_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"no parameter that is free .* ed25519"):
        parameters(facts(PAIRS, RSA_FILE), "ed25519")


def test_another_port_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no Postfix with a service on port 25"):
        rotation_candidate(facts(PAIRS, RSA_FILE, port=2525), BUNDLE, "rsa")


def test_before_its_kind_is_known_the_bundle_is_only_read() -> None:
    read = parameters(facts({"smtpd_tls_chain_files": "/x"}, RSA_FILE), None)
    assert read == {**dict.fromkeys(PAIRS, BUNDLE), "smtpd_tls_chain_files": None}


ROTATED_SENDMAIL: dict[str, tuple[str, str, str, str]] = {
    "the only one": ("/tls/rsa.crt|/tls/rsa.key", "rsa", BUNDLE, BUNDLE),
    "a first one of its kind": (
        "/tls/rsa.crt|/tls/rsa.key",
        "ecdsa",
        f"/tls/rsa.crt,{BUNDLE}",
        f"/tls/rsa.key,{BUNDLE}",
    ),
    "the first of two": (
        "/tls/rsa.crt,/tls/ecdsa.crt|/tls/rsa.key,/tls/ecdsa.key",
        "rsa",
        f"{BUNDLE},/tls/ecdsa.crt",
        f"{BUNDLE},/tls/ecdsa.key",
    ),
    "the second of two": (
        "/tls/rsa.crt,/tls/ecdsa.crt|/tls/rsa.key,/tls/ecdsa.key",
        "ecdsa",
        f"/tls/rsa.crt,{BUNDLE}",
        f"/tls/rsa.key,{BUNDLE}",
    ),
    "one whose kind is not known yet": ("/tls/rsa.crt|/tls/rsa.key", "", BUNDLE, BUNDLE),
}


def of_sendmail(files: str, *certificates: dict[str, t.Any], port: int = 25) -> dict[str, t.Any]:
    cert, _bar, key = files.partition("|")
    of = facts({"ServerCertFile": cert, "ServerKeyFile": key}, *certificates, port=port)
    of["sendmail"] = of.pop("postfix")
    return of


@pytest.mark.parametrize("case", ROTATED_SENDMAIL)
def test_sendmail_serves_it_in_the_place_of_its_kind(case: str) -> None:
    files, kind, certificate_file, key_file = ROTATED_SENDMAIL[case]
    of = of_sendmail(files, RSA_FILE, ECDSA_FILE)
    assert rotation_candidate(of, BUNDLE, kind or None, mta="sendmail") == {
        "options": {"ServerCertFile": certificate_file, "ServerKeyFile": key_file}
    }


def test_sendmail_has_no_place_for_a_third_kind() -> None:
    files = "/tls/rsa.crt,/tls/ecdsa.crt|/tls/rsa.key,/tls/ecdsa.key"
    with pytest.raises(InvalidInput, match=r"sendmail has two certificates.* kind ed25519"):
        rotation_candidate(
            of_sendmail(files, RSA_FILE, ECDSA_FILE), BUNDLE, "ed25519", mta="sendmail"
        )


def test_a_sendmail_that_does_not_listen_there_is_refused() -> None:
    of = of_sendmail("/tls/rsa.crt|/tls/rsa.key", RSA_FILE, port=2525)
    with pytest.raises(InvalidInput, match="no sendmail with a service on port 25"):
        rotation_candidate(of, BUNDLE, "rsa", mta="sendmail")
