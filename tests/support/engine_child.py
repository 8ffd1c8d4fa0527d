# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the scan engine in a process of its own, so that its memory can be told from that of the tests.

Standard input has a JSON object: `targets`, each the fields of a Target, and `together`, whether one process asks them
all at once or each has its own. Standard output gets a list of results, each with its `elapsed` seconds and `peak_kib`, the most memory that its
process ever had; `crash` is the traceback of one that failed.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import (
    Probe,
    most_connections,
    probe,
    probe_all,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target

_AT_ONCE = 12
Data = dict[str, t.Any]


def peak_kib() -> int:
    """The highest resident size of this process; getrusage would count that of the parent before exec too."""
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1])


def made(fields: Data) -> Target:
    return Target(**{**fields, "checks": tuple(fields["checks"])})


def alone(targets: list[Target]) -> t.Iterator[Data]:
    for start in range(0, len(targets), _AT_ONCE):
        pipes = [_forked(target) for target in targets[start : start + _AT_ONCE]]
        for pipe in pipes:
            with os.fdopen(pipe, "rb") as source:
                yield json.load(source)
            os.wait()


def _forked(target: Target) -> int:
    ours, theirs = os.pipe()
    if os.fork():
        os.close(theirs)
        return ours
    with os.fdopen(theirs, "w", encoding="utf-8") as sink:
        began = time.monotonic()
        try:
            result = report(probe(target))
        except BaseException:
            result = {"crash": traceback.format_exc()}
        elapsed = time.monotonic() - began
        json.dump({**result, "elapsed": elapsed, "peak_kib": peak_kib()}, sink)
    os._exit(0)


def together(targets: list[Target]) -> list[Data]:
    results: list[Data] = [{} for _target in targets]
    began = time.monotonic()

    def tell(position: int, _part: int, result: Probe) -> None:
        results[position] = {**report(result), "elapsed": time.monotonic() - began}

    probe_all(targets, tell=tell, concurrency=order_of(targets))
    peak = peak_kib()
    return [{**result, "peak_kib": peak} for result in results]


def order_of(targets: list[Target]) -> int:
    """So many that nobody waits for another, as long as the limit of open files allows it."""
    return min(len(targets) + 8, most_connections(None) * 2)


def main() -> None:
    order = json.load(sys.stdin)
    targets = [made(fields) for fields in order["targets"]]
    json.dump(together(targets) if order["together"] else list(alone(targets)), sys.stdout)


if __name__ == "__main__":
    main()
