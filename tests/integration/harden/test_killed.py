# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed, rebooted or stalled between arm and confirm: the host restores itself, and the next run starts clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support.hardening import (
    Cut,
    Lab,
    cut_connection,
    interrupted,
    kill_controller,
    late,
    rebooted,
)
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab
#: Seconds from the moment in which the checkpoint is armed; applying takes some of them.
TIMEOUT = 60


@pytest.mark.parametrize("cut", [kill_controller, cut_connection])
def test_the_host_restores_itself(case1: Lab, cut: Cut) -> None:
    dial = f"postfix_tls_timeout={TIMEOUT}"
    interrupted(case1, "mx1", cut, case1.files, "-e", dial)
    until(case1.delivers, what="mail is accepted")

    again = case1.harden()
    assert again.returncode == 0, again.stdout
    assert "TLSv1.3 with cipher" in case1.handshake()


def test_a_reboot_in_between_brings_the_old_service_back(case1: Lab) -> None:
    done = rebooted(case1, "mx1", case1.files, "-e", "postfix_tls_timeout=600")
    assert done["reason"] == "reboot"
    assert "/etc/postfix/main.cf" in done["differed"]
    until(case1.delivers, what="mail is accepted")
    assert "TLS connection established" not in case1.handshake()

    again = case1.harden()
    assert again.returncode == 0, again.stdout
    assert "TLSv1.3 with cipher" in case1.handshake()


def test_a_change_that_comes_after_the_host_has_restored_itself_is_refused(
    case1: Lab, tmp_path: Path
) -> None:
    dial = "postfix_tls_timeout=30"
    said = late(case1, case1.files, tmp_path / "late.yml", "-e", dial)
    assert "What failed: Apply the plan: The checkpoint postfix can no longer be confirmed" in said
    assert "(timeout): no file differed, so nothing was written: run again." in said
    assert "TLS connection established" not in case1.handshake()

    again = case1.harden()
    assert again.returncode == 0, again.stdout
    assert "TLSv1.3 with cipher" in case1.handshake()
