# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint import _watcher
from ansible_collections.postmaster.tls.plugins.modules import config_checkpoint


@pytest.fixture(autouse=True)
def without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watcher, "has_systemd", lambda: False)
    monkeypatch.setattr(_watcher, "_CRON", "/no/such/directory")


def called(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, **arguments: t.Any
) -> dict[str, t.Any]:
    state_directory = str(tmp_path / "state")
    with (
        patch_module_args({"state_directory": state_directory, **arguments}),
        pytest.raises(SystemExit),
    ):
        config_checkpoint.main()
    return t.cast("dict[str, t.Any]", json.loads(capsys.readouterr().out))


def test_armed_and_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "main.cf"
    path.write_text("a = 1\n")
    armed = called(
        capsys, tmp_path, state="armed", paths=[str(path)], restore_command="sh -c 'exit 0'"
    )
    assert armed["changed"], armed
    assert (armed["state"], armed["watcher"], armed["paths"]) == ("armed", "process", [str(path)])
    assert armed["deadline"].endswith("Z")
    assert armed["state_directory"] == str(tmp_path / "state")
    path.write_text("b = 2\n")
    restored = called(capsys, tmp_path, state="restored")
    assert (restored["changed"], restored["restored"]) == (True, [str(path)])
    assert path.read_text() == "a = 1\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"paths": []}, "paths must name the files that are to be restored"),
        ({"timeout": 0}, "timeout must be at least one second"),
        ({"restore_command": "'"}, "restore_command cannot be split into arguments"),
        ({"restore_command": {"a": 1}}, "restore_command must be text or a list of texts"),
        ({"name": "a b"}, "'a b' cannot be the name of a checkpoint"),
    ],
)
def test_a_mistake_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: dict[str, t.Any], words: str
) -> None:
    given = {"state": "armed", "paths": [str(tmp_path / "main.cf")], **arguments}
    done = called(capsys, tmp_path, **given)
    assert done["failed"]
    assert words in done["msg"]
    assert not tmp_path.joinpath("state", "postfix").exists()


def test_pending_needs_the_token_of_its_arming(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "main.cf"
    path.write_text("a = 1\n")
    armed = called(capsys, tmp_path, state="armed", paths=[str(path)])
    seen = called(capsys, tmp_path, state="pending", token=armed["token"])
    assert (seen["changed"], seen["state"], seen["deadline"]) == (
        False,
        "pending",
        armed["deadline"],
    )
    assert "token" in called(capsys, tmp_path, state="pending")["msg"]
    called(capsys, tmp_path, state="restored")
    assert called(capsys, tmp_path, state="pending", token=armed["token"])["failed"]
