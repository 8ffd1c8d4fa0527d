# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab with DNS for the tests of it, and of what changes its records."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab, dane_lab


@pytest.fixture(scope="session")
def lab() -> t.Iterator[DaneLab]:
    with dane_lab("dns") as running:
        yield running
