# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab, dane_lab


@pytest.fixture(scope="session")
def lab() -> t.Iterator[DaneLab]:
    with dane_lab(os.environ.get("POSTMASTER_DANE_LAB", "tls-dane-core")) as running:
        yield running
