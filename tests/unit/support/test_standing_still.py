# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook that a test stops has done nothing of the task it was stopped at, and does nothing more once it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support.standing_still import (
    continued,
    killed,
    stopped_at,
)
from ansible_collections.postmaster.tls.tests.support.waiting import until

PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: First
      ansible.builtin.file: {{path: {0}/first, state: touch}}
    - name: Second
      ansible.builtin.file: {{path: {0}/second, state: touch}}
"""
PROGRAM = str(Path(sys.executable).with_name("ansible-playbook"))


@pytest.fixture
def argv(tmp_path: Path) -> list[str]:
    """Ansible, with a playbook that makes two files, one by each task."""
    playbook = tmp_path / "two.yml"
    playbook.write_text(PLAYBOOK.format(tmp_path))
    return [PROGRAM, "-i", "localhost,", "-c", "local", str(playbook)]


def working(pid: int) -> list[int]:
    """Workers that have not ended; a result is sent before its worker ends."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in map(int, children) if alive(child)]


def made(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.suffix != ".yml")


def test_killed_it_has_done_what_came_before_and_nothing_runs_any_more(
    argv: list[str], tmp_path: Path
) -> None:
    with stopped_at("Second", argv, os.environ) as playbook:
        until(lambda: not working(playbook.pid), what="the worker of the task before ends")
        assert made(tmp_path) == ["first"]
        killed(playbook)
    assert playbook.returncode == -signal.SIGKILL
    assert made(tmp_path) == ["first"]


def test_continued_it_goes_on_to_its_end(argv: list[str], tmp_path: Path) -> None:
    with stopped_at("Second", argv, os.environ) as playbook:
        assert continued(playbook) == 0
    assert made(tmp_path) == ["first", "second"]


def test_a_run_without_that_task_fails_the_test_with_what_it_said(argv: list[str]) -> None:
    with (
        pytest.raises(pytest.fail.Exception, match=r"before 'Third'[\s\S]*TASK \[Second\]"),
        stopped_at("Third", argv, os.environ),
    ):
        pass


def test_it_does_not_outlive_a_test_that_is_killed(argv: list[str]) -> None:
    script = (
        "import os, sys, time\n"
        f"from {stopped_at.__module__} import stopped_at\n"
        "with stopped_at('Second', sys.argv[1:], os.environ) as playbook:\n"
        "    print(playbook.pid, flush=True)\n"
        "    time.sleep(3600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, *argv], stdout=subprocess.PIPE, text=True
    ) as test:
        assert test.stdout is not None
        pid = int(test.stdout.readline())
        test.kill()
    until(lambda: not alive(pid), what="the playbook ends with its test")


def alive(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
