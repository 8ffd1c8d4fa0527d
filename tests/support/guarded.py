# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory that stands for a host without systemd: the keeper of its checkpoints, and what becomes of its watcher."""

from __future__ import annotations

import os
import signal
import typing as t
from dataclasses import replace
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint import _record, _restorer
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._control import Keeper
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed
from ansible_collections.postmaster.tls.tests.support.waiting import until


def never(command: t.Sequence[str]) -> Completed:
    """A runner for where no command is expected."""
    raise AssertionError(f"unexpected call of {command}")


class Guarded:
    """Its checkpoint is called postfix, and a detached process watches it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.keeper = Keeper(str(state), never)

    @property
    def directory(self) -> Path:
        return self.state / "postfix"

    @property
    def manifest(self) -> _record.Manifest:
        found = _record.load_manifest(str(self.directory))
        assert found is not None
        return found

    def end_the_watcher(self) -> None:
        """From now on only the test restores what is overdue; its watcher looks every two seconds."""
        pid = self.directory / _restorer.PID
        if pid.exists():
            until(lambda: pid.read_text().endswith("\n"), what="the watcher's number")
            os.kill(int(pid.read_text()), signal.SIGKILL)

    def reboot(self) -> None:
        """The watching process is gone, and the next boot has another identity."""
        self.end_the_watcher()
        other = _record.dump(replace(self.manifest, boot="an earlier boot"))
        (self.directory / _record.MANIFEST).write_text(other)


__all__ = ["Guarded", "never"]
