# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.action.mta_tls_facts import (
    with_certificates,
    without_dane,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.tests.support.pems import make_pair

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
