# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils import _replace
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.module_utils._replace import (
    Replacement,
    read_original,
    refuse_unwritable,
    replace_all,
    write_backup,
)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "main.cf", tmp_path / "master.cf"
    first.write_text("a = 1\n")
    second.write_text("smtp inet n - n - - smtpd\n")
    first.chmod(0o640)
    return first, second


def test_both_files_are_replaced_and_keep_their_mode(pair: tuple[Path, Path]) -> None:
    originals = [read_original(str(path)) for path in pair]
    replace_all([Replacement(item, b"new\n") for item in originals])
    assert [path.read_bytes() for path in pair] == [b"new\n", b"new\n"]
    assert stat.S_IMODE(pair[0].stat().st_mode) == 0o640
    assert sorted(os.listdir(pair[0].parent)) == ["main.cf", "master.cf"]


def test_a_symbolic_link_stays_one(pair: tuple[Path, Path], tmp_path: Path) -> None:
    link = tmp_path / "link.cf"
    link.symlink_to("main.cf")
    replace_all([Replacement(read_original(str(link)), b"new\n")])
    assert link.is_symlink()
    assert pair[0].read_bytes() == b"new\n"


def test_nothing_is_replaced_when_one_file_was_changed_meanwhile(pair: tuple[Path, Path]) -> None:
    originals = [read_original(str(path)) for path in pair]
    pair[1].write_text("somebody else\n")
    with pytest.raises(CommandFailed, match=r"master\.cf was changed by somebody else"):
        replace_all([Replacement(item, b"new\n") for item in originals])
    assert [path.read_text() for path in pair] == ["a = 1\n", "somebody else\n"]
    assert sorted(os.listdir(pair[0].parent)) == ["main.cf", "master.cf"]


def test_the_same_content_written_again_counts_as_a_change(pair: tuple[Path, Path]) -> None:
    original = read_original(str(pair[0]))
    os.utime(pair[0], ns=(0, 1))
    with pytest.raises(CommandFailed, match="changed by somebody else"):
        replace_all([Replacement(original, b"new\n")])


def test_the_first_file_gets_its_content_back_when_the_second_cannot_be_renamed(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = [read_original(str(path)) for path in pair]
    rename = os.rename

    def failing(source: str, destination: str) -> None:
        if destination == str(pair[1]):
            raise OSError(28, "No space left on device", destination)
        rename(source, destination)

    monkeypatch.setattr(_replace.os, "rename", failing)
    with pytest.raises(CommandFailed, match="No space left on device; nothing was changed"):
        replace_all([Replacement(item, b"new\n") for item in originals])
    assert pair[0].read_text() == "a = 1\n"
    assert sorted(os.listdir(pair[0].parent)) == ["main.cf", "master.cf"]


@pytest.mark.parametrize(
    ("named", "says"), [(True, r"/main\.cf cannot"), (False, "^the disk cannot")]
)
def test_what_cannot_be_written_is_named(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, named: bool, says: str
) -> None:
    original = read_original(str(pair[0]))

    def full(_directory: str) -> None:
        raise OSError(28, "No space left on device", *([str(pair[0])] if named else []))

    monkeypatch.setattr(_replace, "sync_directory", full)
    with pytest.raises(CommandFailed, match=says):
        replace_all([Replacement(original, b"new\n")])


def test_a_backup_has_content_mode_and_name(pair: tuple[Path, Path]) -> None:
    path = write_backup(read_original(str(pair[0])), "20261121T210500Z")
    assert path == f"{pair[0]}.20261121T210500Z"
    assert Path(path).read_text() == "a = 1\n"
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o640


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"main\.cf cannot be read: No such file or directory\."):
        read_original(str(tmp_path / "main.cf"))


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sendmail.cf")
    with pytest.raises(InvalidInput, match="not a regular file"):
        read_original(str(tmp_path / "sendmail.cf"))


def test_a_file_of_another_user_is_refused(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = read_original(str(pair[0]))
    monkeypatch.setattr(_replace.os, "geteuid", lambda: original.status.st_uid + 1)
    with pytest.raises(InvalidInput, match="run with become"):
        refuse_unwritable(original)


@pytest.mark.parametrize("denied", ["main.cf", ""])
def test_a_file_or_directory_that_may_not_be_written_is_refused(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    original = read_original(str(pair[0]))
    path = str(pair[0].parent / denied).rstrip("/")
    monkeypatch.setattr(_replace.os, "access", lambda asked, _mode: asked != path)
    with pytest.raises(InvalidInput, match="cannot be written as this user: run with become"):
        refuse_unwritable(original)


def test_bytes_that_are_no_utf8_survive(tmp_path: Path) -> None:
    path = tmp_path / "main.cf"
    path.write_bytes(b"# caf\xe9\na = 1\n")
    text = read_original(str(path)).text
    assert text.encode("utf-8", "surrogateescape") == b"# caf\xe9\na = 1\n"
