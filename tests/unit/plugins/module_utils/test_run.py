# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fcntl
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils import _run
from ansible_collections.postmaster.tls.plugins.module_utils._run import find_command, run, start
from ansible_collections.postmaster.tls.tests.support.waiting import until


def test_a_command_ends_with_its_code_and_both_outputs() -> None:
    done = run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.code, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_bytes_that_are_no_text_survive() -> None:
    done = run(["/bin/sh", "-c", r"printf '\377'"])
    assert done.stdout.encode("utf-8", "surrogateescape") == b"\xff"


def test_there_is_no_shell_no_input_and_a_plain_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("MAIL_CONFIG", "/tmp/elsewhere")
    assert run(["/bin/echo", "$PATH; exit 1"]).stdout == "$PATH; exit 1\n"
    assert run(["/bin/cat"]) == _run.Completed(0, "", "")
    assert run(["/usr/bin/env"]).stdout.splitlines() == [
        f"{name}={value}" for name, value in _run.ENVIRONMENT.items()
    ]


def test_a_command_that_does_not_exist_has_no_code() -> None:
    done = run(["/nonexistent/postconf"])
    assert (done.code, done.stderr) == (None, "/nonexistent/postconf: No such file or directory")


def test_a_command_that_does_not_end_has_no_code() -> None:
    done = run(["/bin/sleep", "60"], timeout=0.1)
    assert (done.code, done.stderr) == (None, "/bin/sleep did not end within 0.1 seconds")


class GivenUp(subprocess.Popen[bytes]):
    """A command that is too slow as soon as what it has started runs."""

    marker: t.ClassVar[Path]
    asked = 0

    def communicate(self, *given: t.Any, **named: t.Any) -> tuple[bytes, bytes]:
        self.asked += 1
        if self.asked == 1:
            until(self.marker.exists, seconds=60, what="the child of the command runs")
            raise subprocess.TimeoutExpired(self.args, 1.0)
        return super().communicate(*given, **named)


def test_what_a_slow_command_started_has_ended_when_it_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    GivenUp.marker = tmp_path / "runs"
    lock = tmp_path / "lock"
    child = f"exec 9>{lock}; flock 9; touch {GivenUp.marker}; sleep 600"
    monkeypatch.setattr(_run.subprocess, "Popen", GivenUp)
    done = run(["/bin/sh", "-c", f"sh -c '{child}'; echo later"])
    assert (done.code, done.stdout) == (None, "")
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_started_command_runs_below_the_root() -> None:
    process = start(["/bin/pwd"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.communicate(timeout=10)[0] == b"/\n"


def test_a_command_is_found_in_the_usual_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "data").write_text("")
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o755)
    monkeypatch.setitem(_run.ENVIRONMENT, "PATH", f"/nonexistent:{tmp_path}")
    assert find_command("tool") == str(tmp_path / "tool")
    for name in ("directory", "data", "missing"):
        assert find_command(name) is None


@pytest.mark.parametrize(("name", "found"), [("tool", True), ("directory", False), ("data", False)])
def test_a_full_path_must_be_a_command(tmp_path: Path, name: str, found: bool) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "data").write_text("")
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o755)
    path = str(tmp_path / name)
    assert find_command(path) == (path if found else None)
