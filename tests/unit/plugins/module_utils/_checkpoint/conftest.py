# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No unit test writes to the machine that it runs on."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint import _watcher


@pytest.fixture(autouse=True)
def cron(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where cron would read tables, if a test makes it."""
    directory = tmp_path / "cron.d"
    monkeypatch.setattr(_watcher, "_CRON", str(directory))
    return directory
