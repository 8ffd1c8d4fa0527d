# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that reloads a sendmail, run for real on processes that take their time: each second it waits is a step of the test."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._change import reload_command

#: Instead of a second: what happens in it, if anything does.
SLEEP: t.Final = '#!/bin/sh\necho >>{0}/seconds\n. "{0}/second.$(($(wc -l <{0}/seconds)))"\n'
SERVICE: t.Final = '#!/bin/sh\necho "$@" >>{0}/asked\n. {0}/service.does\n'
ENDED: t.Final = "while kill -0 {} 2>/dev/null; do :; done"


@dataclass(frozen=True)
class Host:
    """A directory with a pid file, and with a sleep and a service command of its own."""

    directory: Path
    processes: list[subprocess.Popen[bytes]]

    @property
    def pid_file(self) -> Path:
        return self.directory / "sendmail.pid"

    @property
    def asked(self) -> str:
        """What the service command was asked for."""
        path = self.directory / "asked"
        return path.read_text() if path.exists() else ""

    @property
    def seconds(self) -> int:
        return len((self.directory / "seconds").read_text().splitlines())

    def process(self, *, ignoring: bool = False) -> int:
        """A process that a SIGHUP ends, or that ignores it; it is gone as soon as it ends."""
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignoring else signal.SIG_DFL)
        try:
            one = subprocess.Popen(["/bin/sleep", "600"])
        finally:
            signal.signal(signal.SIGHUP, before)
        threading.Thread(target=one.wait, daemon=True).start()
        self.processes.append(one)
        return one.pid

    def told(self, pid: int) -> str:
        """The command of a daemon that writes its pid file."""
        return f"echo {pid} >{self.pid_file}"

    def reload(self, **does: str) -> int:
        """Run the command; `second_2="..."` is what happens in its second second."""
        for number in range(1, 21):
            step = does.pop(f"second_{number}", ":")
            (self.directory / f"second.{number}").write_text(step + "\n")
        (self.directory / "service.does").write_text(does.pop("service", "exit 1") + "\n")
        assert not does
        command = reload_command(f"O PidFile={self.pid_file}\n")
        path = f"{self.directory}:{os.environ['PATH']}"
        return subprocess.run(command, env={**os.environ, "PATH": path}, check=False).returncode


@pytest.fixture
def host(tmp_path: Path) -> t.Iterator[Host]:
    for name, script in (("sleep", SLEEP), ("service", SERVICE)):
        (tmp_path / name).write_text(script.format(tmp_path))
        (tmp_path / name).chmod(0o755)
    one = Host(tmp_path, [])
    yield one
    for process in one.processes:
        process.kill()


def test_one_that_begins_again_late_is_not_started_a_second_time(host: Host) -> None:
    old, new = host.process(), host.process()
    host.pid_file.write_text(f"{old}\n/usr/sbin/sendmail -bd\n")
    assert host.reload(second_1=ENDED.format(old), second_4=host.told(new)) == 0
    assert (host.asked, host.seconds) == ("", 4)


def test_one_that_has_not_yet_noticed_is_waited_for(host: Host) -> None:
    old, new = host.process(ignoring=True), host.process()
    host.pid_file.write_text(f"{old}\n")
    assert host.reload(second_3=host.told(new)) == 0
    assert (host.asked, host.seconds) == ("", 3)


def test_one_in_the_foreground_keeps_its_process_id(host: Host) -> None:
    host.pid_file.write_text(f"{host.process(ignoring=True)}\n")
    assert host.reload() == 0
    assert (host.asked, host.seconds) == ("", 5)


def test_one_that_ends_is_started(host: Host) -> None:
    old, new = host.process(), host.process()
    host.pid_file.write_text(f"{old}\n")
    assert host.reload(second_1=ENDED.format(old), service=host.told(new)) == 0
    assert host.asked == "sendmail restart\n"


def test_one_that_does_not_run_is_started_at_once(host: Host) -> None:
    assert host.reload(service=host.told(host.process())) == 0
    assert (host.asked, host.seconds) == ("sendmail restart\n", 1)


@pytest.mark.parametrize("service", ["exit 1", "exit 0"])
def test_what_cannot_be_started_is_told_by_the_status(host: Host, service: str) -> None:
    assert host.reload(service=service) != 0
