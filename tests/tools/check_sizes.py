# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that no function is longer than 40 lines and no file longer than 400, apart from prose and tables."""

from __future__ import annotations

import ast
import subprocess
import sys
import typing as t
from pathlib import Path

FUNCTION_LINES = 40
FILE_LINES = 400
ROOTS = ("plugins", "tests/lab", "tests/tools")


def complaints(path: Path) -> t.Iterator[str]:
    """Yield one sentence for each function that is too long, and one if the file is."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
            if length > FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES}"
    lines = code_lines(text)
    if lines > FILE_LINES:
        yield f"{path}: {lines} lines, at most {FILE_LINES}"


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines the docstring takes; explaining is not what makes a function long."""
    first = node.body[0]
    if ast.get_docstring(node) is None or first.end_lineno is None:
        return 0
    return first.end_lineno - first.lineno + 1


def code_lines(text: str) -> int:
    """Return the number of lines without texts that have a name: documentation and recorded tables."""
    blocks = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.parse(text).body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    return len(text.splitlines()) - sum(blocks)


def main() -> int:
    """Check every Python file that git knows or would add; return 1 if any is too long."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *ROOTS]
    names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    paths = [Path(name) for name in names if name.endswith(".py") and Path(name).is_file()]
    found = [sentence for path in paths for sentence in complaints(path)]
    print("\n".join(found) or f"{len(paths)} files: every function and file is short enough")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
