# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of TLS 1.3 alone that misbehave where only a whole handshake sees it: no chain, and the reason."""

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.tests.support.harmless import obedient
from ansible_collections.postmaster.tls.tests.support.hostile_handshakes import CASES
from ansible_collections.postmaster.tls.tests.support.hostile_run import (
    TIMEOUT,
    Heard,
    ask,
)

MOST_KIB = 64 * 1024


@pytest.fixture(scope="module")
def asked() -> dict[str, Heard]:
    scripts = {name: case.script for name, case in CASES.items()}
    return ask(scripts, together=False, checks=["handshake", "certificates"], timeout=TIMEOUT)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_whole_handshake_with(name: str, asked: dict[str, Heard]) -> None:
    case, heard = CASES[name], asked[name]
    result = heard.result
    assert "crash" not in result, result["crash"]
    assert result["handshake"]["accepted"] is True
    doubts = [one["evidence"] for one in result["findings"] if one["code"] == "not-determined"]
    assert bool(result["_chains"]) is not bool(case.words)
    assert all(case.words in doubt for doubt in doubts), doubts
    assert bool(doubts) is bool(case.words)
    assert obedient({key: value for key, value in result.items() if key != "_chains"}) == []
    assert heard.faults == []
    assert result["elapsed"] < TIMEOUT + 2.0
    assert result["peak_kib"] < MOST_KIB
