# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the facts of a host cost, beside `ansible.builtin.command: postconf -n` on the same host; `make bench-facts` runs it.

usage: tests/tools/venv.sh python tests/benchmarks/facts_cost.py [--rounds N] [--keep] [--json FILE] [HOST...]

Starts a Postfix of every Debian release in a lab of its own, and lets one playbook run both tasks on each host in turn,
over ssh with pipelining: the time of a task is what Ansible itself tells of it. With --keep the lab goes on running, so
that the next run takes seconds; `POSTMASTER_LAB=pmtls-cost make clean-lab` ends it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

LAB = [sys.executable, str(Path(__file__).resolve().parents[1] / "lab" / "lab.py")]
HOSTS = ("mx-bullseye", "mx-bookworm", "mx1", "mx-sid")
TASKS: t.Final[dict[str, dict[str, t.Any]]] = {
    "postconf": {"ansible.builtin.command": {"cmd": "postconf -n"}, "changed_when": False},
    "facts": {"postmaster.tls.mta_tls_facts": {}},
}
WARM_UP = 2


class CostError(Exception):
    """The measurement could not be made; the message says why."""


@dataclass(frozen=True)
class Cost:
    """Medians of one host, in seconds; `ratio` is the median of the ratios of neighbours in time."""

    host: str
    postfix: str
    openssl: str
    services: int
    postconf: float
    facts: float
    ratio: float
    bytes: int


def play(hosts: t.Sequence[str], *, rounds: int, directory: Path) -> list[dict[str, t.Any]]:
    """One play for each host: the two tasks by turns, and what the facts are at the end."""
    shown = {"content": "{{ ansible_facts.mta_tls | to_json }}", "mode": "0600"}
    plays = []
    for host in hosts:
        turns = [
            {"name": f"{host}|{name}|{number}", **task}
            for number in range(rounds + WARM_UP)
            for name, task in (list(TASKS.items()) if number % 2 else reversed(TASKS.items()))
        ]
        target = {**shown, "dest": str(directory / f"{host}.json")}
        keep = {"ansible.builtin.copy": target, "delegate_to": "localhost", "name": "keep"}
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        plays.append(
            {"hosts": host, "gather_facts": False, "tasks": [*turns, {**keep, "vars": local}]}
        )
    return plays


def durations(report: Path) -> dict[tuple[str, str], list[float]]:
    """Seconds of each task by host and name, in the order of the rounds, without those that warmed up."""
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        named = re.search(r"([\w-]+)\|(\w+)\|(\d+)", case.get("name", ""))
        if named and int(named[3]) >= WARM_UP:
            entry = (int(named[3]), float(case.get("time", "nan")))
            found.setdefault((named[1], named[2]), []).append(entry)
    return {
        key: [seconds for _number, seconds in sorted(entries)] for key, entries in found.items()
    }


def measured(inventory: Path, hosts: t.Sequence[str], rounds: int) -> list[Cost]:
    """Run the playbook and read what it took."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        book = directory / "cost.yml"
        book.write_text(json.dumps(play(hosts, rounds=rounds, directory=directory)))
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        env = {**kept, "ANSIBLE_CALLBACKS_ENABLED": "junit", "JUNIT_OUTPUT_DIR": name}
        env |= {"ANSIBLE_PIPELINING": "1", "JUNIT_TASK_RELATIVE_PATH": ""}
        argv = ["ansible-playbook", "-i", str(inventory), str(book)]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CostError(done.stdout[-2000:] + done.stderr)
        (report,) = directory.glob("*.xml")
        times = durations(report)
        facts = {host: (directory / f"{host}.json").read_text() for host in hosts}
    return [cost_of(host, facts[host], times) for host in hosts]


def cost_of(host: str, text: str, times: t.Mapping[tuple[str, str], list[float]]) -> Cost:
    """The medians of one host."""
    (instance,) = json.loads(text)["postfix"]
    plain, ours = times[host, "postconf"], times[host, "facts"]
    return Cost(
        host,
        instance["version"],
        instance["library"]["version"],
        len(instance["services"]),
        statistics.median(plain),
        statistics.median(ours),
        statistics.median(one / other for one, other in zip(ours, plain, strict=True)),
        len(text),
    )


def table(costs: t.Sequence[Cost]) -> list[str]:
    """The lines of a table in Markdown."""
    lines = [
        "| Postfix | OpenSSL | services | `postconf -n`, s | facts, s | ratio | facts, kB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in costs:
        library = one.openssl.removeprefix("OpenSSL ").partition(" ")[0]
        numbers = f"{one.postconf:.3f} | {one.facts:.3f} | {one.ratio:.2f} | {one.bytes / 1000:.0f}"
        lines.append(f"| {one.postfix} | {library} | {one.services} | {numbers} |")
    return lines


def lab(*words: str) -> str:
    """Run the lab's command, and return what it prints."""
    env = {"POSTMASTER_LAB": "pmtls-cost", **os.environ}
    done = subprocess.run([*LAB, *words], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CostError(done.stderr.strip())
    return done.stdout


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how often each task runs on a host")
    parser.add_argument("--keep", action="store_true", help="let the lab run on")
    parser.add_argument("--json", type=Path, help="write the numbers to this file too")
    parser.add_argument("hosts", nargs="*", metavar="HOST", default=list(HOSTS))
    given = parser.parse_args()
    try:
        inventory = Path(lab("up", "fleet").split()[-1])
        costs = measured(inventory, given.hosts, given.rounds)
    except CostError as error:
        print(f"facts_cost: {error}", file=sys.stderr)
        return 1
    finally:
        if not given.keep:
            lab("down")
    print(*table(costs), sep="\n")
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in costs], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
