# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes may share the tests of a directory by the releases of Debian: each release's containers have one owner."""

from __future__ import annotations

import re

import pytest
from mtalab.images import RECIPES
from xdist.scheduler import LoadScopeScheduling


class ByRelease(LoadScopeScheduling):
    """Tests whose first parameter is a release stay together, and so does everything else."""

    def _split_scope(self, nodeid: str) -> str:
        found = re.search(r"\[([a-z]+)", nodeid)
        return found[1] if found and found[1] in RECIPES else "the rest"


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByRelease:
    """How tests are shared by more than one process (pytest -n 2)."""
    return ByRelease(config, log)
