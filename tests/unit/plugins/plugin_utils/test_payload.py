# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that a host is sent, run by an interpreter of its own as Ansible runs it: from stdin, and from a file."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import typing as t
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils import (
    _direct,
    _errors,
    _facts_task,
    _host_facts,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._payload import (
    OTHER_PYTHON,
    Payload,
    sources,
)

ROOM = "ansible_collections.postmaster.tls.plugins.module_utils"
SAME = f"#!/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
TASK = f"{ROOM}._spoken"
SPOKEN: t.Final = """
import os, sys
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
def answer(arguments):
    what = arguments["do"]
    if what == "refuse":
        raise InvalidInput("There is no caf\\udce9: take another.")
    if what == "break":
        return {}["nothing"]
    if what == "leak":
        raise ValueError(f"cannot read {chr(80)}RIVATE KEY----- {chr(77)}IIE")
    if what == "shadow":
        import colorsys
        return {"file": colorsys.__file__}
    written = [path for path in sys.path if path in ("", ".")]
    return {"said": arguments["do"], "cwd": os.getcwd(), "path": written, "ansible": "ansible" in sys.modules}
"""
SETTINGS: t.Final[dict[str, t.Any]] = {
    "name": "postmaster.tls.spoken",
    "log": None,
    "facility": "LOG_USER",
    "invocation": False,
    "traceback": True,
}


def script(do: str, shebang: str = "#!/usr/bin/python3", **more: t.Any) -> bytes:
    modules = {**sources(_direct.__name__, _errors.__name__), TASK: SPOKEN}
    settings = {**SETTINGS, "arguments": {"do": do}, **more}
    return Payload(TASK, {}, modules).script(shebang, settings)


TOO_OLD: t.Final = script("say").replace(b"sys.version_info < (3, 9)", b"sys.version_info < (9, 9)")


def run(
    program: bytes, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, input=program, capture_output=True, check=False, cwd=cwd)


def said(done: subprocess.CompletedProcess[bytes]) -> dict[str, t.Any]:
    """The one line of JSON among what it prints."""
    (line,) = [line for line in done.stdout.decode().splitlines() if line.startswith("{")]
    return dict(json.loads(line))


def test_a_task_answers_without_a_line_of_ansible() -> None:
    done = run(script("say \u2713 'it' \\ \""))
    assert (done.returncode, done.stderr) == (0, b"")
    answer = said(done)
    assert answer["said"] == "say \u2713 'it' \\ \""
    assert (answer["path"], answer["ansible"]) == ([], False)


def test_it_runs_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "AnsiballZ_spoken.py"
    file.write_bytes(script("say"))
    assert said(run(b"", str(file)))["said"] == "say"


@pytest.mark.parametrize("how", ["stdin", "file"])
def test_what_lies_where_it_runs_is_not_imported(tmp_path: Path, how: str) -> None:
    for name in ("zlib", "json", "binascii", "colorsys"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a stranger was imported')\n")
    file = tmp_path / "script.py"
    file.write_bytes(script("shadow"))
    done = run(script("shadow"), cwd=tmp_path) if how == "stdin" else run(b"", str(file))
    assert not said(done)["file"].startswith(str(tmp_path))


@pytest.mark.parametrize("how", ["stdin", "file"])
def test_neither_is_it_by_a_python_that_is_too_old(tmp_path: Path, how: str) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a stranger was imported')\n")
    file = tmp_path / "script.py"
    file.write_bytes(TOO_OLD)
    done = run(TOO_OLD, cwd=tmp_path) if how == "stdin" else run(b"", str(file))
    assert "set ansible_python_interpreter" in said(done)["msg"]


def test_a_python_of_the_same_version_gets_compiled_code() -> None:
    program = script("say", SAME)
    assert program != script("say").replace(b"#!/usr/bin/python3\n", SAME.encode() + b"\n")
    assert said(run(program))["said"] == "say"


def test_another_python_of_that_name_says_so() -> None:
    """Such as an early build of a release."""
    program = script("say", SAME).replace(repr(MAGIC_NUMBER).encode(), b"b'early'")
    done = run(program)
    assert (done.returncode, done.stderr, said(done)[OTHER_PYTHON]) == (1, b"", True)


def test_what_was_asked_is_told_where_ansible_wants_it() -> None:
    assert "invocation" not in said(run(script("say")))
    asked = said(run(script("say", invocation=True)))
    assert asked["invocation"] == {"module_args": {"do": "say"}}


def test_an_error_of_ours_is_its_sentence() -> None:
    done = run(script("refuse"))
    assert (done.returncode, done.stderr) == (1, b"")
    assert said(done) == {"failed": True, "msg": r"There is no caf\xe9: take another."}


def test_a_fault_is_a_failure_with_a_traceback() -> None:
    done = run(script("break"))
    assert (done.returncode, done.stderr) == (1, b"")
    answer = said(done)
    assert answer["msg"].endswith("KeyError: 'nothing'")
    assert answer["msg"].startswith("postmaster.tls.spoken failed unexpectedly")
    assert f'File "{TASK}", line 9, in answer' in answer["exception"]
    assert "exception" not in said(run(script("break", traceback=False)))


def test_a_fault_tells_no_key() -> None:
    done = run(script("leak"))
    assert "ValueError" in said(done)["msg"]
    assert b"MIIE" not in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["answer", "old", "other"])
def test_noise_without_an_end_hides_no_answer(kind: str) -> None:
    """Such as that of a start-up file of the interpreter."""
    other = script("say", SAME).replace(repr(MAGIC_NUMBER).encode(), b"b'early'")
    program = {"answer": script("say"), "old": TOO_OLD, "other": other}[kind]
    first, rest = program.split(b"\n", 1)
    noise = b"import sys; sys.stdout.write('a warning')"
    assert said(run(first + b"\n" + noise + b"\n" + rest))


def test_a_python_that_is_too_old_gets_one_sentence() -> None:
    done = run(TOO_OLD)
    assert (done.returncode, done.stderr) == (1, b"")
    answer = said(done)
    version = sys.version.split()[0]
    assert f"{sys.executable} is {version}: set ansible_python_interpreter" in answer["msg"]
    assert answer["failed"] is True


@pytest.mark.parametrize("release", ["2.7", "3.6", "3.8"])
def test_so_does_a_real_one(release: str, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a stranger was imported')\n")
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    (python, *_others) = [*root.glob(f"versions/{release}.*/bin/python"), None]
    if python is None:
        pytest.skip(f"pyenv has no Python {release} here; a version that is made up is tried.")
    for shebang in ("#!/usr/bin/python", SAME):
        program = script("say", shebang)
        done = subprocess.run(
            [python], input=program, capture_output=True, check=False, cwd=tmp_path
        )
        assert (done.returncode, done.stderr) == (1, b"")
        assert f" is {release}." in said(done)["msg"]


def test_it_leaves_a_directory_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os; os.rmdir(os.getcwd()); os.execv({sys.executable!r}, ['python', '-'])"
    assert said(run(script("say"), "-c", program, cwd=gone))["cwd"] == "/"


def test_the_log_of_the_host_has_its_line(tmp_path: Path) -> None:
    """In place of the C module, one that writes down what it is told."""
    kept = tmp_path / "kept"
    stand_in = (
        "import sys, types\n"
        "one = types.ModuleType('syslog')\n"
        "one.LOG_USER, one.LOG_INFO, one.LOG_MAIL = 8, 6, 16\n"
        f"one.openlog = lambda *of: open({str(kept)!r}, 'a').write(repr(of))\n"
        f"one.syslog = lambda *of: open({str(kept)!r}, 'a').write(repr(of))\n"
        "sys.modules['syslog'] = one\n"
    )
    program = script("say", log="Invoked with do=s\0ay\udce9", facility="LOG_MAIL")
    first, rest = program.split(b"\n", 1)
    said(run(first + b"\n" + stand_in.encode() + rest))
    assert kept.read_text() == (
        r"('ansible-postmaster.tls.spoken', 0, 16)(6, 'Invoked with do=s ay\\udce9')"
    )


@pytest.mark.parametrize("shebang", ["#!/usr/bin/python3", SAME])
def test_the_facts_need_no_file_of_this_checkout(shebang: str) -> None:
    payload = Payload.of(_facts_task)
    arguments = {name: one.get("default") for name, one in payload.arguments.items()}
    wanted = {**arguments, "gather_subset": ["openssl"]}
    program = payload.script(shebang, {**SETTINGS, "arguments": wanted})
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-I", "-"]
    done = subprocess.run(command, input=program, capture_output=True, check=False, env=environment)
    assert done.stderr == b""
    facts, material, heard = json.loads(said(done)["found"])
    assert (facts["postfix"], facts["sendmail"], material, heard) == ([], [], [], [])
    assert "version" in facts["openssl"]["command"]


def test_the_sources_are_all_that_is_imported_and_no_more() -> None:
    found = sources(_facts_task.__name__)
    assert f"{ROOM}._openssl._child" in found, "what the interpreter of the library runs"
    assert f"{ROOM}._probe._engine" not in found
    text = found[f"{ROOM}._host_facts"]
    assert text == inspect.getsource(_host_facts)
