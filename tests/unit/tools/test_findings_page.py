# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Kind
from findings_page import page

OLD = Kind("old", "info", "It is old", "Nobody minds.", "Wait.")
BAD = Kind("bad", "critical", "It is bad", "All mail is lost.", "Do something.")
ALSO_BAD = Kind("also-bad", "critical", "It is bad too", "Some mail is lost.", "Look.")


def test_the_worst_comes_first_and_no_section_is_empty() -> None:
    text = page([OLD, BAD, ALSO_BAD], ("critical", "high", "info"))
    assert [line for line in text.splitlines() if line.startswith(("#", "**"))] == [
        "# Findings",
        "## Critical",
        "**`also-bad`**: It is bad too. Some mail is lost. *Look.*",
        "**`bad`**: It is bad. All mail is lost. *Do something.*",
        "## Info",
        "**`old`**: It is old. Nobody minds. *Wait.*",
    ]
