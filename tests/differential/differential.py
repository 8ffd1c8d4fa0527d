# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load generated configurations into live smtpds, and compare the facts of each with what a probe sees.

usage: tests/tools/venv.sh python tests/differential/differential.py [--count N] [--seed N] [RELEASE...]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import typing as t
from pathlib import Path

from mtadiff.compare import disagreements
from mtadiff.configuration import RELEASES, Configuration
from mtadiff.generator import Generator
from mtadiff.host import Host, host_of, podman_for
from mtalab.paths import lab_name

AT_ONCE = 60


def batches(configurations: list[Configuration]) -> t.Iterator[list[Configuration]]:
    for start in range(0, len(configurations), AT_ONCE):
        yield configurations[start : start + AT_ONCE]


def compare(host: Host, configurations: list[Configuration], report: t.TextIO | None) -> int:
    wrong = 0
    for batch in batches(configurations):
        for one, entry in zip(batch, host.judge(batch), strict=True):
            found = disagreements(entry)
            wrong += bool(found)
            if found:
                print(f"{one.name}: {dict(one.overrides)}", *found, sep="\n    ", flush=True)
            if report:
                record = {"name": one.name, "overrides": dict(one.overrides), **entry}
                report.write(json.dumps({**record, "disagreements": found}) + "\n")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=220, help="configurations for each release")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write every result there, one JSON line each")
    parser.add_argument("releases", nargs="*", metavar="RELEASE", default=list(RELEASES))
    arguments = parser.parse_args()
    podman = podman_for(arguments.releases)
    total = 0
    report = arguments.report.open("w") if arguments.report else None
    for release in arguments.releases:
        began = time.monotonic()
        configurations = Generator(release, arguments.seed).configurations(arguments.count)
        with host_of(podman, release, prefix=f"{lab_name()}-differential") as host:
            wrong = compare(host, configurations, report)
        equal = arguments.count - wrong
        seconds = time.monotonic() - began
        print(f"{release}: {equal} of {arguments.count} equal ({seconds:.0f} s)", flush=True)
        total += wrong
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
