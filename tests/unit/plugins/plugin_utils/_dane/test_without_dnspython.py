# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a controller without dnspython all works but what is about DANE, and that says what is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import sys
sys.modules["dns"] = None
from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
"""
PROBE = """
from ansible_collections.postmaster.tls.plugins.action.starttls_probe import Readings
own, [reading] = Readings().split({"host": "mx.example.test", "checks": ["certificates"]})
assert reading.lookup is None
try:
    Readings().split({"host": "mx.example.test", "checks": ["dane"]})
except NotSupported as error:
    print(error)
"""
FACTS = """
from ansible_collections.postmaster.tls.plugins.action.mta_tls_facts import without_dane
assert without_dane({"why": []}) == ({"why": []}, None)
try:
    without_dane({"dane": ["mx.example.test"]})
except NotSupported as error:
    print(error)
"""
INFO = """
from ansible_collections.postmaster.tls.plugins.action import tlsa_info
try:
    tlsa_info.lookup_of({})
except NotSupported as error:
    print(error)
"""


@pytest.mark.parametrize("script", [PROBE, FACTS, INFO], ids=["probe", "facts", "tlsa_info"])
def test_what_is_missing_is_one_sentence(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The controller's Python has no package dnspython")
    assert done.stdout.count("\n") == 1
