# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from run_all import SKIPPED, Tally, count, summary

REPORT = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'
NO_REPORT = Path("/nonexistent/junit.xml")


def report(directory: Path, *numbers: int) -> Path:
    path = directory / "junit.xml"
    path.write_text(REPORT.format(*numbers))
    return path


def test_pytest_is_counted_test_by_test(tmp_path: Path) -> None:
    tally = count("unit", 1.0, 1, report(tmp_path, 10, 1, 2, 3))
    assert (tally.passed, tally.failed, tally.skipped) == (4, 3, 3)


def test_a_crash_after_the_last_test_is_a_failure(tmp_path: Path) -> None:
    assert count("unit", 1.0, 139, report(tmp_path, 10, 0, 0, 0)).failed == 1


@pytest.mark.parametrize(
    ("status", "numbers"), [(0, (1, 0, 0)), (2, (0, 1, 0)), (SKIPPED, (0, 0, 1))]
)
def test_a_lint_is_one_test(status: int, numbers: tuple[int, int, int]) -> None:
    tally = count("lint:ruff", 1.0, status, NO_REPORT)
    assert (tally.passed, tally.failed, tally.skipped) == numbers


def test_the_last_line_is_the_sum() -> None:
    tallies = [Tally("a", 1.0, passed=3), Tally("b", 1.0, failed=1), Tally("c", 1.0, skipped=1)]
    assert summary(tallies).splitlines()[-1] == "3 passed, 1 failed"
