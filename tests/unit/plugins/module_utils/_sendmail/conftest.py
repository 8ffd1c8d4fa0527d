# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[4] / "fixtures" / "sendmail"


@pytest.fixture
def recorded() -> t.Callable[[str], str]:
    """What a real sendmail printed, or what its own m4 made of the mc file of another system."""
    return lambda name: (FIXTURES / name).read_text()
