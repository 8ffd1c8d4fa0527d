# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the commands of run_all.py for no longer than a limit; their output is shown, and kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from tallies import Tally, count

LIMIT_SECONDS = 2700
_LOOK_SECONDS = 0.2
_TO_END_SECONDS = 60.0
_RUNNING: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Check:
    """One command and the environment that it needs beside the virtual environment's own."""

    name: str
    argv: tuple[str, ...]
    env: t.Mapping[str, str | None] = field(default_factory=dict)
    junit: bool = False


class Page:
    """Standard output. What belongs together is shown together, whoever else has something to show."""

    def __init__(self, stream: t.TextIO = sys.stdout) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def show(self, text: str) -> None:
        """Print a text as it is."""
        with self._lock:
            self._stream.write(text)
            self._stream.flush()


@dataclass(frozen=True)
class Lane:
    """Checks that are begun in this order, so many at the same time."""

    checks: tuple[Check, ...]
    width: int = 1


def run_lanes(lanes: t.Sequence[Lane], page: Page) -> list[Tally]:
    """Run lanes side by side; the tallies of all checks in the order of the lanes.

    Where one check runs at a time, it is shown as it goes; else each is shown when it is over.
    """
    waiting = [deque(enumerate(lane.checks)) for lane in lanes]
    places = [
        n for n, lane in enumerate(lanes) for _worker in range(min(lane.width, len(lane.checks)))
    ]
    done: dict[tuple[int, int], Tally] = {}

    def work(place: int) -> None:
        while True:
            try:
                number, check = waiting[place].popleft()
            except IndexError:
                return
            done[place, number] = run(check, page, live=len(places) == 1)

    threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in places]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    finally:
        for process in list(_RUNNING):
            end(process)
    return [done[key] for key in sorted(done)]


def run(check: Check, page: Page, *, live: bool) -> Tally:
    """Run one check, show its output, and count."""
    page.show(f"\n=== {check.name}\n" if live else f"... {check.name}\n")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        report, log = Path(directory) / "junit.xml", Path(directory) / "output"
        extra = (f"--junitxml={report}",) if check.junit else ()
        status = limited([*check.argv, *extra], environment(check), log, page if live else None)
        output = log.read_text("utf-8", "replace")
        if not live:
            page.show(f"\n=== {check.name}\n{output}")
        return count(check.name, time.monotonic() - began, status, report, output)


def environment(check: Check) -> dict[str, str]:
    """This environment with what a check changes in it; None takes a variable out."""
    merged = {**os.environ, **check.env}
    return {name: value for name, value in merged.items() if value is not None}


def limited(argv: t.Sequence[str], env: t.Mapping[str, str], log: Path, page: Page | None) -> int:
    """Run a command and all that it starts for no longer than the limit; return its status.

    Its output goes to a file, not through a pipe: what it leaves running would keep a pipe open.
    """
    with log.open("wb") as sink:
        try:
            process = subprocess.Popen(
                argv, env=env, start_new_session=True, stdout=sink, stderr=subprocess.STDOUT
            )
        except FileNotFoundError as exc:
            return ended(log, page, 127, f"{exc.filename} is not installed: run `make venv`.")
    _RUNNING.add(process)
    try:
        return followed(process, log, page)
    except subprocess.TimeoutExpired:
        return ended(log, page, 124, f"{argv[0]} was ended after {LIMIT_SECONDS} seconds.")
    finally:
        end(process)
        _RUNNING.discard(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End what still runs of a command."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_TO_END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def followed(process: subprocess.Popen[bytes], log: Path, page: Page | None) -> int:
    """Wait for a process and show what it prints; return its status, or raise TimeoutExpired."""
    if page is None:
        return process.wait(LIMIT_SECONDS)
    until = time.monotonic() + LIMIT_SECONDS
    with log.open("r", encoding="utf-8", errors="replace", newline="") as source:
        while True:
            try:
                status = process.wait(_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                page.show(source.read())
                if time.monotonic() > until:
                    raise
                continue
            page.show(source.read())
            return status


def ended(log: Path, page: Page | None, status: int, words: str) -> int:
    """Say in the output why a command has this status."""
    with log.open("a", encoding="utf-8") as sink:
        sink.write(f"{words}\n")
    if page is not None:
        page.show(f"{words}\n")
    return status
