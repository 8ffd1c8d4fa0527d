# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that stand still between two tasks, to be killed or continued there.

Ansible stops itself, in the moment before it starts a worker for the task (callbacks/stand_still.py).
So no worker runs then, which from ansible-core 2.21 on are in sessions of their own, and nothing of the task was done.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import typing as t
from pathlib import Path

import pytest

CALLBACKS = Path(__file__).with_name("callbacks")
#: A playbook that stands still would outlive a test that is killed with SIGKILL; see prctl(2), PR_SET_PDEATHSIG.
ENDS_WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")


@contextlib.contextmanager
def stopped_at(
    task: str, argv: t.Sequence[str], environment: t.Mapping[str, str]
) -> t.Iterator[subprocess.Popen[bytes]]:
    """A playbook that stands still where it would begin with a task, until it is continued or killed."""
    asked_for = {"ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS), "POSTMASTER_STAND_STILL_AT": task}
    with tempfile.TemporaryFile() as output:
        playbook = subprocess.Popen(
            [*ENDS_WITH_ITS_PARENT, *argv],
            env={**environment, **asked_for},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            if not _stopped(playbook):
                output.seek(0)
                said = output.read().decode()[-3000:]
                pytest.fail(f"the run ended before {task!r}: {said}")
            yield playbook
        finally:
            killed(playbook)


def _stopped(playbook: subprocess.Popen[bytes]) -> bool:
    """Whether it has stopped; False where it has ended instead."""
    seen = os.waitid(os.P_PID, playbook.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    return seen is not None and seen.si_code == os.CLD_STOPPED


def killed(playbook: subprocess.Popen[bytes]) -> None:
    """End a playbook that stands still, at once; one that has ended stays so."""
    playbook.kill()
    playbook.wait()


def continued(playbook: subprocess.Popen[bytes]) -> int:
    """Let a playbook that stands still go on; its status, when it has ended."""
    playbook.send_signal(signal.SIGCONT)
    return playbook.wait(timeout=600)


__all__ = ["continued", "killed", "stopped_at"]
