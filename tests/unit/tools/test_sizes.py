# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from check_sizes import FILE_LINES, FUNCTION_LINES, complaints

PROSE = '"""' + "\n" * 500 + '"""\n'


def function_of(lines: int, *, prose: str = "") -> str:
    return f"def f():\n{prose}" + "    pass\n" * (lines - 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (function_of(FUNCTION_LINES), []),
        (function_of(FUNCTION_LINES, prose='    """One.\n\n    Two.\n    """\n'), []),
        (function_of(FUNCTION_LINES + 1), ["f has 41 lines, at most 40"]),
        ("async " + function_of(FUNCTION_LINES + 1), ["f has 41 lines, at most 40"]),
        ("x = 1\n" * FILE_LINES, []),
        ("x = 1\n" * (FILE_LINES + 1), ["401 lines, at most 400"]),
        (f"RETURN = r{PROSE}", []),
        (f"_TABLE: t.Final = {PROSE}", []),
        (PROSE, ["501 lines, at most 400"]),
    ],
)
def test_what_is_too_long_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "file.py"
    path.write_text(text)
    found = [sentence.partition(": ")[2] for sentence in complaints(path)]
    assert found == words
