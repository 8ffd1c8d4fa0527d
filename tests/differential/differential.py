# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load generated configurations into live smtpds and sendmails, and compare the facts of each with what a probe sees.

usage: tests/tools/venv.sh python tests/differential/differential.py [--count N] [--seed N] [RELEASE | RELEASE-sendmail]...
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "lab")]

from mtadiff import host as postfix_host
from mtadiff import undo_postfix
from mtadiff.configuration import RELEASES
from mtadiff.generator import Generator
from mtadiff.proofs import Judged, compared, scanned, undone
from mtadiff.sendmail import generator as sendmail_generator
from mtadiff.sendmail import host as sendmail_host
from mtadiff.sendmail import undo as sendmail_undo
from mtadiff.sendmail.configuration import RELEASES as WITH_SENDMAIL
from mtadiff.sendmail.configuration import SUFFIX
from mtalab.paths import lab_name


@dataclass
class Tally:
    """How many of what was asked for was tried, and came out as predicted."""

    tried: dict[str, int] = field(default_factory=dict)
    equal: dict[str, int] = field(default_factory=dict)

    def expect(self, what: str) -> None:
        """Nothing tried of it is no success."""
        self.tried.setdefault(what, 0)
        self.equal.setdefault(what, 0)

    def add(self, what: str, complaints: t.Iterable[list[str]]) -> None:
        self.expect(what)
        for one in complaints:
            self.tried[what] += 1
            self.equal[what] += not one

    @property
    def proved(self) -> bool:
        """Whether everything that was asked for was tried, and equal."""
        return bool(self.tried) and all(self.tried.values()) and self.tried == self.equal

    def __str__(self) -> str:
        return ", ".join(
            f"{self.equal[one]} of {number} {one}" for one, number in self.tried.items()
        )


def show(judged: Judged, report: t.TextIO | None) -> None:
    if judged.complaints:
        print(f"{judged.configuration.name}: {dict(judged.configuration.overrides)}")
        print(*(f"    {one}" for one in judged.complaints), sep="\n", flush=True)
    if report:
        overrides = dict(judged.configuration.overrides)
        record = {"name": judged.configuration.name, "overrides": overrides, **judged.told}
        report.write(json.dumps({**record, "complaints": judged.complaints}) + "\n")


def prove(
    host: t.Any, release: str, arguments: argparse.Namespace, report: t.TextIO | None = None
) -> Tally:
    """Do everything that was asked for on one host."""
    tally = Tally()
    configurations: t.Sequence[t.Any]
    if release.endswith(SUFFIX):
        suite = release.removesuffix(SUFFIX)
        maker = sendmail_generator.Generator(suite, arguments.seed)
        configurations = maker.configurations(arguments.count)
    else:
        configurations = Generator(release, arguments.seed).configurations(arguments.count)
    settled = []
    tally.expect("predictions")
    for batch in compared(host, configurations):
        tally.add("predictions", (one.complaints for one in batch))
        settled += batch
        for one in batch:
            show(one, report)
    # Where lines are written oddly, what stands in them is not what is in force.
    plain = [one for one in settled if not getattr(one.configuration, "spelling", "")]
    trials_of = sendmail_undo.trials if release.endswith(SUFFIX) else undo_postfix.trials
    for what, count, results in (
        (
            "undone settings",
            arguments.undo,
            undone(host, plain, count=arguments.undo, trials_of=trials_of),
        ),
        ("sslscans", arguments.sslscan, scanned(host, settled, count=arguments.sslscan)),
    ):
        if count:
            tally.expect(what)
        for one in results:
            tally.add(what, [one.complaints])
            show(one, None)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=220, help="configurations for each release")
    parser.add_argument(
        "--undo", type=int, default=13, help="how many of them have settings undone"
    )
    parser.add_argument("--sslscan", type=int, default=20, help="how many of them sslscan looks at")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--report", type=Path, help="add every result to this file, one JSON line each"
    )
    parser.add_argument(
        "releases", nargs="*", metavar="RELEASE", default=[*RELEASES, *WITH_SENDMAIL]
    )
    arguments = parser.parse_args()
    proved = []
    with contextlib.ExitStack() as stack:
        report = stack.enter_context(arguments.report.open("a")) if arguments.report else None
        for release in arguments.releases:
            began = time.monotonic()
            place = sendmail_host if release.endswith(SUFFIX) else postfix_host
            podman = postfix_host.podman_for([release])
            with place.host_of(podman, release, prefix=f"{lab_name()}-differential") as host:
                tally = prove(host, release, arguments, report)
            print(f"{release}: as predicted {tally} ({time.monotonic() - began:.0f} s)", flush=True)
            proved.append(tally.proved)
    return 0 if all(proved) else 1


if __name__ == "__main__":
    sys.exit(main())
