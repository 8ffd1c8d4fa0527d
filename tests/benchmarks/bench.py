# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the probe beside its peers and a floor, on real servers, in alternating rounds; `make bench` runs it.

usage: make bench [BENCH="--rounds 0.5 --only loose,sendmail"]

Starts four reference servers and a short-queued one in containers without a way out, asks each of them one suite at
a time for the truth, and runs the tools in shuffled rounds. Results go to a JSON file in the cache, and
docs/performance.md is written from it. Takes about fifteen minutes and needs root.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import random
import subprocess
import sys
import time
import typing as t
from dataclasses import asdict
from pathlib import Path

from ansible_collections.postmaster.tls.tests.benchmarks import ansible_cost, measure, page
from ansible_collections.postmaster.tls.tests.support import peer_scanners
from ansible_collections.postmaster.tls.tests.support.one_by_one import Result
from ansible_collections.postmaster.tls.tests.support.server_park import Park, ParkError

PARTS = (*measure.SERVERS, "far", "queues", "policy", "ansible", "many")
CHECKOUT = Path(__file__).resolve().parent.parent.parent
Rows = list[dict[str, t.Any]]


def truth(bench: measure.Bench, host: str, output: Path) -> Result:
    """What a server accepts, one suite at a time."""
    script = str(measure.SUPPORT / "one_by_one.py")
    command = [sys.executable, script, host, "25", str(output), "--codes", "known"]
    subprocess.run(bench.park.inside(command), check=True)
    return t.cast(Result, json.loads(output.read_text()))


def row(
    bench: measure.Bench, job: measure.Job, name: str, host: str, known: Result, number: int
) -> dict[str, t.Any]:
    """One run of one tool on one server, with what it missed and invented."""
    directory = bench.park.directory / "runs"
    directory.mkdir(exist_ok=True)
    stem = f"{name}-{job.name.replace(' ', '-').replace('/', '-')}-{number}"
    file, output = directory / f"{stem}.result", directory / f"{stem}.out"
    server = "sendmail" if host == measure.SENDMAIL else "postfix"
    run = bench.measure(bench.command(job, host, file), server=server, output=output)
    result = {"server": name, "tool": job.name, "round": number, **asdict(run)}
    if host in measure.FAR.values():
        result["connections"] //= 2  # the proxy makes one of its own for each
    try:
        text = (output if job.stdout else file).read_text(errors="replace")
        result.update(judged(measure.read(job.reader, text), known))
    except Exception as error:
        result["unread"] = f"{type(error).__name__}: {error}"
    summary = {k: v for k, v in result.items() if k not in ("groups", "decides", "status")}
    print({k: round(v, 3) if isinstance(v, float) else v for k, v in summary.items()}, flush=True)
    return result


def judged(seen: t.Any, known: Result) -> dict[str, t.Any]:
    """What a tool said, against the truth."""
    pairs = {(v, code) for v, codes in seen.suites.items() for code in codes}
    right = {(v, code) for v, codes in known["suites"].items() for code in codes}
    return {
        "pairs": len(pairs & right),
        "of": len(right),
        "missed": sorted(f"{v} {code:04X}" for v, code in right - pairs),
        "invented": sorted(f"{v} {code:04X}" for v, code in pairs - right),
        "groups": {version: len(codes) for version, codes in seen.groups.items()},
        "chains": seen.chains,
        "decides": seen.decides,
    }


def rounds(
    bench: measure.Bench, jobs: t.Sequence[measure.Job], name: str, host: str, *, share: float
) -> Rows:
    """All jobs on one server, in rounds with an order of their own; the floor is part of every round."""
    known = truth(bench, host, bench.park.directory / f"truth-{name}.json")
    usable = [job for job in jobs if not job.program or job.program in bench.programs]
    wanted = {job.name: max(1, round(job.rounds * share)) for job in usable}
    for job in usable[:3]:
        bench.measure(
            bench.command(job, host, bench.park.directory / "warm.result"),
            server="postfix",
            output=bench.park.directory / "warm.out",
        )
    found: Rows = []
    for number in range(max(wanted.values())):
        order = [job for job in usable if number < wanted[job.name]]
        random.Random(number).shuffle(order)
        found += [row(bench, job, name, host, known, number) for job in order]
    return found


def far_away(bench: measure.Bench, share: float) -> Rows:
    """The loose server behind a round trip; one tool after the other, as nobody computes much."""
    jobs = [job for job in measure.JOBS if job.program != "testssl"]
    few = [
        measure.Job(j.name, j.program, j.command, j.reader, min(j.rounds, 3), j.stdout)
        for j in jobs
    ]
    with bench.far_away(measure.LOOSE) as address:
        return rounds(bench, few, "far", address, share=share)


def queues(bench: measure.Bench, share: float) -> Rows:
    """Postfix with a process limit, and so a queue, of ten, and sendmail, whose queue is always ten."""
    ours = [job for job in measure.JOBS if job.reader in ("engine", "floor")]
    found = rounds(bench, ours, "queue of ten", measure.LIMITED, share=share)
    return found + rounds(bench, ours, "queue of ten, sendmail", measure.SENDMAIL, share=share)


def machine() -> dict[str, t.Any]:
    """What this was measured on."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "kernel": platform.release().split("-")[0],
        "load": round(os.getloadavg()[0], 2),
    }


def many(directory: Path) -> dict[str, t.Any] | None:
    """Five hundred servers in one process."""
    script, output = Path(__file__).with_name("many_targets.py"), directory / "many.json"
    done = subprocess.run([sys.executable, str(script), "--json", str(output)], check=False)
    result = json.loads(output.read_text()) if output.is_file() else {}
    return {**result, "status": done.returncode}


def scans(bench: measure.Bench, given: argparse.Namespace) -> Rows:
    """The full job by all tools."""
    found: Rows = []
    for name, host in measure.SERVERS.items():
        if name in given.only:
            found += rounds(bench, measure.JOBS, name, host, share=given.rounds)
    if "far" in given.only:
        found += far_away(bench, given.rounds)
    if "queues" in given.only:
        found += queues(bench, given.rounds)
    return found


def run(given: argparse.Namespace, park: Park, cache: Path) -> dict[str, t.Any]:
    """Measure what was asked for."""
    bench = measure.Bench(
        park, python=given.python, tree=os.environ["POSTMASTER_TREE"], cache=cache
    )
    if "time" not in bench.programs:
        raise ParkError("GNU time is not installed: install the package time.")
    for sentence in bench.missing:
        print(f"bench: {sentence}", file=sys.stderr)
    result: dict[str, t.Any] = {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "versions": {
            "python": peer_scanners.versions({"python": given.python}, ("python",))["python"],
            **peer_scanners.versions(
                bench.programs, ("sslscan", "nmap", "testssl", "sslyze", "cryptolyze")
            ),
        },
        "missing": bench.missing,
    }
    for container in measure.containers():
        park.start(container)
    result["runs"] = scans(bench, given)
    if "policy" in given.only:
        result["policy"] = ansible_cost.policy(park, measure.SERVERS)
    if "ansible" in given.only:
        result["ansible"] = ansible_cost.measured(park, measure.LOOSE)
    if "many" in given.only:
        result["many"] = many(park.directory)
    return result


def main() -> int:
    """Measure, write the results, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=float, default=1.0, help="a factor for the rounds")
    parser.add_argument("--python", default="/usr/bin/python3", help="runs the probe and the floor")
    parser.add_argument("--output", type=Path, help="the JSON file; by default in the cache")
    parser.add_argument("--page", action="store_true", help="write the page from a result again")
    given = parser.parse_args()
    cache = Path(os.environ["POSTMASTER_CACHE"])
    output = given.output or cache / "bench" / "results.json"
    given.only = given.only.split(",")
    output.parent.mkdir(parents=True, exist_ok=True)
    if not given.page:
        began = time.monotonic()
        try:
            with Park("pmtls-bench") as park:
                result = run(given, park, cache)
        except ParkError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
        result["seconds"] = round(time.monotonic() - began)
        output.write_text(json.dumps(result, indent=1))
        print(f"bench: results are in {output}")
    text = page.written(json.loads(output.read_text()))
    print(text)
    if set(given.only) == set(PARTS):
        page.put(CHECKOUT / "docs" / "performance.md", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
