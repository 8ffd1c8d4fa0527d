# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of TLS 1.3 alone that misbehave where only a whole handshake sees it: no chain, and the reason."""

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.tests.support.harmless import obedient
from ansible_collections.postmaster.tls.tests.support.hostile_handshakes import CASES
from ansible_collections.postmaster.tls.tests.support.hostile_run import (
    Heard,
    ask,
)

MOST_KIB = 64 * 1024
SILENT = "silence-after-the-hello"


def judge(name: str, heard: Heard) -> None:
    case, result = CASES[name], heard.result
    assert "crash" not in result, result["crash"]
    assert result["handshake"]["accepted"] is True
    doubts = [one["evidence"] for one in result["findings"] if one["code"] == "not-determined"]
    assert bool(result["_chains"]) is not bool(case.words), name
    assert all(case.words in doubt for doubt in doubts), doubts
    assert bool(doubts) is bool(case.words), name
    assert obedient({key: value for key, value in result.items() if key != "_chains"}) == []
    assert heard.faults == []
    assert result["peak_kib"] < MOST_KIB


@pytest.mark.slow
def test_whole_handshakes_with_hostile_servers() -> None:
    scripts = {name: case.script for name, case in CASES.items()}
    checks = ["handshake", "certificates"]
    for name, heard in ask(scripts, together=False, waiting={SILENT}, checks=checks).items():
        judge(name, heard)
