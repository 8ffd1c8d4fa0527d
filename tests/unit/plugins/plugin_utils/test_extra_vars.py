# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._extra_vars import unknown


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([], []),
        (["host", "ansible_user", "awx_job_id", "tower_job_id"], []),
        (["seconds", "chekcs", "host", "port"], ["chekcs", "port", "seconds"]),
    ],
)
def test_what_nobody_knows_is_named(given: list[str], names: list[str]) -> None:
    assert unknown(given, ["host", "mail_port", "checks"]) == names
