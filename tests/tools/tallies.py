# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks of run_all.py came to: counts, the names of what failed, and the page that ends with their sum."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

SKIPPED = 77
COUNTED = ("tests", "failures", "errors", "skipped")
#: Of the output of a check that failed without the name of a test, and of all failures together.
LAST_LINES, MOST_LINES = 15, 40
WIDTH = 200
#: Of the names of tests in the row of their check.
MOST_NAMES = 8


@dataclass(frozen=True)
class Tally:
    """What a check came to, in tests; a lint is one test. `failures` are lines for people, `named` the tests that failed."""

    name: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reason: str = ""
    failures: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def count(name: str, seconds: float, status: int, report: Path, output: str = "") -> Tally:
    """Turn an exit status, and pytest's report where there is one, into numbers and the names of what failed."""
    if report.is_file():
        suite = ElementTree.parse(report).getroot().find("testsuite")
        got = {k: int(suite.get(k, 0)) if suite is not None else 0 for k in COUNTED}
        failed = got["failures"] + got["errors"]
        passed = got["tests"] - failed - got["skipped"]
        failed = max(failed, 1) if status else failed
        told, named = failures_in(suite) if suite is not None else ((), ())
        told = told or (last_lines(output) if failed else ())
        return Tally(name, seconds, passed, failed, got["skipped"], "see pytest", told, named)
    if status == SKIPPED:
        return Tally(name, seconds, skipped=1, reason="cannot run here, see above")
    told = last_lines(output) if status else ()
    return Tally(name, seconds, passed=int(status == 0), failed=int(status != 0), failures=told)


def failures_in(suite: ElementTree.Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Each test that failed, with its file and the first line of what it said; and their names alone."""
    told, named = [], []
    for case in suite.iter("testcase"):
        for fault in (*case.findall("failure"), *case.findall("error")):
            said = (fault.get("message") or fault.text or "").strip().splitlines()
            told.append(f"{where(case)}::{case.get('name')}: {said[0] if said else 'no message'}")
            named.append(case.get("name", ""))
    return tuple(told), tuple(dict.fromkeys(named))


def where(case: ElementTree.Element) -> str:
    """The file of a test; pytest's report has it as a dotted name, with a class behind it if there is one."""
    dotted = case.get("classname", "")
    path = Path(dotted.replace(".", "/"))
    for parent in (path, *path.parents):
        if parent.name and parent.with_suffix(".py").is_file():
            rest = path.relative_to(parent).parts
            return "::".join((f"{parent}.py", *rest))
    return dotted


def last_lines(output: str) -> tuple[str, ...]:
    """The end of what a check printed, without empty lines."""
    lines = [line.rstrip() for line in output.splitlines()]
    return tuple([line for line in lines if line][-LAST_LINES:])


def summary(tallies: t.Sequence[Tally]) -> str:
    """Return the table of all checks, what failed and, as its last line, the sum."""
    lines = [""]
    for tally in tallies:
        verdict = "FAILED" if tally.failed else "skipped" if not tally.passed else "ok"
        counts = f"{tally.passed} passed, {tally.failed} failed{shortly(tally.named)}"
        skips = f", {tally.skipped} skipped ({tally.reason})" if tally.skipped else ""
        lines.append(f"{verdict:8}{tally.name:28}{tally.seconds:7.1f} s  {counts}{skips}")
    passed = sum(tally.passed for tally in tallies)
    failed = sum(tally.failed for tally in tallies)
    return "\n".join([*lines, *faults(tallies), "", f"{passed} passed, {failed} failed"])


def shortly(named: tuple[str, ...]) -> str:
    """The first names of tests that failed, as the end of a row."""
    names = ", ".join(named[:MOST_NAMES])
    more = f" and {len(named) - MOST_NAMES} more" if len(named) > MOST_NAMES else ""
    return f": {names[:WIDTH]}{more}" if named else ""


def faults(tallies: t.Sequence[Tally]) -> list[str]:
    """What failed, by check; every check has its share of the lines, the first of them the name of it."""
    bad = [tally for tally in tallies if tally.failures]
    share = max(1, (MOST_LINES - 2 * len(bad)) // max(1, len(bad)))
    lines = []
    for tally in bad:
        lines += ["", f"{tally.name}:"]
        shown = tally.failures[:share] if tally.failed > 1 else tally.failures[-share:]
        lines += [f"  {line[:WIDTH]}" for line in shown]
        if len(shown) < len(tally.failures):
            lines.append(f"  and {len(tally.failures) - len(shown)} more lines above")
    return lines
