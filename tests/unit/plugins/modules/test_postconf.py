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
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._control import Keeper
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._snapshot import Plan
from ansible_collections.postmaster.tls.plugins.module_utils._run import run
from ansible_collections.postmaster.tls.plugins.modules import postconf

POSTCONF = """#!/bin/sh
# Knows one instance and complains about nothing.
for argument; do
  case $argument in
    -h) printf '%s\\n' "@DIRECTORY@" 3.10.13 /nonexistent nobody ;;
  esac
done
"""


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    directory = tmp_path / "etc"
    directory.mkdir()
    directory.joinpath("main.cf").write_text("a = 1\n")
    directory.joinpath("master.cf").write_text("smtp inet n - n - - smtpd\n")
    command = tmp_path / "postconf"
    command.write_text(POSTCONF.replace("@DIRECTORY@", str(directory)))
    command.chmod(0o755)
    return directory


def called(
    capsys: pytest.CaptureFixture[str], directory: Path, **arguments: t.Any
) -> dict[str, t.Any]:
    command = str(directory.parent / "postconf")
    with (
        patch_module_args({"postconf_command": command, **arguments}),
        pytest.raises(SystemExit),
    ):
        postconf.main()
    return t.cast("dict[str, t.Any]", json.loads(capsys.readouterr().out))


def test_both_files_change_in_one_call(instance: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = called(
        capsys,
        instance,
        parameters={"a": None, "b": True, "c": 5},
        services={"smtp/inet": {"d": "e f"}},
    )
    assert done["changed"], done
    assert instance.joinpath("main.cf").read_text() == "b = yes\nc = 5\n"
    assert instance.joinpath("master.cf").read_text().endswith("smtpd\n  -o { d = e f }\n")
    assert [(item["file"], item["parameter"], item["after"]) for item in done["changes"]] == [
        ("main.cf", "a", None),
        ("main.cf", "b", "yes"),
        ("main.cf", "c", "5"),
        ("master.cf", "d", "e f"),
    ]


def test_check_mode_says_the_same_and_writes_nothing(
    instance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predicted = called(capsys, instance, parameters={"a": "2"}, _ansible_check_mode=True)
    assert instance.joinpath("main.cf").read_text() == "a = 1\n"
    done = called(capsys, instance, parameters={"a": "2"}, backup=True)
    path = instance / "main.cf"
    shown = f"--- {path}\n+++ {path}\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"
    assert predicted["diff"] == done["diff"] == [{"prepared": shown}]
    assert predicted["changes"] == done["changes"]
    assert [Path(path).read_text() for path in done["backup_files"]] == ["a = 1\n"]


def test_what_stands_beside_a_changed_line_is_not_in_the_result(
    instance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "smtp_sasl_password_maps = inline:{ {relay.example.test = user:geheim} }\n"
    instance.joinpath("main.cf").write_bytes(
        secret.encode() + b"a = 1\nb = \xff\n" + secret.encode()
    )
    done = called(capsys, instance, parameters={"a": "2", "b": None})
    assert done["changed"]
    assert "geheim" not in json.dumps(done)
    assert "\n-b = \\xff" in done["diff"][0]["prepared"]
    assert [item["before"] for item in done["changes"]] == ["1", "\\xff"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"parameters": {"a": ["x"]}}, "The value of a is a list"),
        ({"services": {"smtp/inet": {"a": {"x": 1}}}}, "The value of smtp/inet/a is a dict"),
        ({"services": {"smtp/inet": "a=b"}}, "services.smtp/inet must be a dictionary"),
        ({"services": {"smtps/inet": {"a": "b"}}}, "master.cf has no service smtps/inet"),
    ],
)
def test_a_mistake_is_one_sentence_and_changes_nothing(
    instance: Path, capsys: pytest.CaptureFixture[str], arguments: dict[str, t.Any], words: str
) -> None:
    done = called(capsys, instance, **arguments)
    assert done["failed"]
    assert done["msg"].startswith(words)
    assert instance.joinpath("main.cf").read_text() == "a = 1\n"


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """Checkpoints of which nobody takes care but the test."""
    monkeypatch.setattr(_watcher, "has_systemd", lambda: False)
    monkeypatch.setattr(_watcher, "boot_files", lambda _name: ())
    monkeypatch.setattr(_watcher, "start", lambda *_arguments: "process")
    return Keeper(str(tmp_path / "state"), run)


@pytest.mark.parametrize("late", [False, True])
def test_with_a_checkpoint_it_writes_only_while_that_one_waits(
    instance: Path, keeper: Keeper, capsys: pytest.CaptureFixture[str], late: bool
) -> None:
    armed = keeper.arm(Plan("mine", (str(instance / "main.cf"),), (), 600))
    if late:
        keeper.restore("mine")
    checkpoint = {"name": "mine", "token": armed.token, "state_directory": keeper.root}
    before = {path: path.read_bytes() for path in instance.iterdir()}
    done = called(capsys, instance, parameters={"a": "2"}, backup=True, checkpoint=checkpoint)
    if late:
        assert "The checkpoint mine can no longer be confirmed: its files were" in done["msg"]
        assert done["msg"].endswith(", so nothing was written: run again.")
        assert {path: path.read_bytes() for path in instance.iterdir()} == before
    else:
        assert done["changed"], done
        assert instance.joinpath("main.cf").read_text() == "a = 2\n"
