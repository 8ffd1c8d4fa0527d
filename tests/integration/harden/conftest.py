# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab in which the playbook is tried: one mail server in the state of case 1, one sender."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support import labs
from ansible_collections.postmaster.tls.tests.support.hardening import Lab


@pytest.fixture(scope="session")
def lab() -> t.Iterator[Lab]:
    with labs.running("harden", "case1") as started:
        yield Lab(started.name)


@pytest.fixture
def case1(lab: Lab) -> Lab:
    """mx1 shares no cipher with any modern sender."""
    lab.state("mx1", "clean", "case1")
    return lab


@pytest.fixture
def sound(lab: Lab) -> Lab:
    """mx1 is a sound Postfix that was not hardened yet."""
    lab.state("mx1", "clean")
    return lab
