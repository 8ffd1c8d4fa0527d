# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes may share the tests of a directory by the releases of Debian: each release's containers have one owner."""

from __future__ import annotations

import pytest
from mtalab.images import RECIPES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is not about one release stays together too (pytest -n 2 --dist loadgroup)."""
    for item in items:
        params = (
            item.callspec.params
            if isinstance(item, pytest.Function) and hasattr(item, "callspec")
            else {}
        )
        releases = [
            value for value in params.values() if isinstance(value, str) and value in RECIPES
        ]
        item.add_marker(pytest.mark.xdist_group(releases[0] if releases else "the rest"))
