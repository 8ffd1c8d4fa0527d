# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Five hundred mail servers in one process: the handshake check of all, with fifteen that hang, throttle or lie.

usage: tests/tools/venv.sh python tests/benchmarks/many_targets.py [--targets N] [--json FILE]

The yardstick is one sound server, asked again and again by the same engine, one connection at a time: that many
targets may take ten times as long, with the time of the probes that hang left to themselves. Ends with an error if a
server is not told for what it is, the time is over, or the process takes more than 150 MiB.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._probe._batch import Batch
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe_all
from ansible_collections.postmaster.tls.plugins.module_utils._probe._summary import (
    hangs,
    speaks_no_tls,
    summary,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.tests.support.many_servers import (
    BAD,
    HANGING,
    HOSTILE,
    THROTTLING,
    address,
    free_port,
    many_servers,
)

TIMEOUT = 3.0
MOST_TIMES = 10.0
MOST_MIB = 150.0
Data = dict[str, t.Any]


def target(number: int, port: int) -> Target:
    return Target(
        address(number), port, checks=("handshake",), timeout=TIMEOUT, ehlo_name="probe.test"
    )


def asked(
    numbers: t.Sequence[int], port: int, *, concurrency: int | None
) -> tuple[float, list[Data]]:
    """The seconds that it took, and the results."""
    targets = [target(number, port) for number in numbers]
    batch = Batch(len(targets), lines=None, say=None)
    started = time.monotonic()
    probe_all(targets, tell=batch.told, concurrency=concurrency)
    return time.monotonic() - started, batch.results()


def peak_mib() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def child(numbers: t.Sequence[int], port: int, *, concurrency: int | None) -> Data:
    """One measurement in a process of its own, so that its memory is its own."""
    order = json.dumps({"numbers": list(numbers), "port": port, "concurrency": concurrency})
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), "--child"],
        input=order,
        capture_output=True,
        text=True,
        check=True,
    )
    return t.cast(Data, json.loads(done.stdout))


def measured() -> None:
    order = json.load(sys.stdin)
    seconds, results = asked(order["numbers"], order["port"], concurrency=order["concurrency"])
    sound = [one["seconds"] for one in results if one["handshake"] and one["handshake"]["accepted"]]
    json.dump(
        {
            "seconds": seconds,
            "mib": peak_mib(),
            "slowest_sound": max(sound, default=0.0),
            "summary": summary(results),
            "told": [told(result) for result in results],
        },
        sys.stdout,
    )


def told(result: Data) -> str:
    """What the result says that the server is."""
    if result["throttled"]:
        return "throttling"
    if hangs(result):
        return "hanging"
    if speaks_no_tls(result):
        return "hostile"
    accepted = result["handshake"] is not None and result["handshake"]["accepted"]
    return "sound" if accepted else "unknown"


def expected(kind: str) -> str:
    kinds = {"hanging": HANGING, "throttling": THROTTLING, "hostile": HOSTILE}
    return next((word for word, members in kinds.items() if kind in members), "sound")


def measure(targets: int) -> Data:
    """Everything that the benchmark reports."""
    port = free_port()
    with many_servers(port, sound=targets - len(BAD)) as kinds:
        last = targets - 1
        alone = statistics.median(
            child([last] * 100, port, concurrency=1)["seconds"] / 100 for _round in range(3)
        )
        sound = child(range(len(BAD), targets), port, concurrency=None)
        everything = child(range(targets), port, concurrency=None)
    wrong = [
        f"{kind}: {word}"
        for kind, word in zip(kinds, everything["told"], strict=True)
        if word != expected(kind)
    ]
    return {
        "targets": targets,
        "sequential_limit": alone * targets,
        "seconds_sound": sound["seconds"],
        "seconds": everything["seconds"],
        "slowest_sound": everything["slowest_sound"],
        "mib": everything["mib"],
        "summary": everything["summary"],
        "wrong": wrong,
    }


def complaints(result: Data) -> t.Iterator[str]:
    """One sentence for each figure that is missed."""
    most = MOST_TIMES * result["sequential_limit"]
    if result["seconds"] > max(most, TIMEOUT + 1.0) or result["slowest_sound"] > most:
        yield f"{result['seconds']:.2f} s for all, {most:.2f} s allowed"
    if result["mib"] > MOST_MIB:
        yield f"{result['mib']:.0f} MiB, {MOST_MIB:.0f} allowed"
    if result["wrong"]:
        yield f"not told for what they are: {', '.join(result['wrong'])}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, default=500)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        measured()
        return 0
    result = measure(options.targets)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(
        f"{result['targets']} targets: {result['seconds']:.2f} s with those that hang for {TIMEOUT:g} s, "
        f"the sound ones alone {result['seconds_sound']:.2f} s; one server asked as often, one after the other, "
        f"{result['sequential_limit']:.2f} s; {result['mib']:.0f} MiB"
    )
    found = list(complaints(result))
    print("\n".join(found) or "every server was told for what it is")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
