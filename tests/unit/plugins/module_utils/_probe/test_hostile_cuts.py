# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that ends the connection after any number of bytes: never a verdict, and always the reason."""

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.tests.support.hostile_cases import SOUND
from ansible_collections.postmaster.tls.tests.support.hostile_run import Heard, ask, no_verdict
from ansible_collections.postmaster.tls.tests.support.hostile_server import (
    Close,
    Reset,
    Say,
    Script,
    Step,
)

ENDS: dict[str, Step] = {"closed": Close(), "reset": Reset()}
LENGTH = sum(len(step.data) for step in SOUND if isinstance(step, Say))


def cut(offset: int, end: Step) -> Script:
    """The sound server, up to so many bytes of what it says."""
    steps: list[Step] = []
    for step in SOUND:
        if isinstance(step, Say):
            if offset < len(step.data):
                return (*steps, Say(step.data[:offset]), end)
            offset -= len(step.data)
        steps.append(step)
    raise AssertionError("the script has no such byte")


def judge(heard: dict[str, Heard], reason: str) -> None:
    for name, one in heard.items():
        assert "crash" not in one.result, one.result["crash"]
        no_verdict(one.result)
        handshake = one.result["handshake"]
        assert (handshake or one.result)["reason"] == reason, (name, one.result)
        assert one.faults == [], name


@pytest.mark.parametrize("reason", ENDS)
def test_a_cut_at_every_byte(reason: str) -> None:
    scripts = {str(offset): cut(offset, ENDS[reason]) for offset in range(LENGTH)}
    judge(ask(scripts, together=True), reason)
