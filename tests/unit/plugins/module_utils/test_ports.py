# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._ports import port_number


@pytest.mark.parametrize(
    ("name", "port"),
    [
        ("25", 25),
        ("00465", 465),
        ("000000025", 25),
        ("0", 0),
        ("65535", 65535),
        ("smtp", 25),
        ("submissions", 465),
        ("65536", None),
        ("1" * 5000, None),
        ("²", None),
        ("٢٥", None),
        ("-1", None),
        ("", None),
        ("no-such-service", None),
        ("smtp\0", None),
        ("\udc80", None),
    ],
)
def test_a_port_by_number_or_name(name: str, port: int | None) -> None:
    assert port_number(name) == port
