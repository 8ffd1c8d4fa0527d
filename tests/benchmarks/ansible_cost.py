# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one module run costs beyond the probe itself."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
import typing as t
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support.server_park import Park

POLICY = "mozilla-intermediate-6.0"
_TASKS = 6
_ROUNDS = 5
_PLAY = """\
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: /usr/bin/python3
  tasks: {tasks}
"""
_TASK = {
    "postmaster.tls.starttls_probe": {"host": "{host}", "checks": ["handshake"]},
    "register": "probe",
}


def measured(park: Park, host: str) -> dict[str, t.Any]:
    """Seconds of a playbook without a task, of one with several probes of one server, and what a run adds."""
    task = json.loads(json.dumps(_TASK).replace("{host}", host))
    show = {"ansible.builtin.debug": {"msg": "seconds={{ probe.seconds }}"}}
    plays = {"none": [], "one": [task, show], "several": [*([task] * _TASKS), show]}
    times: dict[str, list[float]] = {name: [] for name in plays}
    probe = 0.0
    for number in range(_ROUNDS + 1):
        for name, tasks in plays.items():
            path = park.directory / f"{name}.yml"
            path.write_text(_PLAY.format(tasks=json.dumps(tasks)))
            seconds, output = _play(park, path)
            if number:
                times[name].append(seconds)
            if name == "one":
                probe = float(output.partition("seconds=")[2].split('"')[0])
    medians = {name: statistics.median(values) for name, values in times.items()}
    run = (medians["several"] - medians["one"]) / (_TASKS - 1)
    return {
        "empty_playbook": medians["none"],
        "one_probe": medians["one"],
        "several_probes": medians["several"],
        "tasks": _TASKS,
        "probe_seconds": probe,
        "added_by_a_run": run - probe,
    }


def policy(park: Park, servers: t.Mapping[str, str]) -> dict[str, dict[str, t.Any]]:
    """Connections, seconds and violations of a verdict against a policy alone, by server."""
    found = {}
    for name, host in servers.items():
        words = f"host={host} checks=policy policy={POLICY}"
        command = ["ansible", "localhost", "-m", "postmaster.tls.starttls_probe", "-a", words]
        done = subprocess.run(
            park.inside(command), capture_output=True, text=True, check=False, env=_environment()
        )
        result = json.loads(done.stdout.partition("=> ")[2])
        found[name] = {key: result[key] for key in ("connections", "seconds")}
        found[name]["violations"] = len(result["violations"])
    return found


def _environment() -> dict[str, str]:
    """With bytecode kept, as everywhere but where somebody has forbidden it."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}


def _play(park: Park, path: Path) -> tuple[float, str]:
    command = ["ansible-playbook", "-i", "localhost,", str(path)]
    began = time.perf_counter()
    done = subprocess.run(
        park.inside(command), capture_output=True, text=True, check=False, env=_environment()
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return seconds, done.stdout
