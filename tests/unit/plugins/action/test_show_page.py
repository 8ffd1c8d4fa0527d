# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines are printed as they are, and options that nobody reads are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("ansible-playbook"))
GIVEN = {
    "a page": {"lines": ["before  after", 1, '  "quoted"']},
    "a text": {"lines": "one, two"},
    "a dictionary": {"lines": {"one": "two"}},
    "nothing": {},
    "another option": {"lines": ["red"], "colour": "red"},
}
SAID = (
    "lines is no list of lines of text.",
    "lines is no list of lines of text.",
    "missing required arguments: lines",
    "module: colour. Supported parameters include: lines.",
)


def test_what_is_printed_and_what_is_refused(tmp_path: Path) -> None:
    tasks = [
        {"name": name, "postmaster.tls.show_page": options, "ignore_errors": True}
        for name, options in GIVEN.items()
    ]
    play = tmp_path / "play.yml"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    command = [PROGRAM, "-i", "localhost,", str(play)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert '\nbefore  after\n1\n  "quoted"\n' in done.stdout
    refused = [line for line in done.stdout.splitlines() if line.startswith("fatal: ")]
    assert len(refused) == len(SAID)
    for line, said in zip(refused, SAID, strict=True):
        assert said in line
