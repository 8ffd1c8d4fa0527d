# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ways in which the facts run on a host: as one script from memory, and as Ansible's own payload where a task needs that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support.labs import Lab

pytestmark = pytest.mark.lab

HOSTS = ("mx-bullseye", "mx-bookworm", "mx1", "mx-sid")
FACTS = "postmaster.tls.mta_tls_facts"
SAME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
#: A limit of open files is what only Ansible's payload sets, so it is what is sent then.
ORDINARY = ("-e", "ansible_python_module_rlimit_nofile=1024")
#: An interpreter that keeps what it is given; one that is edited has another magic number than compiled code wants.
SPY = """#!/bin/sh
if [ $# = 0 ]; then tee '{kept}' | sed "{edit}" | '{python}'; else cp "$1" '{kept}'; exec '{python}' "$@"; fi
"""
TASKS: t.Final[dict[str, dict[str, t.Any]]] = {
    "plain": {},
    "file": {"vars": {"ansible_pipelining": False}},
    "check": {"check_mode": True},
    "environment": {"environment": {"LC_ALL": "C", "ANSIBLE": "1"}},
    "limit": {"vars": {"ansible_python_module_rlimit_nofile": 1024}},
    "home": {"args": {"postconf_command": "~/no such postconf"}},
    "refused": {"args": {"gather_subset": ["everything"]}},
    "unknown": {"args": {"gather": "all"}},
    "same version": {"name": SAME},
    "same name": {"name": SAME, "edit": "s/MAGIC_NUMBER != b'/&early/"},
    "missing": {"args": {"postconf_command": "/no/such/postconf"}},
    "missing, ordinary": {
        "args": {"postconf_command": "/no/such/postconf"},
        "vars": {"ansible_python_module_rlimit_nofile": 1024},
    },
}


class Local(t.NamedTuple):
    """What each task on this machine returned, and what its interpreter was given."""

    results: dict[str, dict[str, t.Any]]
    payloads: dict[str, str]


def task_of(place: Path, name: str, keywords: dict[str, t.Any]) -> dict[str, t.Any]:
    """A task whose interpreter keeps what it is given."""
    spy = place / f"r{list(TASKS).index(name)}" / keywords.get("name", "python")
    spy.parent.mkdir()
    kept, edit = place / f"{name}.kept", keywords.get("edit", "")
    spy.write_text(SPY.format(kept=kept, python=sys.executable, edit=edit))
    spy.chmod(0o755)
    variables = {**keywords.get("vars", {}), "ansible_python_interpreter": str(spy)}
    arguments = {"gather_subset": ["openssl"], **keywords.get("args", {})}
    rest = {key: keywords[key] for key in ("check_mode", "environment") if key in keywords}
    own = {FACTS: arguments, "vars": variables, "register": spy.parent.name}
    return {**own, **rest, "ignore_errors": True}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Local:
    place = tmp_path_factory.mktemp("local")
    tasks = [task_of(place, name, keywords) for name, keywords in TASKS.items()]
    names = ", ".join(f"r{number}" for number in range(len(TASKS)))
    keep = {"content": f"{{{{ [{names}] | to_json }}}}", "dest": str(place / "results")}
    last = {"ansible.builtin.copy": {**keep, "mode": "0600"}, "no_log": True}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    book = place / "play.yml"
    book.write_text(json.dumps([{**play, "tasks": [*tasks, last]}]))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    environment = {**os.environ, "ANSIBLE_PIPELINING": "1"}
    done = subprocess.run(
        [program, str(book)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((place / "results").read_text())
    payloads = {name: (place / f"{name}.kept").read_text() for name in TASKS}
    return Local(dict(zip(TASKS, results, strict=True)), payloads)


@pytest.mark.parametrize("name", ["plain", "file", "check", "environment", "missing"])
def test_a_task_is_sent_without_ansibles_library(local: Local, name: str) -> None:
    assert "_ansiballz_main" not in local.payloads[name]
    assert "postmaster.tls.mta_tls_facts" in local.payloads[name]


def test_compiled_code_is_for_the_version_of_the_controller_alone(local: Local) -> None:
    assert "MAGIC_NUMBER" in local.payloads["same version"]
    assert "MAGIC_NUMBER" not in local.payloads["plain"]
    assert "MAGIC_NUMBER" not in local.payloads["same name"], "what was sent last"


@pytest.mark.parametrize("name", ["limit", "home", "refused", "unknown"])
def test_what_needs_ansibles_library_has_it(local: Local, name: str) -> None:
    assert "_ansiballz_main" in local.payloads[name]


@pytest.mark.parametrize("name", ["file", "check", "environment", "same version", "same name"])
def test_all_of_them_say_the_same(local: Local, name: str) -> None:
    facts = local.results["limit"]["ansible_facts"]["mta_tls"]
    assert facts["openssl"]["command"]["version"]
    for found in (local.results[name], local.results["plain"]):
        assert found["ansible_facts"]["mta_tls"] == facts
        assert not found["changed"]


def test_what_is_refused_is_refused_as_by_any_module(local: Local) -> None:
    assert local.results["refused"]["msg"].startswith("value of gather_subset must be one or more")
    unsupported = f"Unsupported parameters for ({FACTS}) module: gather."
    assert local.results["unknown"]["msg"].startswith(unsupported)
    home = str(Path("~/no such postconf").expanduser())
    assert f"postconf_command: {home} is not a command" in local.results["home"]["msg"]


def test_a_failure_is_the_same_in_both_ways(local: Local) -> None:
    ours, ansibles = local.results["missing"], local.results["missing, ordinary"]
    assert "_ansiballz_main" in local.payloads["missing, ordinary"]
    assert ours["msg"].startswith("postconf_command: /no/such/postconf is not a command")
    assert ours == ansibles


@pytest.mark.parametrize(
    "how",
    [
        (),
        ("-e", "ansible_user=auditor"),
        (
            "-e",
            "ansible_pipelining=false",
            "-b",
            "--become-method",
            "su",
            "--become-user",
            "auditor",
        ),
    ],
    ids=["root", "unprivileged", "become"],
)
def test_both_ways_give_equal_facts_on_every_release(fleet: Lab, how: tuple[str, ...]) -> None:
    direct = fleet.asked("mta", FACTS, "--forks", "2", *how)
    ordinary = fleet.asked("mta", FACTS, "--forks", "2", *how, *ORDINARY)
    assert direct.keys() == set(HOSTS)
    for host in HOSTS:
        assert (
            direct[host]["ansible_facts"]["mta_tls"] == ordinary[host]["ansible_facts"]["mta_tls"]
        )
        assert direct[host]["ansible_facts"]["mta_tls"]["postfix"]


def test_the_log_of_a_host_has_the_line_of_a_module(fleet: Lab) -> None:
    fleet.asked("mx1", FACTS, "-a", json.dumps({"mx_names": ["seen.example.test"]}))
    line = fleet.logged("mx1", "Invoked with", "mx_names=['seen.example.test']")
    assert "gather_subset=" in line
