# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that comes after the host has restored itself is refused by the host, or noticed before it is proved."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
MARK: t.Final = {
    "name": "{{ proved_change_name }}",
    "token": "{{ __proved_change_armed.token }}",
}


def test_the_checkpoint_is_told_to_the_change_and_looked_at_right_after_it() -> None:
    _arm, block = yaml.safe_load((ROLES / "proved_change/tasks/main.yml").read_text())
    apply, look, *_others = block["block"]
    assert apply["ansible.builtin.include_tasks"] == "{{ proved_change_apply }}"
    where = {"state_directory": "{{ __proved_change_armed.state_directory }}"}
    assert apply["vars"] == {"proved_change_checkpoint": {**MARK, **where}}
    assert look["postmaster.tls.config_checkpoint"] == {"state": "pending", **MARK}


@pytest.mark.parametrize(
    ("tasks", "module"),
    [
        ("postfix_tls/tasks/apply.yml", "postconf"),
        ("sendmail_tls/tasks/apply.yml", "sendmail_config"),
        ("dane_rollover/tasks/apply_sendmail.yml", "sendmail_config"),
    ],
)
def test_what_writes_is_given_the_checkpoint(tasks: str, module: str) -> None:
    change, reload = yaml.safe_load((ROLES / tasks).read_text())
    assert change[f"postmaster.tls.{module}"]["checkpoint"] == "{{ proved_change_checkpoint }}"
    assert "ansible.builtin.command" in reload
