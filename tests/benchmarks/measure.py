# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: the servers, the tools, and how one run of a tool is measured."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support import park_mtas, peer_scanners
from ansible_collections.postmaster.tls.tests.support.peer_scanners import Seen
from ansible_collections.postmaster.tls.tests.support.server_park import Container, Park

HERE = Path(__file__).resolve().parent
SUPPORT = HERE.parent / "support"
LOOSE, DEFAULT, PREEMPT, SENDMAIL, LIMITED = (f"127.25.0.{number}" for number in range(1, 6))
FAR = {LOOSE: "127.25.1.1"}
ROUND_TRIP_MS = 20
SERVERS: t.Final = {
    "loose": LOOSE,
    "default": DEFAULT,
    "preempt": PREEMPT,
    "sendmail": SENDMAIL,
}
LIMIT_SECONDS = 580


def containers() -> tuple[Container, ...]:
    """Postfix 3.7 with three policies and one short queue, and sendmail 8.17, of Debian 12."""
    return (
        park_mtas.postfix(
            "postfix",
            "bookworm",
            (
                park_mtas.Service(LOOSE, park_mtas.LOOSE),
                park_mtas.Service(DEFAULT),
                park_mtas.Service(PREEMPT, (*park_mtas.LOOSE, "tls_preempt_cipherlist=yes")),
                park_mtas.Service(LIMITED, park_mtas.LOOSE, limit=10),
            ),
        ),
        park_mtas.sendmail("sendmail", "bookworm", (park_mtas.Daemon(SENDMAIL),)),
    )


@dataclass(frozen=True)
class Job:
    """One tool and what it is asked for: C(command) with {host}, {file}, {python}, {tree}; C(reader) reads the file."""

    name: str
    program: str
    command: tuple[str, ...]
    reader: str
    rounds: int
    stdout: bool = False


OURS = ("{python}", str(HERE / "engine.py"), "{tree}", "{host}", "25", "{file}")
_SSLYZE = ("--starttls", "smtp", "--mozilla_config", "disable", "--elliptic_curves", "--certinfo")
_TLS = ("--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3")
_TESTSSL = ("--quiet", "--color", "0", "--warnings", "off", "-n", "none", "-t", "smtp")
JOBS: t.Final = (
    Job("floor", "", ("{python}", str(HERE / "floor.py"), "{host}", "25", "{file}"), "floor", 15),
    Job("postmaster.tls", "", OURS, "engine", 15),
    Job("postmaster.tls, 8 at once", "", (*OURS, "8"), "engine", 15),
    Job(
        "nmap",
        "nmap",
        ("-Pn", "-n", "-p", "25", "--script", "ssl-enum-ciphers", "-oX", "{file}", "{host}"),
        "nmap",
        5,
    ),
    Job(
        "sslscan",
        "sslscan",
        ("--no-colour", "--starttls-smtp", "--show-certificate", "--xml={file}", "{host}:25"),
        "sslscan",
        5,
    ),
    Job("sslyze", "sslyze", (*_SSLYZE, *_TLS, "--json_out={file}", "{host}:25"), "sslyze", 3),
    Job(
        "cryptolyzer",
        "cryptolyze",
        ("--output-format", "json", "tls", "all", "smtp://{host}:25"),
        "cryptolyze",
        2,
        stdout=True,
    ),
    Job(
        "testssl.sh",
        "testssl",
        (*_TESTSSL, "--jsonfile", "{file}", "-p", "-E", "-P", "-S", "-f", "{host}:25"),
        "testssl",
        1,
    ),
)


@dataclass(frozen=True)
class Run:
    """One measured run; times in seconds, memory in MiB of the largest process; C(other) is CPU that somebody else took."""

    wall: float
    cpu: float
    server_cpu: float | None
    memory: float
    connections: int
    other: float
    status: int


class Bench:
    """The park with its servers, and the programs that are there."""

    def __init__(self, park: Park, *, python: str, tree: str, cache: Path) -> None:
        self.park = park
        self.programs, self.missing = peer_scanners.ensure(cache)
        self.cache = cache
        self._values = {"python": python, "tree": tree}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "ANSIBLE"))}
        pycache = str(cache / "bench-pycache")
        self._environment = {**kept, "LC_ALL": "C.UTF-8", "PYTHONPYCACHEPREFIX": pycache}

    def command(self, job: Job, host: str, file: Path) -> list[str]:
        """The job's full command on one server."""
        values = {**self._values, "host": host, "file": str(file)}
        program = [self.programs[job.program]] if job.program else []
        return [*program, *(part.format(**values) for part in job.command)]

    def measure(self, command: t.Sequence[str], *, server: str, output: Path) -> Run:
        """Run a command in the park; GNU time tells its memory without this process's own."""
        memory = output.with_suffix(".memory")
        timed = [self.programs["time"], "--output", str(memory), "--format", "%M", *command]
        before, idle = self._counters(server), _busy()
        with output.open("wb") as out, output.with_suffix(".err").open("wb") as err:
            began = time.perf_counter()
            process = subprocess.Popen(
                self.park.inside(timed),
                env=self._environment,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            limit = threading.Timer(LIMIT_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
            limit.start()
            _pid, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
            limit.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        busy = _busy() - idle
        time.sleep(0.2)
        after = self._counters(server)
        cpu = usage.ru_utime + usage.ru_stime
        used = None if None in (before[1], after[1]) else after[1] - before[1]
        size = int(memory.read_text().split()[-1]) / 1024
        return Run(
            wall,
            cpu,
            used,
            size,
            after[0] - before[0],
            busy - cpu - (used or 0),
            process.returncode,
        )

    def _counters(self, server: str) -> tuple[int, t.Any]:
        return self.park.passive_opens(), self.park.cpu_seconds(server)

    @contextlib.contextmanager
    def far_away(self, host: str) -> t.Iterator[str]:
        """The server behind a round trip; gives the address to use instead."""
        address = FAR[host]
        command = [sys.executable, str(HERE / "delay_proxy.py"), address, "25", host, "25"]
        process = subprocess.Popen(self.park.inside([*command, str(ROUND_TRIP_MS)]))
        try:
            while (address, 25) not in self.park.listening():
                if process.poll() is not None:
                    raise RuntimeError("the delay proxy ended")
                time.sleep(0.05)
            yield address
        finally:
            process.kill()
            process.wait()


def _busy() -> float:
    values = [int(v) for v in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(values) - values[3] - values[4]) / os.sysconf("SC_CLK_TCK")


def read(reader: str, text: str) -> Seen:
    """What a job found."""
    return READERS[reader](text)


def _floor(text: str) -> Seen:
    found = json.loads(text)
    labels = {"768": "SSLv3", "769": "TLSv1", "770": "TLSv1.1", "771": "TLSv1.2", "772": "TLSv1.3"}
    return Seen(
        {labels[version]: codes for version, codes in found["suites"].items() if codes},
        {labels[version]: codes for version, codes in found["groups"].items() if codes},
        len(found["chains"]),
        {labels[version]: word for version, word in found["decides"].items()},
    )


def _engine(text: str) -> Seen:
    found = json.loads(text)
    suites = {
        version: [int(suite["code"], 16) for suite in listed]
        for version, listed in found["ciphers"].items()
        if listed
    }
    groups: dict[str, list[int]] = {}
    for group in found["groups"]:
        for version in group["protocols"]:
            groups.setdefault(version, []).append(int(group["code"], 16))
    decides = {version: word for version, word in found["preference"].items() if word}
    return Seen(suites, groups, len(found["_chains"]), decides)


READERS = {**peer_scanners.READERS, "floor": _floor, "engine": _engine}

__all__ = [
    "DEFAULT",
    "JOBS",
    "LIMITED",
    "LOOSE",
    "SENDMAIL",
    "SERVERS",
    "Bench",
    "Job",
    "Run",
    "containers",
    "read",
]
