# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed between apply and confirm: the host restores itself, and the next run starts clean."""

from __future__ import annotations

import os
import signal
import subprocess
import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.waiting import until

from .conftest import Lab

pytestmark = pytest.mark.lab
TIMEOUT = 30


def kill_controller(_lab: Lab, playbook: subprocess.Popen[bytes]) -> None:
    os.killpg(playbook.pid, signal.SIGKILL)


def cut_connection(lab: Lab, _playbook: subprocess.Popen[bytes]) -> None:
    lab.lock_out()


@pytest.mark.parametrize("cut", [kill_controller, cut_connection])
def test_the_host_restores_itself(
    case1: Lab, cut: t.Callable[[Lab, subprocess.Popen[bytes]], None]
) -> None:
    before = case1.files()
    playbook = case1.start_playbook("-e", f"postfix_tls_timeout={TIMEOUT}")
    try:
        until(lambda: case1.files() != before, seconds=240, what="the plan is applied")
        cut(case1, playbook)
        assert case1.files() != before, (
            "confirmed or restored before the cut: the test proves nothing"
        )
        until(
            lambda: case1.files() == before, seconds=TIMEOUT + 60, what="the host restores itself"
        )
        assert playbook.wait(timeout=120) != 0
    finally:
        if playbook.poll() is None:
            os.killpg(playbook.pid, signal.SIGKILL)
        case1.let_in()
    assert case1.delivers()

    again = case1.playbook()
    assert again.returncode == 0, again.stdout
    assert "TLSv1.3 with cipher" in case1.handshake()
