# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/findings.md from the catalogue of findings, or check that it is as the catalogue says.

usage: tests/tools/venv.sh python tests/tools/findings_page.py --check|--write
"""

from __future__ import annotations

import argparse
import importlib
import sys
import typing as t
from pathlib import Path

PAGE = Path("docs/findings.md")
CATALOGUE = "ansible_collections.postmaster.tls.plugins.module_utils._findings"
HEAD = """# Findings

What facts, plans and probes can find, the worst first. A code keeps its meaning over releases. This page is made from `plugins/module_utils/_findings.py`.
"""


def page(kinds: t.Iterable[t.Any], severities: t.Sequence[str]) -> str:
    """Return the page: a section for each severity, in it one paragraph for each code."""
    parts = [HEAD]
    every = sorted(kinds, key=lambda kind: str(kind.code))
    for severity in severities:
        found = [kind for kind in every if kind.severity == severity]
        if found:
            parts.append(f"## {severity.capitalize()}\n")
        parts += [
            f"**`{kind.code}`**: {kind.title}. {kind.explanation} *{kind.remedy}*\n"
            for kind in found
        ]
    return "\n".join(parts)


def main() -> int:
    """Write or check the page; return 1 if a check finds that it differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="only say whether it is stale")
    action.add_argument("--write", action="store_true", help="write it")
    arguments = parser.parse_args()
    module = importlib.import_module(CATALOGUE)
    wanted = page(module.CATALOGUE.values(), module.SEVERITIES)
    if arguments.write:
        PAGE.write_text(wanted)
    elif not PAGE.is_file() or PAGE.read_text() != wanted:
        print(f"{PAGE} is not what the catalogue says: run `make readme`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
