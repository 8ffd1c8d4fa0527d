# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Without systemd: cron restores after a reboot, and when the watching process was killed. Killed confirmations end well."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint import (
    _kept,
    _record,
    _restorer,
    _snapshot,
    _watcher,
)
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._control import Keeper
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._snapshot import Plan
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed
from ansible_collections.postmaster.tls.tests.support.guarded import Guarded, never
from ansible_collections.postmaster.tls.tests.support.waiting import until

BEFORE = "a = 1\n"
AFTER = "a = 2\n"


class Host(Guarded):
    """A host without systemd and one file to protect; the restore command leaves a mark."""

    def __init__(self, path: Path) -> None:
        super().__init__(path / "state %s")
        self.main = path / "etc" / "main.cf"
        self.main.parent.mkdir()
        self.main.write_text(BEFORE)
        self.mark = path / "reloaded"

    def arm(self, timeout: float = 60) -> str:
        command = ("touch", str(self.mark))
        token = self.keeper.arm(Plan("postfix", (str(self.main),), command, timeout)).token
        assert token
        self.main.write_text(AFTER)
        return token


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Host]:
    monkeypatch.setattr(_watcher, "has_systemd", lambda: False)
    here = Host(tmp_path)
    yield here
    here.keeper.restore("postfix")


def commands(table: Path) -> dict[str, str]:
    """When and what cron would run: it takes an escaped percent sign for a plain one."""
    lines = [line for line in table.read_text().splitlines() if not line.startswith("#")]
    split = [line.partition(" root ") for line in lines]
    return {when: command.replace("\\%", "%") for when, _user, command in split}


def test_cron_restores_after_a_reboot(host: Host, cron: Path) -> None:
    cron.mkdir()
    host.arm()
    [table] = cron.iterdir()
    assert table.name == "postmaster-tls-checkpoint-postfix"
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    found = commands(table)
    assert set(found) == {"@reboot", "* * * * *"}
    for command in found.values():
        subprocess.run(["/bin/sh", "-c", command], check=True)
    assert host.main.read_text() == AFTER, "restored before it was due"
    host.reboot()
    subprocess.run(["/bin/sh", "-c", found["@reboot"]], check=True)
    assert host.main.read_text() == BEFORE
    assert host.mark.exists()
    assert list(cron.iterdir()) == []


@pytest.mark.parametrize("end", ["confirm", "restore"])
def test_the_table_of_cron_goes_with_the_checkpoint(host: Host, cron: Path, end: str) -> None:
    cron.mkdir()
    host.arm()
    getattr(host.keeper, end)("postfix")
    assert list(cron.iterdir()) == []


def test_without_cron_nothing_is_written_for_it(host: Host, cron: Path) -> None:
    host.arm()
    assert host.manifest.boot_files == ()
    assert not cron.exists()


@pytest.mark.parametrize(("seconds", "overdue"), [(-1, True), (0, False), (59, False), (60, True)])
def test_where_no_boot_has_an_identity_the_clock_tells(
    host: Host, monkeypatch: pytest.MonkeyPatch, seconds: int, overdue: bool
) -> None:
    """As on FreeBSD: the clock begins anew with every boot."""
    monkeypatch.setattr(_record, "boot_identity", lambda: "")
    host.arm()
    monkeypatch.setattr(_record, "clock", lambda: host.manifest.armed_clock + seconds)
    assert _record.is_overdue(host.manifest) is overdue


def test_a_change_that_comes_after_the_host_has_restored_itself_is_taken_back_by_its_token(
    host: Host,
) -> None:
    token = host.arm()
    host.reboot()
    _restorer.restore_if_due(str(host.state), "postfix", token, reason="timeout", run_command=False)
    host.main.write_text(AFTER)
    with pytest.raises(CommandFailed, match="can no longer be confirmed"):
        host.keeper.confirm("postfix", token=token)
    assert host.keeper.restore("postfix").changed is False
    assert host.main.read_text() == AFTER
    done = host.keeper.restore("postfix", token=token)
    assert (done.changed, done.restored) == (True, (str(host.main),))
    assert host.main.read_text() == BEFORE
    assert host.mark.exists()


class Killed(BaseException):
    pass


@pytest.mark.parametrize("where", ["kept", "thrown away"])
def test_a_confirmation_that_was_killed_is_brought_to_its_end(
    host: Host, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def killed(*_rest: object) -> None:
        raise Killed

    token = host.arm()
    owner, name = (_kept, "_replace") if where == "kept" else (_snapshot, "discard")
    with monkeypatch.context() as during:
        during.setattr(owner, name, killed)
        with pytest.raises(Killed):
            host.keeper.confirm("postfix", undoable=where == "kept", token=token)
    assert host.keeper.settle("postfix").changed is False
    assert host.main.read_text() == AFTER
    assert os.listdir(host.main.parent) == ["main.cf"]
    assert [name for name in os.listdir(host.state) if name.endswith(".confirmed")] == []
    assert host.keeper.undo("postfix").changed is (where == "kept")
    assert host.main.read_text() == (BEFORE if where == "kept" else AFTER)


def test_cron_leaves_alone_what_is_back_and_gives_up_in_the_end(
    host: Host, cron: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cron.mkdir()
    monkeypatch.setattr(_restorer, "_ATTEMPTS", 3)
    other = host.main.with_name("other.cf")
    other.write_text(BEFORE)
    command = ("sh", "-c", f"echo x >> '{host.mark}'")
    plan = Plan("postfix", (str(host.main), str(other)), command, 60)
    token = str(host.keeper.arm(plan).token)
    host.main.write_text(AFTER)
    other.unlink()
    other.mkdir()
    host.reboot()
    called = ["cron", str(host.state), "postfix", token]
    assert _restorer.main(called) == 1
    assert (host.main.read_text(), host.mark.read_text()) == (BEFORE, "x\n")
    host.main.write_text("repaired by hand\n")
    assert [_restorer.main(called) for _minute in range(4)] == [1, 1, 1, 1]
    outcome = _record.outcome_of(str(host.state / "postfix"))
    assert outcome is not None
    assert (outcome.attempts, outcome.unrestored) == (3, (str(other),))
    assert list(cron.iterdir()) == []
    other.rmdir()
    note = host.keeper.settle("postfix").note
    assert str(other) in str(note)
    assert other.read_text() == BEFORE
    assert (host.main.read_text(), host.mark.read_text()) == ("repaired by hand\n", "x\nx\n")


def test_who_comes_too_late_is_told_before_a_file_is_changed(host: Host) -> None:
    token = host.arm()
    assert host.keeper.see_pending("postfix", token=token).state == "pending"
    with pytest.raises(CommandFailed, match="is there no more"):
        host.keeper.see_pending("postfix", token="of another run")
    host.reboot()
    with pytest.raises(CommandFailed, match="it is overdue"):
        host.keeper.see_pending("postfix", token=token)
    assert host.main.read_text() == AFTER, "only looked at"
    _restorer.restore_if_due(str(host.state), "postfix", token, reason="timeout", run_command=False)
    with pytest.raises(CommandFailed, match=r"its files were restored at .* \(timeout\)"):
        host.keeper.see_pending("postfix", token=token)


def run_by_cron(line: str) -> None:
    done = subprocess.run(["/bin/sh", "-c", line], check=False, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def killed_at_the_rename(host: Host, monkeypatch: pytest.MonkeyPatch, *, token: str) -> None:
    """A confirmation that has decided, and has done nothing else yet."""

    def killed(*_rest: object) -> None:
        raise Killed

    with monkeypatch.context() as during:
        during.setattr(_restorer, "sync_directory", killed)
        with pytest.raises(Killed):
            host.keeper.confirm("postfix", undoable=True, token=token)


def test_cron_brings_a_confirmation_that_was_killed_to_its_end(
    host: Host, cron: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cron.mkdir()
    token = host.arm()
    [table] = cron.iterdir()
    line = commands(table)["* * * * *"]
    killed_at_the_rename(host, monkeypatch, token=token)
    assert len(os.listdir(host.main.parent)) == 2
    run_by_cron(line)
    assert list(cron.iterdir()) == []
    assert os.listdir(host.main.parent) == ["main.cf"]
    assert host.main.read_text() == AFTER
    host.keeper.settle("postfix")
    run_by_cron(line)


@pytest.mark.parametrize("state", ["confirm", "restore"])
def test_a_call_with_its_token_brings_a_confirmation_that_was_killed_to_its_end(
    host: Host, cron: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    cron.mkdir()
    token = host.arm()
    killed_at_the_rename(host, monkeypatch, token=token)
    if state == "confirm":
        assert host.keeper.confirm("postfix", token=token).state == "confirmed"
    else:
        with pytest.raises(CommandFailed, match="was confirmed, and nothing was restored"):
            host.keeper.restore("postfix", token=token)
    assert list(cron.iterdir()) == []
    assert os.listdir(host.main.parent) == ["main.cf"]
    assert host.main.read_text() == AFTER


@pytest.mark.parametrize("killed", ["arming", "restoration"])
def test_cron_removes_its_table_where_there_is_nothing_left_to_do(
    host: Host, cron: Path, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    cron.mkdir()
    with monkeypatch.context() as during:
        if killed == "arming":
            during.setattr(_snapshot, "finish", lambda _directory: None)
        host.arm()
        host.reboot()
        if killed == "restoration":
            during.setattr(_restorer, "remove_waiting", lambda _manifest: None)
            host.keeper.restore("postfix")
    [table] = cron.iterdir()
    run_by_cron(commands(table)["* * * * *"])
    assert list(cron.iterdir()) == []
    assert os.listdir(host.main.parent) == ["main.cf"]
    assert host.main.read_text() == (AFTER if killed == "arming" else BEFORE)


def test_after_a_soft_reboot_before_the_deadline_a_process_waits_for_it(host: Host) -> None:
    """Kernel, clock and process 1 are those of before; what watched was ended."""
    token = host.arm(timeout=600)
    directory = host.state / "postfix"
    watcher = directory / _restorer.PID
    until(lambda: watcher.read_text().endswith("\n"), seconds=60, what="the watcher's number")
    first = watcher.read_text()
    os.kill(int(first), signal.SIGKILL)
    called = [sys.executable, "-I", str(directory / _watcher.PROGRAM), "boot"]
    subprocess.run([*called, str(host.state), "postfix", token], check=True)

    def another() -> bool:
        return watcher.read_text().endswith("\n") and watcher.read_text() != first

    until(another, seconds=60, what="another watcher's number")
    assert host.main.read_text() == AFTER
    over = _record.dump(replace(host.manifest, timeout=0))
    (directory / "over").write_text(over)
    (directory / "over").rename(directory / _record.MANIFEST)
    until(lambda: _record.outcome_of(str(directory)), seconds=60, what="it is restored")
    assert host.main.read_text() == BEFORE
    until(host.mark.exists, seconds=60, what="the command ran")


def test_systemd_leaves_the_process_that_waits_after_a_soft_reboot() -> None:
    """KillMode= of systemd.kill(5): else what the unit has started would end with it."""
    assert "\nKillMode=process\n" in _watcher._BOOT_UNIT


@pytest.fixture
def open_umask() -> t.Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def written_by_others(*places: Path) -> list[str]:
    found = [place for top in places for place in (top, *top.rglob("*"))]
    return [str(one) for one in found if not one.is_symlink() and one.stat().st_mode & 0o022]


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize("systemd", [False, True])
def test_what_root_runs_is_not_for_others_to_write_whatever_the_umask_is(
    host: Host, cron: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemd: bool
) -> None:
    cron.mkdir(mode=0o755)
    units = tmp_path / "units"
    units.mkdir(mode=0o755)
    monkeypatch.setattr(_watcher, "_UNITS", str(units))
    monkeypatch.setattr(_watcher, "has_systemd", lambda: systemd)
    top = tmp_path / "lib"
    keeper = Keeper(str(top / "postmaster-tls" / "checkpoints"), lambda _call: Completed(0, "", ""))
    written = host.main.with_name("made")
    command = ("sh", "-c", f"echo > '{written}'")
    keeper.arm(Plan("postfix", (str(host.main),), command, 60))
    assert written_by_others(top / "postmaster-tls", cron, units) == []
    assert stat.S_IMODE((top / "postmaster-tls").stat().st_mode) == 0o755
    keeper.restore("postfix")
    assert stat.S_IMODE(written.stat().st_mode) == 0o644


@pytest.mark.parametrize(("mode", "refused"), [(0o777, True), (0o1777, False), (0o755, False)])
def test_a_state_directory_below_one_that_others_can_write_is_refused(
    host: Host, tmp_path: Path, mode: int, refused: bool
) -> None:
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(mode)
    keeper = Keeper(str(above / "state"), never)
    if refused:
        with pytest.raises(InvalidInput, match="above can be written by others"):
            keeper.arm(Plan("postfix", (str(host.main),), (), 60))
        return
    assert keeper.arm(Plan("postfix", (str(host.main),), (), 60)).state == "armed"
    keeper.restore("postfix")
