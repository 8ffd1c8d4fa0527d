# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a mail host: what the facts say of each sendmail.cf, beside what a probe of its daemon sees, as JSON."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._facts import sendmail_facts

from mtadiff.inside import FACTS, probed
from mtadiff.patience import SECONDS, patient, run

DIRECTORY = "/etc/mail/diff"
ACCESS = f"{DIRECTORY}/access"


def access_map(port: int, features: str) -> str:
    """Make the map that says this of everybody, and return its path; the one that says nothing is there already."""
    if not features:
        return ACCESS
    path = f"{DIRECTORY}/{port}.access"
    text = f"Srv_Features:\t{features}\n"
    Path(path).write_text(text)
    subprocess.run(["makemap", "hash", path], input=text.encode(), check=True)
    return path


def start(task: dict[str, t.Any]) -> subprocess.Popen[bytes]:
    """Start the daemon of one configuration."""
    port = task["port"]
    file = Path(DIRECTORY, f"{port}.cf")
    lines = [*task["lines"], f"O PidFile=/run/diff-{port}.pid"]
    base = Path(DIRECTORY, "base.cf").read_text().splitlines()
    place = next(number for number, line in enumerate(base) if line.startswith("O "))
    whole = "\n".join([*base[:place], *lines, *base[place:], ""])
    access = access_map(port, task["features"])
    text = whole.replace(ACCESS, access).replace("\n", task["ends"])
    file.write_bytes(text.encode())
    file.chmod(0o644)
    command = [task["program"], "-bD", f"-C{file}"]
    with log_of(port).open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    Path(DIRECTORY, f"{port}.pid").write_text(str(process.pid))
    return process


def log_of(port: int) -> Path:
    """Where a daemon says why it does not start."""
    return Path(DIRECTORY, f"{port}.log")


def end_all() -> None:
    """End the daemons of an earlier call, which stay for other scanners."""
    for file in Path(DIRECTORY).glob("*.pid"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(file.read_text()), signal.SIGKILL)
        file.unlink()


def listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the daemon answers; it never will when it has ended."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def predicted(task: dict[str, t.Any]) -> dict[str, t.Any]:
    """What the facts say of the daemon."""
    file = f"{DIRECTORY}/{task['port']}.cf"
    facts = sendmail_facts(task["program"], files=(file,), run=run)
    service = facts.instances[0]["services"][0]
    return {name: service[name] for name in (*FACTS, "listen")}


def judged(task: dict[str, t.Any], *, up: bool, deep: bool) -> dict[str, t.Any]:
    """What the facts say of the daemon, what a probe sees if it runs, and what it said."""
    seen = probed(task["port"], implicit=task["implicit"], deep=deep) if up else None
    said = log_of(task["port"]).read_text()
    return {"predicted": predicted(task), "seen": seen, "said": said}


def main() -> None:
    """Start the daemons of the standard input, and print one entry for each of them unless they are only to be there."""
    asked = json.load(sys.stdin)
    end_all()
    found = []
    for task, process in [(task, start(task)) for task in asked["tasks"]]:
        up = listens(task["port"], process)
        if asked["look"]:
            found.append(judged(task, up=up, deep=asked["look"] == "deep"))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    with patient():
        main()
