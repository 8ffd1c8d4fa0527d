# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes may share the tests of a directory: the containers of a release of Debian, and the labs of a file, have one owner."""

from __future__ import annotations

import re

import pytest
from mtalab.images import RECIPES
from xdist.scheduler import LoadScopeScheduling

#: Where no two files have a lab in common.
APART = ("tests/integration/sendmail/",)


class ByRelease(LoadScopeScheduling):
    """Tests whose first parameter is a release stay together, and so does what else is in a directory or, where that is apart, in a file."""

    def _split_scope(self, nodeid: str) -> str:
        found = re.search(r"\[([a-z]+)", nodeid)
        if found and found[1] in RECIPES:
            return found[1]
        return nodeid.partition("::")[0] if nodeid.startswith(APART) else "the rest"


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByRelease:
    """How tests are shared by more than one process (pytest -n 2)."""
    return ByRelease(config, log)
