# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder of senders: what counts as a deviation, and what it writes; the page of the profiles."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import record_senders
import senders_page
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _senders


def recording(name: str) -> bytes:
    return bytes.fromhex((record_senders.FIXTURES / f"{name}.hex").read_text())


def test_every_recorded_profile_can_be_recorded_again() -> None:
    recorded = {name for name in _senders.NAMES if _senders.by_name(name).recorded}
    assert set(record_senders.NAMES) == recorded


def test_fresh_random_bytes_are_no_deviation() -> None:
    hello = bytearray(recording("postfix-3.7"))
    hello[11:43] = bytes(32)
    assert record_senders.deviation("postfix-3.7", bytes(hello)) == ""


def test_another_suite_is_a_deviation_that_names_the_field() -> None:
    hello = bytearray(recording("postfix-3.7"))
    assert hello[78:80] == b"\x13\x02"
    hello[78:80] = b"\x13\x04"
    assert record_senders.deviation("postfix-3.7", bytes(hello)).startswith("was 'suites 1302")


def test_another_programs_hello_is_a_deviation() -> None:
    assert record_senders.deviation("sslv3-only", recording("tls1.0-only"))


@pytest.mark.parametrize(("name", "same"), [("exim-4.98", True), ("postfix-3.7", False)])
def test_only_gnutls_may_shuffle_its_extensions(name: str, same: bool) -> None:
    hello = recording(name)
    start = hello.index(b"\x00\x17\x00\x00")
    shuffled = hello[:start] + hello[start + 4 :] + b"\x00\x17\x00\x00"
    assert (record_senders.deviation(name, shuffled) == "") is same


def test_unknown_recording_is_said_to_be_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_senders, "FIXTURES", tmp_path)
    hello = bytes.fromhex("16030100010100")
    assert record_senders.deviation("postfix-3.7", hello) == "not recorded before"


def test_a_kept_recording_replaces_hello_and_date_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = recording("java-25")
    copy = tmp_path / "profiles.py"
    shutil.copy(record_senders.PROFILES, copy)
    old = record_senders.PROFILES.read_text()
    monkeypatch.setattr(record_senders, "FIXTURES", tmp_path)
    monkeypatch.setattr(record_senders, "PROFILES", copy)
    record_senders.keep("java-17", before)
    new = copy.read_text()
    changed = [line for line in new.splitlines() if line not in old.splitlines()]
    assert all(line.startswith((" date ", "  ", " extensions", " suites")) for line in changed)
    assert [line for line in new.splitlines() if line.startswith("java-")] == [
        line for line in old.splitlines() if line.startswith("java-")
    ]
    assert record_senders.deviation("java-17", before) == ""
    record_senders.keep("java-17", before)
    assert copy.read_text() == new


def test_page_has_a_row_for_each_profile_and_tells_what_it_refuses() -> None:
    rows = senders_page.table(_senders).splitlines()[2:]
    assert len(rows) == len(_senders.NAMES)
    by_name = {row.split("`")[1]: row for row in rows}
    assert (
        "DH below 2048 bits, signatures before TLS 1.2, servers without RFC 5746"
        in by_name["sendmail-8.17"]
    )
    assert "in a hello of the SSL 2.0 form" in by_name["sendmail-openssl-0.9.8"]
    assert "| not known: " in by_name["exchange-2016"]
