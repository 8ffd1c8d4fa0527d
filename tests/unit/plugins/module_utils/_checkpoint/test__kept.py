# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A confirmed change that was kept can be undone, once, and only while nobody edited the files."""

from __future__ import annotations

import os
import shlex
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint import _watcher
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._control import Keeper
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._snapshot import Plan
from ansible_collections.postmaster.tls.plugins.module_utils._errors import CommandFailed
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed

BEFORE = b"a = 1\n\xff\n"
AFTER = b"a = 2\n"


def never(command: t.Sequence[str]) -> Completed:
    raise AssertionError(f"unexpected call of {command}")


class Place:
    """main.cf, changed and confirmed with the snapshot kept; the command leaves a mark when it runs."""

    def __init__(self, path: Path) -> None:
        self.state = path / "state"
        self.mark = path / "reloaded"
        self.main = path / "etc" / "main.cf"
        self.main.parent.mkdir()
        self.main.write_bytes(BEFORE)
        self.main.chmod(0o640)
        self.keeper = Keeper(str(self.state), never)

    def change(self, content: bytes) -> None:
        plan = Plan("postfix", (str(self.main),), ("touch", str(self.mark)), 60)
        self.keeper.arm(plan)
        self.main.write_bytes(content)
        assert self.keeper.confirm("postfix", undoable=True).changed


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(_watcher, "has_systemd", lambda: False)
    here = Place(tmp_path)
    here.change(AFTER)
    return here


def test_it_is_undone_byte_for_byte_and_the_command_runs(place: Place) -> None:
    result = place.keeper.undo("postfix")
    assert (result.changed, result.state, result.restored) == (True, "undone", (str(place.main),))
    assert place.main.read_bytes() == BEFORE
    assert place.main.stat().st_mode & 0o777 == 0o640
    assert place.mark.exists()


def test_a_second_time_there_is_nothing_to_undo(place: Place) -> None:
    place.keeper.undo("postfix")
    assert place.keeper.undo("postfix").changed is False
    assert os.listdir(place.main.parent) == ["main.cf"]


def test_only_the_newest_change_is_undone(place: Place) -> None:
    place.change(b"a = 3\n")
    place.keeper.undo("postfix")
    assert place.main.read_bytes() == AFTER
    assert place.keeper.undo("postfix").changed is False


def test_a_file_that_was_edited_since_is_left_alone(place: Place) -> None:
    place.main.write_bytes(b"a = 2\nb = 1\n")
    with pytest.raises(CommandFailed, match=r"main\.cf was edited after the change was confirmed"):
        place.keeper.undo("postfix")
    assert place.main.read_bytes() == b"a = 2\nb = 1\n"
    place.main.write_bytes(AFTER)
    assert place.keeper.undo("postfix").changed is True


def test_check_mode_says_what_it_would_do_and_does_nothing(place: Place) -> None:
    result = Keeper(str(place.state), never, check=True).undo("postfix")
    assert (result.changed, result.restored) == (True, (str(place.main),))
    assert place.main.read_bytes() == AFTER


def test_a_change_that_was_confirmed_without_keeping_cannot_be_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_watcher, "has_systemd", lambda: False)
    path = tmp_path / "main.cf"
    path.write_bytes(BEFORE)
    keeper = Keeper(str(tmp_path / "state"), never)
    keeper.arm(Plan("postfix", (str(path),), (), 60))
    keeper.confirm("postfix")
    assert keeper.undo("postfix").changed is False


def test_the_lines_that_undoing_changes_are_shown_only_where_everybody_may_read_them(
    place: Place,
) -> None:
    checked = Keeper(str(place.state), never, check=True)
    [hidden] = checked.undo("postfix").diff
    assert "a = 1" not in hidden
    command = hidden.partition("to see how: ")[2]
    said = subprocess.run(shlex.split(command), capture_output=True, check=False)
    assert (b"-a = 1\n" in said.stdout, b"+a = 2\n" in said.stdout) == (True, True)
    place.keeper.undo("postfix")
    place.main.chmod(0o644)
    place.change(AFTER)
    [shown] = checked.undo("postfix").diff
    assert shown.splitlines()[2:] == ["@@ -1 +1,2 @@", "-a = 2", "+a = 1", "+\ufffd"]
    assert place.keeper.undo("postfix").diff == (shown,)


def test_a_refusal_has_the_command_that_shows_the_edits(place: Place) -> None:
    place.main.write_bytes(b"a = 2\nb = 1\n")
    with pytest.raises(CommandFailed) as caught:
        place.keeper.undo("postfix")
    command = str(caught.value).partition("To see them: ")[2].rstrip(".")
    said = subprocess.run(shlex.split(command), capture_output=True, check=False)
    assert b"+b = 1\n" in said.stdout
