# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords of the access map reach no log of a host, and no output, whichever payload the host is sent."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.action.sendmail_config import ActionModule

#: In place of the C module of Python, one that writes down what it is told.
SYSLOG: t.Final = """
import os
LOG_USER, LOG_INFO = 8, 6
def openlog(*of): pass
def syslog(_priority, line): open(os.environ["SYSLOG_KEPT"], "a").write(f"{line}\\n")
"""
ACCESS: t.Final = {"AuthInfo:relay.example.test": '"U:mx" "P:Tiger12345"'}
SAVED: t.Final = {"version": "3.7.0", "main": "relay = inline:{x=Tiger12345}", "master": ""}


def ran(place: Path, module: str, options: dict[str, t.Any], **more: int) -> tuple[str, str]:
    """What the log of the host has, and what is printed, of a task whose outcome does not matter."""
    (place / "syslog.py").write_text(SYSLOG)
    kept = place / "kept"
    kept.write_text("")
    task = {
        f"postmaster.tls.{module}": options,
        "environment": {"PYTHONPATH": str(place), "SYSLOG_KEPT": str(kept)},
    }
    play = place / "play.yml"
    variables = {"ansible_python_interpreter": sys.executable, **more}
    shape = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [task]}
    play.write_text(json.dumps([shape]))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "-c", "local", "-i", "localhost,", "-vvv", str(play)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return kept.read_text(), done.stdout + done.stderr


def test_a_password_of_the_access_map_is_in_no_log(tmp_path: Path) -> None:
    options = {"access": ACCESS, "sendmail_command": "/nonexistent/sendmail"}
    log, printed = ran(tmp_path, "sendmail_config", options)
    assert "/nonexistent/sendmail" in printed
    assert (log, "Tiger12345" in printed) == ("", False)


def test_a_change_without_one_is_logged(tmp_path: Path) -> None:
    options = {"access": {"Srv_Features:192.0.2.1": "S"}, "sendmail_command": "/nonexistent"}
    log, _printed = ran(tmp_path, "sendmail_config", options)
    assert log.startswith("Invoked with ")
    assert "'Srv_Features:192.0.2.1': 'S'" in log


def test_neither_is_what_was_saved_of_another_host(tmp_path: Path) -> None:
    log, printed = ran(tmp_path, "mta_tls_facts", {"saved": SAVED})
    assert "saved: master has no service" in printed
    assert "saved=(not shown)" in log
    assert "Tiger12345" not in log + printed


def test_nor_where_the_payload_is_ansibles(tmp_path: Path) -> None:
    limit = {"ansible_python_module_rlimit_nofile": 1024}
    log, printed = ran(tmp_path, "mta_tls_facts", {"saved": SAVED}, **limit)
    assert "saved: master has no service" in printed
    assert (log, "Tiger12345" in printed) == ("", False)


@pytest.mark.parametrize("access", [{"authinfo:": "x"}, "AuthInfo:x=y", ["AUTHINFO:x"]])
def test_passwords_are_known_however_the_map_is_given(access: object) -> None:
    assert ActionModule.unlogged({"access": access}) == ("access",)


@pytest.mark.parametrize("access", [None, {}, {"TLS_Srv:mx.example.test": "VERIFY"}])
def test_a_map_without_passwords_is_told(access: object) -> None:
    assert ActionModule.unlogged({"access": access}) == ()
