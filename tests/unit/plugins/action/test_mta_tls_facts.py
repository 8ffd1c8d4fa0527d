# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import re
import subprocess
import typing as t
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.action.mta_tls_facts import (
    with_certificates,
    without_dane,
    without_secrets,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.tests.support.pems import make_pair

CHECKOUT = Path(__file__).parents[4]
NOW = datetime.now(UTC) + timedelta(hours=1)


def facts(findings: list[dict[str, str]] | None = None) -> dict[str, t.Any]:
    entry = {
        "file": "/etc/c.pem",
        "key_file": "/etc/c.key",
        "key_matches": True,
        "key_mode": "0600",
        "findings": findings or [],
    }
    return {"certificates": [entry], "findings": list(findings or [])}


def test_a_certificate_is_described_beside_what_the_host_knows(tmp_path: Path) -> None:
    pem = Path(make_pair(tmp_path, "ec").certificate).read_text()
    material = [{"chain": [pem], "names": ["mx1.example.test"]}]
    (entry,) = with_certificates(facts(), material, now=NOW)["certificates"]
    assert (entry["file"], entry["key_matches"]) == ("/etc/c.pem", True)
    assert (entry["san"], entry["days_left"] in (29, 30)) == (["mx1.example.test"], True)


def test_findings_stand_at_the_certificate_and_in_the_list_of_all(tmp_path: Path) -> None:
    pem = Path(make_pair(tmp_path, "ec").certificate).read_text()
    known = {"code": "key-readable", "where": "/etc/c.key"}
    material = [{"chain": [pem], "names": ["other.example.test"]}]
    found = with_certificates(facts([known]), material, now=NOW)
    assert [one["code"] for one in found["certificates"][0]["findings"]] == [
        "key-readable",
        "certificate-name-mismatch",
    ]
    assert [(one["code"], one["where"]) for one in found["findings"]] == [
        ("key-readable", "/etc/c.key"),
        ("certificate-name-mismatch", "/etc/c.pem"),
    ]


def test_a_file_without_certificates_keeps_what_the_host_said_and_has_every_key() -> None:
    (entry,) = with_certificates(facts(), [{"chain": [], "names": []}], now=NOW)["certificates"]
    (known,) = facts()["certificates"]
    assert {key: entry[key] for key in known} == known
    assert (entry["subject"], entry["days_left"], entry["san"]) == (None, None, [])
    assert (entry["chain"], entry["chain_complete"]) == ([], None)


def test_the_options_of_dane_stay_on_the_controller() -> None:
    asked = {"gather_subset": ["certificates"], "dane": "mx1.example.test", "resolver": "127.0.0.1"}
    own, comparison = without_dane(asked)
    assert own == {"gather_subset": ["certificates"]}
    assert comparison is not None
    assert without_dane({"dane": [], "validate": "self"}) == ({}, None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"dane": 7}, "has to be a list of MX names"),
        ({"dane": "a..b"}, "is not a host name"),
        ({"dane": "mx1.example.test", "validate": "self"}, "needs trust_anchor"),
    ],
)
def test_an_option_of_dane_that_is_not_usable_is_one_sentence(
    options: dict[str, t.Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        without_dane({"resolver": "127.0.0.1", **options})


KEY: t.Final = "-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----\n"
CHAIN: t.Final = "-----BEGIN CERTIFICATE-----\nMIIBleaf\n-----END CERTIFICATE-----\n"


ACCESS: t.Final = """# ours
AuthInfo:relay.example.test "U:mx" "P:Tiger"
Connect:192.0.2.1\tOK
TLS_Srv:mx.example.test\tVERIFY
srv_features:192.0.2.1 S
"""
ABOUT_TLS: t.Final = "TLS_Srv:mx.example.test\tVERIFY\nsrv_features:192.0.2.1 S\n"


def test_the_commands_that_save_a_sendmail_leave_its_passwords_there() -> None:
    (program,) = re.findall(r"LC_ALL=C awk '(.*)'", (CHECKOUT / "docs/offline.md").read_text())
    given = {"input": ACCESS.encode() + b"# caf\xe9\n", "env": {**os.environ, "LC_ALL": "C"}}
    done = subprocess.run(["awk", program], capture_output=True, check=True, **given)
    assert done.stdout.decode() == ABOUT_TLS


def test_of_saved_files_only_what_facts_are_made_of_is_sent() -> None:
    saved = {"access": ACCESS, "main": "x = y\n", "files": {"/mx.pem": f"{KEY}{CHAIN}"}}
    asked = {"saved": saved, "why": ["AES128-SHA"]}
    assert without_secrets(asked) == {
        "saved": {
            "access": ABOUT_TLS,
            "main": "x = y\n",
            "files": {"/mx.pem": CHAIN},
        },
        "why": ["AES128-SHA"],
    }
    assert saved["access"] == ACCESS, "what the task has stays"


@pytest.mark.parametrize("asked", [{"candidate": {"parameters": {"x": KEY}}}, {"saved": KEY}])
def test_a_key_where_nobody_expects_it_is_refused(asked: dict[str, t.Any]) -> None:
    (name,) = asked
    with pytest.raises(InvalidInput, match=f"{name} has a private key in it"):
        without_secrets(asked)


def test_what_has_no_secret_is_sent_as_it_is() -> None:
    asked = {"saved": None, "candidate": {"parameters": {"smtpd_tls_key_file": "/key.pem"}}}
    assert without_secrets(asked) == asked
