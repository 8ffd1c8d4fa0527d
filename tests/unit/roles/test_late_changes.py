# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that comes after the host has restored itself is refused, or noticed before it is proved."""

from __future__ import annotations

from pathlib import Path

import yaml

TASKS = Path(__file__).resolve().parents[3] / "roles/proved_change/tasks/main.yml"


def test_the_checkpoint_is_looked_at_right_before_and_right_after_the_change() -> None:
    _arm, block = yaml.safe_load(TASKS.read_text())
    tasks = block["block"]
    [applied] = [
        number
        for number, task in enumerate(tasks)
        if task.get("ansible.builtin.include_tasks") == "{{ proved_change_apply }}"
    ]
    for number in (applied - 1, applied + 1):
        assert number >= 0
        assert tasks[number].get("postmaster.tls.config_checkpoint") == {
            "state": "pending",
            "name": "{{ proved_change_name }}",
            "token": "{{ __proved_change_armed.token }}",
        }
