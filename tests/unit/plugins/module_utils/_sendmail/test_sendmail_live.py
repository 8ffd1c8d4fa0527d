# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that cannot go live takes back what it wrote, and nothing that others did meanwhile."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import CommandFailed
from ansible_collections.postmaster.tls.plugins.module_utils._replace import (
    Replacement,
    read_original,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._change import Candidate
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._live import go_live
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._mc_edit import Edited

FAILED = Completed(2, "", "it broke")


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    """A directory such as /etc/mail."""
    for name in ("sendmail.mc", "sendmail.cf", "access", "access.db", "mailertable", "databases"):
        (tmp_path / name).write_text(f"old {name}\n")
        os.utime(tmp_path / name, (10**9, 10**9))
    return tmp_path


def state(mail: Path) -> dict[str, tuple[str, float]]:
    return {one.name: (one.read_text(), one.stat().st_mtime) for one in sorted(mail.iterdir())}


def fail(mail: Path, meanwhile: t.Callable[[], object], *, mc: str = "sendmail.mc") -> str:
    """What is said of a change whose make does that and fails."""

    def make(_command: t.Sequence[str]) -> Completed:
        meanwhile()
        return FAILED

    with pytest.raises(CommandFailed) as caught:
        go_live(
            make,
            replacements=[Replacement(read_original(str(mail / mc)), b"new mc\n")],
            make=["make"],
            cf=str(mail / "sendmail.cf"),
            expected="V10\n",
            stale=[str(mail / "sendmail.cf"), str(mail / "access.db")],
            rewritten=[str(mail / "databases")],
        )
    return str(caught.value)


def test_what_make_wrote_is_taken_back(mail: Path) -> None:
    before = state(mail)

    def meanwhile() -> None:
        for name in ("sendmail.cf", "access.db", "databases", "sendmail.cf.errors"):
            (mail / name).write_text("half")
        (mail / "access.new.db").write_text("half")
        (mail / "sendmail.cf").rename(mail / "sendmail.cf.bak")

    said = fail(mail, meanwhile)
    assert said == "'make' failed and says: it broke; every file is again as it was."
    assert state(mail) == before


def test_a_disk_that_is_full_meanwhile_takes_back_what_was_written(mail: Path) -> None:
    before = state(mail)

    def full() -> None:
        (mail / "sendmail.cf").write_text("half")
        raise OSError(28, "No space left on device", str(mail / "access.db"))

    said = fail(mail, full)
    assert said == (
        f"{mail}/access.db cannot be written: No space left on device; every file is again as it was."
    )
    assert state(mail) == before


def test_of_a_bsd_make_the_command_that_failed_is_shown(mail: Path) -> None:
    printed = "/usr/sbin/makemap hash access.db < access\n*** Error code 1\n\nStop.\nmake: stopped in /etc/mail\n"
    with pytest.raises(CommandFailed, match="says: /usr/sbin/makemap hash"):
        go_live(
            lambda _command: Completed(1, printed, ""),
            replacements=[],
            make=["make"],
            cf=str(mail / "sendmail.cf"),
            expected="V10\n",
        )


def test_what_others_did_meanwhile_stays(mail: Path) -> None:
    before = state(mail)

    def meanwhile() -> None:
        (mail / "authinfo").write_text("created\n")
        (mail / "access").write_text("edited\n")
        (mail / "mailertable").unlink()

    fail(mail, meanwhile)
    after = state(mail)
    assert (after.pop("authinfo")[0], after.pop("access")[0]) == ("created\n", "edited\n")
    assert after == {name: before[name] for name in after}
    assert "mailertable" not in after


def test_a_source_that_somebody_else_edited_meanwhile_stays_and_is_told(mail: Path) -> None:
    said = fail(mail, lambda: (mail / "sendmail.mc").write_text("theirs\n"))
    assert f"but {mail}/sendmail.mc, which somebody else changed meanwhile" in said
    assert (mail / "sendmail.mc").read_text() == "theirs\n"


def test_the_directory_of_a_linked_source_is_left_alone(mail: Path) -> None:
    elsewhere = mail / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "real.mc").write_text("old\n")
    (mail / "link.mc").symlink_to(elsewhere / "real.mc")
    fail(mail, lambda: (elsewhere / "other").write_text("created\n"), mc="link.mc")
    assert {one.name: one.read_text() for one in elsewhere.iterdir()} == {
        "real.mc": "old\n",
        "other": "created\n",
    }
    assert (mail / "link.mc").is_symlink()


def test_a_linked_sendmail_cf_is_a_link_again(mail: Path) -> None:
    (mail / "sendmail.cf").rename(mail / "real.cf")
    (mail / "sendmail.cf").symlink_to("real.cf")

    def meanwhile() -> None:
        (mail / "sendmail.cf").unlink()
        (mail / "sendmail.cf").write_text("half")

    fail(mail, meanwhile)
    assert os.readlink(mail / "sendmail.cf") == "real.cf"
    assert (mail / "real.cf").read_text() == "old sendmail.cf\n"


def test_killed_before_make_the_old_sendmail_cf_is_whole_and_due(mail: Path) -> None:
    before = state(mail)

    def killed() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        fail(mail, killed)
    assert (mail / "sendmail.mc").read_text() == "new mc\n"
    for name in ("sendmail.cf", "access.db"):
        assert state(mail)[name] == (before[name][0], 0)


def test_what_a_killed_run_left_is_finished_by_the_next(mail: Path) -> None:
    cf, database = read_original(str(mail / "sendmail.cf")), str(mail / "access.db")
    nothing = Edited("old sendmail.cf\n", ())
    candidate = Candidate(cf, nothing, None, nothing, cf, nothing.text, database)
    assert not candidate.unfinished
    os.utime(database, (0, 0))
    assert (candidate.replacements, candidate.rebuilt, candidate.unfinished) == ((), False, True)
