# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import os
import sys
import tempfile
import time
import typing as t
from pathlib import Path

import pytest
import running
from run_all import CONTAINED_AT_ONCE, lanes
from running import Check, Lane, Page, run_lanes
from tallies import LAST_LINES, MOST_LINES, MOST_NAMES, SKIPPED, Tally, count, summary

REPORT = """\
<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}">
<testcase classname="tests.unit.tools.test_run_all" name="test_sound[a-b.c]"/>
{}
</testsuite></testsuites>"""
CASE = '<testcase classname="{}" name="{}"><{} message="{}">a traceback</{}></testcase>'
HERE = "tests.unit.tools.test_run_all"
NO_REPORT = Path("/nonexistent/junit.xml")


def report(directory: Path, *numbers: int, cases: t.Sequence[str] = ()) -> Path:
    path = directory / "junit.xml"
    path.write_text(REPORT.format(*numbers, "".join(cases)))
    return path


def case(name: str, message: str, *, kind: str = "failure", place: str = HERE) -> str:
    return CASE.format(place, name, kind, message, kind)


def test_pytest_is_counted_test_by_test(tmp_path: Path) -> None:
    tally = count("unit", 1.0, 1, report(tmp_path, 10, 1, 2, 3))
    assert (tally.passed, tally.failed, tally.skipped) == (4, 3, 3)


def test_a_crash_after_the_last_test_is_a_failure_with_its_last_words(tmp_path: Path) -> None:
    tally = count("unit", 1.0, 139, report(tmp_path, 10, 0, 0, 0), "\nSegmentation fault\n")
    assert (tally.failed, tally.failures) == (1, ("Segmentation fault",))


@pytest.mark.parametrize(
    ("status", "numbers"), [(0, (1, 0, 0)), (2, (0, 1, 0)), (SKIPPED, (0, 0, 1))]
)
def test_a_lint_is_one_test(status: int, numbers: tuple[int, int, int]) -> None:
    tally = count("lint:ruff", 1.0, status, NO_REPORT)
    assert (tally.passed, tally.failed, tally.skipped) == numbers


def test_the_last_line_is_the_sum() -> None:
    tallies = [Tally("a", 1.0, passed=3), Tally("b", 1.0, failed=1), Tally("c", 1.0, skipped=1)]
    assert summary(tallies).splitlines()[-1] == "3 passed, 1 failed"


def test_every_failed_test_is_named_with_its_file_and_the_first_line_of_its_message(
    tmp_path: Path,
) -> None:
    cases = [
        case("test_a[x-y.z]", "AssertionError: assert 1 == 2&#10;  and more"),
        case("test_b", "failed on setup", kind="error", place=f"{HERE}.TestGroup"),
        case("test_c", "", place="no.such.module"),
    ]
    unit = count("unit", 1.0, 1, report(tmp_path, 9, 2, 1, 0, cases=cases))
    lines = summary([unit, Tally("lint:ruff", 1.0, passed=1)]).splitlines()
    row = "FAILED  unit                            1.0 s  6 passed, 3 failed: test_a[x-y.z], test_b, test_c"
    assert lines[1] == row
    assert lines[-6:] == [
        "unit:",
        "  tests/unit/tools/test_run_all.py::test_a[x-y.z]: AssertionError: assert 1 == 2",
        "  tests/unit/tools/test_run_all.py::TestGroup::test_b: failed on setup",
        "  no.such.module::test_c: a traceback",
        "",
        "7 passed, 3 failed",
    ]


def test_the_row_of_a_check_names_the_tests_that_failed_and_keeps_what_was_skipped() -> None:
    names = tuple(f"test_{number}" for number in range(MOST_NAMES + 3))
    many = Tally("unit", 1.0, 5, len(names), 2, "see pytest", named=names)
    row = summary([many]).splitlines()[1]
    assert row.endswith(f", test_{MOST_NAMES - 1} and 3 more, 2 skipped (see pytest)")
    assert "test_0, test_1, " in row
    assert summary([Tally("unit", 1.0, failed=1)]).splitlines()[1].endswith("0 passed, 1 failed")


def test_of_a_lint_that_failed_the_last_lines_are_repeated() -> None:
    output = "\n".join(f"line {number}\n" for number in range(100))
    lint = count("lint:ruff", 1.0, 1, NO_REPORT, output)
    assert lint.failures == tuple(f"line {n}" for n in range(100 - LAST_LINES, 100))
    assert "  line 99" in summary([lint]).splitlines()
    assert count("lint:ruff", 1.0, 0, NO_REPORT, output).failures == ()


def test_many_failures_are_cut_and_every_check_keeps_some_lines() -> None:
    said = tuple(f"tests/test_x.py::test_{number}: {'x' * 500}" for number in range(300))
    lint = Tally("lint:docs", 1.0, failed=1, failures=tuple(f"line {n}" for n in range(15)))
    text = summary([Tally("unit", 1.0, failed=300, failures=said), lint])
    lines = text.splitlines()
    assert len(lines) <= MOST_LINES + 10
    assert max(map(len, lines)) < 210
    assert {"unit:", "lint:docs:", "  line 14"} <= set(lines)
    assert "more lines above" in text


def says(*words: str, then: str = "") -> tuple[str, ...]:
    return (sys.executable, "-c", f"print({' '.join(words)!r}, flush=True)\n{then}")


def ran(*checks: t.Sequence[Check], width: int = 1) -> tuple[str, list[Tally]]:
    stream = io.StringIO()
    tallies = run_lanes([Lane(tuple(lane), width) for lane in checks], Page(stream))
    return stream.getvalue(), tallies


def test_the_output_of_each_check_is_kept_whole_where_lanes_run_side_by_side(
    tmp_path: Path,
) -> None:
    """The first goes on when the second has spoken."""
    spoken = tmp_path / "spoken"
    os.mkfifo(spoken)
    waits = f"import signal; signal.alarm(60); open({str(spoken)!r}).read()"
    first = Check("a", says("one", then=f"{waits}; print('two')"))
    second = Check("b", says("three", then=f"open({str(spoken)!r}, 'w'); raise SystemExit(4)"))
    text, tallies = ran([first], [second])
    assert "=== a\none\ntwo\n" in text
    assert "=== b\nthree\n" in text
    assert [(one.name, one.passed, one.failed) for one in tallies] == [("a", 1, 0), ("b", 0, 1)]
    assert tallies[1].failures == ("three",)


def test_the_only_lane_is_shown_as_it_goes() -> None:
    text, _tallies = ran([Check("a", says("grün")), Check("b", says("two"))])
    assert text == "\n=== a\ngrün\n\n=== b\ntwo\n"


def test_what_a_check_leaves_running_is_not_waited_for() -> None:
    daemon = "import subprocess; subprocess.Popen(['sleep', '100'])"
    began = time.monotonic()
    _text, [tally] = ran([Check("a", says("started", then=daemon))])
    assert tally.passed == 1
    assert time.monotonic() - began < 60


def test_a_check_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LIMIT_SECONDS", 0.5)
    text, [live] = ran([Check("a", ("sleep", "60"))])
    assert "sleep was ended after 0.5 seconds" in text
    assert live.failures == ("sleep was ended after 0.5 seconds.",)
    text, [_first, beside] = ran([Check("b", ("true",)), Check("c", ("sleep", "60"))], width=2)
    assert beside.failed == 1
    assert "=== c\nsleep was ended" in text


def test_a_command_that_is_not_there_is_one_sentence() -> None:
    text, [tally] = ran([Check("a", ("/nonexistent/tool",))])
    assert text.endswith("/nonexistent/tool is not installed: run `make venv`.\n")
    assert tally.failed == 1


def test_a_lane_runs_so_many_at_a_time_and_tells_them_in_its_order() -> None:
    """Each waits for a file that the other makes."""
    with tempfile.TemporaryDirectory() as directory:
        script = "touch {0}; while ! [ -e {1} ]; do sleep 0.05; done"
        files = (f"{directory}/one", f"{directory}/two")
        first = Check("first", ("sh", "-c", script.format(*files)))
        second = Check("second", ("sh", "-c", script.format(*reversed(files))))
        _text, tallies = ran([first, second, Check("third", ("true",))], width=2)
    assert [(one.name, one.passed) for one in tallies] == [
        ("first", 1),
        ("second", 1),
        ("third", 1),
    ]


def test_what_needs_containers_runs_beside_what_does_not_and_the_longest_first() -> None:
    names = ["lint:ruff", "unit", "fuzz", "integration:audit", "integration:harden", "molecule:x"]
    bare, contained = lanes([Check(name, ()) for name in names])
    assert [check.name for check in bare.checks] == names[:3]
    assert [check.name for check in contained.checks] == [names[4], names[3], names[5]]
    assert (bare.width, contained.width) == (1, CONTAINED_AT_ONCE)
    assert len(lanes([Check("unit", ())])) == 1
