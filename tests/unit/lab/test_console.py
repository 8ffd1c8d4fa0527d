# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab says of a command that failed: status, command, script and last words, in one line."""

from __future__ import annotations

import pytest
from mtalab.console import run
from mtalab.errors import LabError


def test_a_script_that_fails_is_named_with_its_status_and_last_words() -> None:
    argv = ["env", "ANSWER=42", "sh", "-eu", "-s"]
    with pytest.raises(LabError) as raised:
        run(argv, stdin=b"echo no luck >&2; exit 7\necho never\n")
    assert str(raised.value) == ("Status 7 of `sh -eu -s` with `echo no luck >&2; exit 7`: no luck")


def test_a_command_that_does_not_end_is_named() -> None:
    with pytest.raises(LabError, match=r"^`sleep 60` did not end within 0\.2 seconds\.$"):
        run(["sleep", "60"], timeout=0.2)


def test_bytes_that_are_no_script_are_not_printed() -> None:
    with pytest.raises(LabError, match=r"^Status 3 of `sh -c 'exit 3'`: "):
        run(["sh", "-c", "exit 3"], stdin=b"\x1b[31m\xff")
