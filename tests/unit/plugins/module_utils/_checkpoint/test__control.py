# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import stat
import subprocess
import sys
import threading
import typing as t
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


class Place(Guarded):
    """A directory with files to protect, and a keeper whose watcher is a detached process."""

    def __init__(self, path: Path) -> None:
        self.etc = path / "etc"
        super().__init__(path / "state")
        self.etc.mkdir()
        self.main = self.etc / "main.cf"
        self.main.write_bytes(b"a = 1\n\xff\n")
        self.main.chmod(0o640)
        os.utime(self.main, ns=(5_000_000_007, 5_000_000_007))

    def plan(self, *paths: Path, timeout: float = 60, command: tuple[str, ...] = ()) -> Plan:
        chosen = tuple(str(path) for path in paths) or (str(self.main),)
        return Plan("postfix", chosen, command, timeout)

    def names(self) -> list[str]:
        return sorted(os.listdir(self.etc))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Place]:
    monkeypatch.setattr(_watcher, "has_systemd", lambda: False)
    here = Place(tmp_path)
    yield here
    here.keeper.confirm("postfix") if not here.directory.exists() else here.keeper.restore(
        "postfix"
    )


def test_the_host_restores_by_itself_when_nobody_confirms(place: Place) -> None:
    absent = place.etc / "new.cf"
    result = place.keeper.arm(place.plan(place.main, absent, timeout=3))
    assert (result.changed, result.state, result.watcher) == (True, "armed", "process")
    place.main.write_text("b = 2\n")
    place.main.chmod(0o600)
    absent.write_text("c = 3\n")
    until(lambda: _record.outcome_of(str(place.directory)), seconds=60, what="it is restored")
    assert place.main.read_bytes() == b"a = 1\n\xff\n"
    assert stat.S_IMODE(place.main.stat().st_mode) == 0o640
    assert place.main.stat().st_mtime_ns == 5_000_000_007
    assert place.names() == ["main.cf"]
    with pytest.raises(
        CommandFailed, match=r"can no longer be confirmed: .* \(timeout\): .*main\.cf, .*new\.cf"
    ):
        place.keeper.confirm("postfix")


def test_confirming_keeps_the_change_and_leaves_nothing_behind(place: Place) -> None:
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    assert place.keeper.confirm("postfix").changed
    assert place.main.read_text() == "b = 2\n"
    assert place.names() == ["main.cf"]
    assert os.listdir(place.state) == [".postfix.lock"]
    assert not place.keeper.confirm("postfix").changed


def test_restoring_names_what_differed_and_does_it_once(place: Place) -> None:
    other = place.etc / "master.cf"
    other.write_text("x\n")
    place.keeper.arm(place.plan(place.main, other))
    place.main.write_text("b = 2\n")
    first = place.keeper.restore("postfix")
    assert (first.changed, first.restored) == (True, (str(place.main),))
    assert place.main.read_bytes() == b"a = 1\n\xff\n"
    place.main.write_text("a later change\n")
    assert not place.keeper.restore("postfix").changed
    assert place.main.read_text() == "a later change\n"
    assert place.names() == ["main.cf", "master.cf"]


def test_who_mistypes_the_name_of_a_checkpoint_is_told(place: Place) -> None:
    nothing = place.keeper.restore("postfx")
    assert (nothing.changed, nothing.note) == (
        False,
        "There is no checkpoint postfx on this host, and nothing was restored; there is no other either.",
    )
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    assert (place.keeper.restore("postfx").note or "").endswith("restored; there is postfix.")
    assert place.main.read_text() == "b = 2\n"
    assert place.keeper.restore("postfix").note is None


def test_a_second_arming_is_refused_while_one_is_pending(place: Place) -> None:
    place.keeper.arm(place.plan())
    with pytest.raises(
        CommandFailed, match=r"is already armed until .*: confirm or restore it first"
    ):
        place.keeper.arm(place.plan())


def test_an_overdue_checkpoint_is_restored_before_a_new_one_is_armed(place: Place) -> None:
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    place.reboot()
    result = place.keeper.arm(place.plan())
    assert result.note is not None
    assert "was overdue and was restored first" in result.note
    assert place.main.read_bytes() == b"a = 1\n\xff\n"


def test_an_overdue_checkpoint_cannot_be_confirmed(place: Place) -> None:
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    place.reboot()
    with pytest.raises(CommandFailed, match="can no longer be confirmed: it is overdue"):
        Keeper(str(place.state), never, check=True).confirm("postfix")
    assert place.main.read_text() == "b = 2\n"
    with pytest.raises(CommandFailed, match=r"can no longer be confirmed: .* \(overdue\)"):
        place.keeper.confirm("postfix")
    assert place.main.read_bytes() == b"a = 1\n\xff\n"


def test_a_vanished_staged_file_is_made_good_by_the_second_copy(place: Place) -> None:
    place.keeper.arm(place.plan())
    for name in place.names():
        (place.etc / name).unlink()
    assert place.keeper.restore("postfix").restored == (str(place.main),)
    assert place.main.read_bytes() == b"a = 1\n\xff\n"
    assert stat.S_IMODE(place.main.stat().st_mode) == 0o640


def test_a_damaged_staged_file_is_not_used(place: Place) -> None:
    place.keeper.arm(place.plan())
    staged = next(place.etc / name for name in place.names() if name != "main.cf")
    staged.write_text("damaged\n")
    place.main.unlink()
    place.keeper.restore("postfix")
    assert place.main.read_bytes() == b"a = 1\n\xff\n"


def test_when_both_copies_are_gone_the_file_is_named_and_the_next_call_tries_again(
    place: Place,
) -> None:
    place.keeper.arm(place.plan())
    kept = place.main.read_bytes()
    for name in place.names():
        (place.etc / name).unlink()
    copy = place.directory / "files" / "0"
    copy.unlink()
    for _attempt in range(2):
        with pytest.raises(
            CommandFailed, match=r"could not be restored completely: .*main\.cf: both copies"
        ):
            place.keeper.restore("postfix")
    copy.write_bytes(kept)
    assert place.keeper.restore("postfix").changed
    assert place.main.read_bytes() == kept


def test_a_vanished_directory_is_made_again(place: Place) -> None:
    deep = place.etc / "sub" / "tls.cf"
    deep.parent.mkdir()
    deep.write_text("x\n")
    place.keeper.arm(place.plan(deep))
    for entry in deep.parent.iterdir():
        entry.unlink()
    deep.parent.rmdir()
    place.keeper.restore("postfix")
    assert deep.read_text() == "x\n"


def test_a_replaced_symbolic_link_becomes_a_link_again(place: Place) -> None:
    link = place.etc / "link.cf"
    link.symlink_to("main.cf")
    place.keeper.arm(place.plan(link))
    link.unlink()
    link.write_text("a file now\n")
    place.main.write_text("b = 2\n")
    assert place.keeper.restore("postfix").restored == (str(link),)
    assert os.readlink(link) == "main.cf"
    assert place.main.read_bytes() == b"a = 1\n\xff\n"


def test_a_full_disk_refuses_and_leaves_nothing_behind(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: str, destination: str) -> None:
        if destination.endswith(".checkpoint"):
            Path(destination).write_text("half")
            raise OSError(28, "No space left on device", destination)

    monkeypatch.setattr(_restorer, "copy_to", full)
    monkeypatch.setattr(_restorer, "file_digest", lambda _path: "same")
    with pytest.raises(CommandFailed, match="No space left on device; nothing was armed"):
        place.keeper.arm(place.plan())
    assert place.names() == ["main.cf"]
    assert os.listdir(place.state) == [".postfix.lock"]


def test_a_watcher_that_does_not_start_refuses_and_leaves_nothing_behind(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_watcher.sys, "executable", "/bin/true")
    monkeypatch.setattr(_watcher, "_START_SECONDS", 0.2)
    with pytest.raises(CommandFailed, match="did not start; nothing was armed"):
        place.keeper.arm(place.plan())
    assert place.names() == ["main.cf"]


def test_the_command_runs_after_the_files_are_back(place: Place) -> None:
    seen = place.etc / "seen"
    script = f"import shutil; shutil.copy({str(place.main)!r}, {str(seen)!r})"
    place.keeper.arm(place.plan(command=(sys.executable, "-c", script)))
    place.main.write_text("b = 2\n")
    place.keeper.restore("postfix")
    assert seen.read_bytes() == b"a = 1\n\xff\n"


def test_a_command_that_fails_is_said_and_the_files_are_back(place: Place) -> None:
    place.keeper.arm(place.plan(command=("/bin/sh", "-c", "echo not running; exit 3")))
    place.main.write_text("b = 2\n")
    with pytest.raises(
        CommandFailed, match=r"were restored\. The command .* status 3: not running"
    ):
        place.keeper.restore("postfix")
    assert place.main.read_bytes() == b"a = 1\n\xff\n"


def has_ended(pid: int) -> bool:
    """Whether the process has gone, or waits only for somebody to ask how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def late(monkeypatch: pytest.MonkeyPatch, happened: t.Callable[[], bool]) -> None:
    """The time of the command is over as soon as something has happened."""

    def communicate(process: subprocess.Popen[bytes], **_options: object) -> t.NoReturn:
        until(lambda: happened() and process, what="what the command does")
        raise subprocess.TimeoutExpired(process.args, 1, output=b"half a word")

    monkeypatch.setattr(subprocess.Popen, "communicate", communicate)


def test_a_command_that_does_not_end_is_ended_with_its_children(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = place.etc / "child"
    place.keeper.arm(place.plan(command=("/bin/sh", "-c", f"sleep 3600 & echo $! > {child}; wait")))
    place.main.write_text("b = 2\n")
    late(monkeypatch, lambda: child.exists() and child.read_text().endswith("\n"))
    with pytest.raises(CommandFailed, match="did not end within 120 seconds"):
        place.keeper.restore("postfix")
    assert place.main.read_bytes() == b"a = 1\n\xff\n"
    until(lambda: has_ended(int(child.read_text())), what="the child of the command ended")


def test_a_mail_server_that_the_command_left_running_stays(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = place.etc / "ended"
    script = f"sleep 3600 & echo $$ $! > {ended}"
    place.keeper.arm(place.plan(command=("/bin/sh", "-c", script)))

    def happened() -> bool:
        numbers = ended.read_text().split() if ended.exists() else []
        return len(numbers) == 2 and has_ended(int(numbers[0]))

    late(monkeypatch, happened)
    place.keeper.restore("postfix")
    server = int(ended.read_text().split()[1])
    try:
        assert not has_ended(server)
    finally:
        os.kill(server, signal.SIGKILL)


def test_check_mode_touches_nothing(place: Place) -> None:
    keeper = Keeper(str(place.state), never, check=True)
    assert keeper.arm(place.plan()).changed
    assert not place.state.exists()
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    assert keeper.confirm("postfix").changed
    assert keeper.restore("postfix").restored == (str(place.main),)
    assert place.main.read_text() == "b = 2\n"
    with pytest.raises(CommandFailed, match="already armed"):
        keeper.arm(place.plan())


@pytest.mark.parametrize("fault", ["directory", "relative", "fifo"])
def test_what_cannot_be_restored_is_refused(place: Place, fault: str) -> None:
    os.mkfifo(place.etc / "fifo")
    path, words = {
        "directory": (place.etc, "is a directory: name the files"),
        "relative": (Path("main.cf"), "is not an absolute path"),
        "fifo": (place.etc / "fifo", "is not a regular file"),
    }[fault]
    with pytest.raises(InvalidInput, match=words):
        place.keeper.arm(place.plan(path))


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b"])
def test_a_name_that_is_no_file_name_is_refused(place: Place, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a checkpoint"):
        place.keeper.restore(name)


def test_a_state_directory_that_others_can_read_is_refused(place: Place) -> None:
    place.state.mkdir(mode=0o755)
    with pytest.raises(InvalidInput, match="mode 0700"):
        place.keeper.arm(place.plan())
    place.state.chmod(0o700)


def test_a_watcher_of_an_earlier_arming_does_nothing(place: Place) -> None:
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    place.reboot()
    _restorer.restore_if_due(
        str(place.state), "postfix", "other", reason="timeout", run_command=True
    )
    assert place.main.read_text() == "b = 2\n"


def test_the_script_runs_alone_in_an_isolated_interpreter(place: Place) -> None:
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    place.reboot()
    manifest = _record.load_manifest(str(place.directory))
    assert manifest is not None
    script = str(place.directory / _watcher.PROGRAM)
    subprocess.run(
        [sys.executable, "-I", script, "boot", str(place.state), "postfix", manifest.token],
        check=True,
        env={},
    )
    assert place.main.read_bytes() == b"a = 1\n\xff\n"
    outcome = _record.outcome_of(str(place.directory))
    assert outcome is not None
    assert (outcome.reason, outcome.command_status) == ("reboot", None)


def test_the_outcome_fits_into_the_room_that_was_reserved_for_it(place: Place) -> None:
    place.keeper.arm(place.plan(command=("/bin/sh", "-c", "yes é | head -c 4000; exit 1")))
    record = place.directory / _record.OUTCOME
    room = record.stat().st_size
    place.main.write_text("b = 2\n")
    with pytest.raises(CommandFailed, match="status 1"):
        place.keeper.restore("postfix")
    assert record.stat().st_size == room


def test_systemd_gets_a_timer_and_a_unit_for_the_next_boot(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    units = tmp_path / "units"
    units.mkdir()
    instance = tmp_path / "generator" / "postfix.service.wants" / "postfix@out.service"
    instance.parent.mkdir(parents=True)
    instance.touch()
    monkeypatch.setattr(_watcher, "_GENERATED", str(tmp_path / "generator"))
    calls: list[list[str]] = []

    def systemd(command: t.Sequence[str]) -> Completed:
        calls.append(list(command))
        return Completed(0, "", "")

    monkeypatch.setattr(_watcher, "has_systemd", lambda: True)
    monkeypatch.setattr(_watcher, "_UNITS", str(units))
    keeper = Keeper(str(place.state), systemd)
    assert keeper.arm(place.plan(timeout=90)).watcher == "systemd"
    timer = next(call for call in calls if call[0] == "systemd-run")
    assert "--on-active=90.000s" in timer
    assert timer[timer.index("-I") + 2] == "timer"
    unit = units / "postmaster-tls-checkpoint-postfix-boot.service"
    before = next(line for line in unit.read_text().splitlines() if line.startswith("Before="))
    assert {"postfix.service", "postfix@-.service", "postfix@out.service"} <= set(
        before.partition("=")[2].split()
    )
    assert os.readlink(units / "multi-user.target.wants" / unit.name) == str(unit)
    keeper.confirm("postfix")
    assert [path for path in units.rglob("*") if not path.is_dir()] == []
    assert ["systemctl", "stop", "postmaster-tls-checkpoint-postfix.timer"] in calls


def test_where_the_timer_cannot_be_started_a_process_watches(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_watcher, "has_systemd", lambda: True)
    monkeypatch.setattr(_watcher, "_UNITS", str(tmp_path / "units"))
    (tmp_path / "units").mkdir()
    keeper = Keeper(str(place.state), lambda _command: Completed(1, "", "no bus"))
    assert keeper.arm(place.plan()).watcher == "process"
    keeper.restore("postfix")


def test_a_kept_change_can_be_undone_once(place: Place) -> None:
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    place.keeper.confirm("postfix", undoable=True)
    assert place.names() == ["main.cf"]
    first = place.keeper.undo("postfix")
    assert (first.changed, first.restored) == (True, (str(place.main),))
    assert place.main.read_bytes() == b"a = 1\n\xff\n"
    assert not place.keeper.undo("postfix").changed
    assert os.listdir(place.state) == [".postfix.lock"]


def test_a_kept_change_is_not_undone_over_somebody_elses_edit(place: Place) -> None:
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    place.keeper.confirm("postfix", undoable=True)
    place.main.write_text("c = 3\n")
    with pytest.raises(CommandFailed, match=r"main\.cf was edited after .* nothing was undone"):
        place.keeper.undo("postfix")
    assert place.main.read_text() == "c = 3\n"


def test_only_the_newest_change_is_kept(place: Place) -> None:
    for text in ("b = 2\n", "c = 3\n"):
        place.keeper.arm(place.plan())
        place.main.write_text(text)
        place.keeper.confirm("postfix", undoable=True)
    place.keeper.undo("postfix")
    assert place.main.read_text() == "b = 2\n"


def test_boot_identity_is_known_here() -> None:
    assert len(_record.boot_identity()) > 36
    assert _record.boot_identity() == _record.boot_identity()


def test_examining_resolves_each_file_once(place: Place) -> None:
    dotted = place.etc / "." / "main.cf"
    assert len(_snapshot.examine([str(place.main), f"{place.etc}/./main.cf", str(dotted)])) == 1


def arm_and_die(place: Place, moment: str) -> None:
    """Arms in a process of its own, which is killed when it comes to that function of the watcher's room."""
    if not (child := os.fork()):
        module, name = {"start": (_watcher, "start"), "finish": (_snapshot, "finish")}[moment]
        setattr(module, name, lambda *_rest: os.kill(os.getpid(), signal.SIGKILL))
        place.keeper.arm(place.plan(timeout=1))
    os.waitpid(child, 0)


@pytest.mark.parametrize("moment", ["start", "finish"])
def test_an_arming_that_was_killed_never_takes_back_what_came_later(
    place: Place, moment: str
) -> None:
    arm_and_die(place, moment)
    place.main.write_text("edited by hand, weeks later\n")
    place.reboot()
    manifest = _record.load_manifest(str(place.directory))
    assert manifest is not None
    _restorer.restore_if_due(
        str(place.state), "postfix", manifest.token, reason="timeout", run_command=True
    )
    result = place.keeper.arm(place.plan())
    assert (result.state, result.note) == ("armed", None)
    assert place.main.read_text() == "edited by hand, weeks later\n"


def test_nobody_confirms_or_restores_the_checkpoint_of_somebody_else(place: Place) -> None:
    first = place.keeper.arm(place.plan())
    place.reboot()
    second = place.keeper.arm(place.plan())
    assert first.token != second.token
    place.main.write_text("of the second, not proved yet\n")
    for state in (place.keeper.confirm, place.keeper.restore):
        with pytest.raises(CommandFailed, match=r"is there no more: .* nothing was done"):
            state("postfix", token=first.token)
    assert place.main.read_text() == "of the second, not proved yet\n"
    assert place.keeper.confirm("postfix", undoable=True, token=second.token).changed
    assert not place.keeper.confirm("postfix", undoable=True, token=second.token).changed
    with pytest.raises(CommandFailed, match="was confirmed"):
        place.keeper.restore("postfix", token=second.token)


def test_settling_restores_what_is_overdue_and_refuses_what_is_pending(place: Place) -> None:
    assert not place.keeper.settle("postfix").changed
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    with pytest.raises(CommandFailed, match="is already armed until"):
        place.keeper.settle("postfix")
    place.reboot()
    assert Keeper(str(place.state), never, check=True).settle("postfix").changed
    assert place.main.read_text() == "b = 2\n"
    settled = place.keeper.settle("postfix")
    assert settled.changed
    assert "was restored first" in str(settled.note)
    assert place.main.read_bytes() == b"a = 1\n\xff\n"
    assert not place.keeper.settle("postfix").changed


def test_a_confirmed_change_stays_confirmed_when_the_disk_is_full(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_rest: object) -> None:
        raise OSError(28, "No space left on device")

    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    monkeypatch.setattr(_kept, "keep", full)
    result = place.keeper.confirm("postfix", undoable=True)
    assert result.changed
    assert "cannot be undone: No space left on device" in str(result.note)
    assert place.names() == ["main.cf"]
    assert os.listdir(place.state) == [".postfix.lock"]


def test_an_undoing_that_was_killed_halfway_comes_to_its_end_the_next_time(place: Place) -> None:
    other = place.etc / "master.cf"
    other.write_text("x\n")
    place.keeper.arm(place.plan(place.main, other))
    place.main.write_text("b = 2\n")
    other.write_text("y\n")
    place.keeper.confirm("postfix", undoable=True)
    place.main.write_bytes(b"a = 1\n\xff\n")
    place.keeper.undo("postfix")
    assert other.read_text() == "x\n"


def test_nothing_is_undone_below_a_pending_checkpoint(place: Place) -> None:
    place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    place.keeper.confirm("postfix", undoable=True)
    place.keeper.arm(place.plan())
    with pytest.raises(CommandFailed, match="is already armed until"):
        place.keeper.undo("postfix")
    assert place.main.read_text() == "b = 2\n"


def test_the_watcher_tries_again_what_it_could_not_restore(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    armed = place.keeper.arm(place.plan())
    place.main.write_text("b = 2\n")
    place.reboot()
    real = _restorer._put_back

    def read_only(*_rest: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(_restorer, "_put_back", read_only)
    pauses: list[float] = []

    def writable_again(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            monkeypatch.setattr(_restorer, "_put_back", real)

    monkeypatch.setattr(_restorer.time, "sleep", writable_again)
    assert _restorer.main(["boot", str(place.state), "postfix", str(armed.token)]) == 1
    assert _restorer.main(["timer", str(place.state), "postfix", str(armed.token)]) == 0
    assert len(pauses) == 2
    assert place.main.read_bytes() == b"a = 1\n\xff\n"


def test_what_the_command_prints_of_unknown_parameters_is_their_names(place: Place) -> None:
    printed = "postconf: warning: main.cf: unused parameter: bind_pw=geheim = 1\n"
    (place.etc / "printed").write_text(printed)
    place.keeper.arm(
        place.plan(command=("/bin/sh", "-c", f"cat {place.etc}/printed; echo no; exit 1"))
    )
    with pytest.raises(CommandFailed, match=r"unused parameter: bind_pw\nno$") as caught:
        place.keeper.restore("postfix")
    assert "geheim" not in str(caught.value)


def test_of_a_command_in_several_lines_the_first_is_shown(place: Place) -> None:
    place.keeper.arm(place.plan(command=("/bin/sh", "-c", "end() {\n  exit 3\n}\nend")))
    with pytest.raises(CommandFailed, match=r"'/bin/sh -c end\(\) { \.\.\.' ended with status 3"):
        place.keeper.restore("postfix")


def test_the_host_does_not_restore_itself_while_somebody_writes(place: Place) -> None:
    armed = place.keeper.arm(place.plan())
    with place.keeper.while_pending("postfix", token=str(armed.token)):
        busy = pytest.raises(_record.RestorerError, match="worked on by another process")
        with busy, _restorer.locked(str(place.state), "postfix", seconds=0):
            pass
    with _restorer.locked(str(place.state), "postfix", seconds=0):
        pass
    assert place.keeper.see_pending("postfix", token=str(armed.token)).state == "pending"


@pytest.mark.parametrize("end", ["overdue", "restored", "confirmed", "another"])
def test_nobody_writes_who_would_come_too_late(place: Place, end: str) -> None:
    armed = place.keeper.arm(place.plan())
    if end == "restored":
        place.keeper.restore("postfix")
    elif end == "confirmed":
        place.keeper.confirm("postfix")
    else:
        place.reboot()
    if end == "another":
        place.keeper.arm(place.plan())
    late = pytest.raises(CommandFailed, match=r"^The checkpoint postfix .*, so nothing was written")
    with late, place.keeper.while_pending("postfix", token=str(armed.token)):
        place.main.write_text("too late\n")
    assert place.main.read_bytes() == b"a = 1\n\xff\n"


def test_what_keeps_somebody_from_writing_is_not_said_of_the_checkpoint(place: Place) -> None:
    armed = place.keeper.arm(place.plan())
    with (
        pytest.raises(OSError, match="No space left on device"),
        place.keeper.while_pending("postfix", token=str(armed.token)),
    ):
        raise OSError(28, "No space left on device", str(place.main))


def test_become_is_advised_where_it_helps(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    real, said = _record.make_directories, {}
    for error in (PermissionError(13, "Permission denied"), OSError(28, "No space left on device")):

        def failing(_path: str, _mode: int, why: OSError = error) -> None:
            raise why

        monkeypatch.setattr(_record, "make_directories", failing)
        with pytest.raises(CommandFailed) as caught:
            place.keeper.settle("postfix")
        said[error.errno] = str(caught.value)
    monkeypatch.setattr(_record, "make_directories", real)
    assert said[13] == f"{place.state}: Permission denied; run with become."
    assert said[28] == f"{place.state}: No space left on device."


HOLDER: t.Final = """
import fcntl, sys
lock = open(sys.argv[1])
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
open(sys.argv[2], "w").write("written late")
"""


@contextlib.contextmanager
def stopped_holder(place: Place) -> t.Iterator[subprocess.Popen[bytes]]:
    """Somebody who stands still in the middle of the writing."""
    command = [sys.executable, "-c", HOLDER, str(place.state / ".postfix.lock"), str(place.main)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGSTOP)
        try:
            yield holder
        finally:
            holder.kill()


def waits_for_a_lock(path: Path) -> bool:
    """Whether the kernel has a process asleep until that file is unlocked, proc_locks(5)."""
    number = f":{path.stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and number in line for line in lines)


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who waits")
@pytest.mark.parametrize("how", ["timer", "boot"])
def test_the_host_restores_itself_however_late_whoever_writes_goes_on(
    place: Place, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of those who give up runs fast here: a minute passes whenever somebody looks."""
    armed = place.keeper.arm(place.plan())
    place.reboot()
    minutes = itertools.count(0, 60)
    monkeypatch.setattr(_record.time, "monotonic", lambda: float(next(minutes)))
    monkeypatch.setattr(_restorer, "_PAUSES", (0.0,))
    monkeypatch.setattr(_restorer, "_detach", lambda: None)
    ends: list[int] = []
    arguments = [how, str(place.state), "postfix", str(armed.token)]
    watcher = threading.Thread(target=lambda: ends.append(_restorer.main(arguments)))
    with stopped_holder(place) as holder:
        watcher.start()
        lock = place.state / ".postfix.lock"
        while not waits_for_a_lock(lock) and watcher.is_alive():
            threading.Event().wait(0.05)
        assert watcher.is_alive(), "it has given up"
        assert place.main.read_bytes() == b"a = 1\n\xff\n"
        holder.send_signal(signal.SIGCONT)
        holder.communicate(b"go on\n")
        watcher.join(120)
    assert ends == [0]
    assert place.main.read_bytes() == b"a = 1\n\xff\n"
    outcome = _record.outcome_of(str(place.directory))
    assert outcome is not None
    assert (outcome.reason, outcome.differed) == ("timeout", (str(place.main),))
