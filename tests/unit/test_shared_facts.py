# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No host gets the facts of another one.

From ansible-core 2.21 on, the hosts for which one set_fact is run once share their ansible_facts from then on
(https://github.com/ansible/ansible/issues/87148). What a task registers is each host's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("playbooks/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")])
TASK_LISTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
SHARED = re.compile(r"(?<![\w.])ansible_facts\.")


def tasks(nodes: object) -> Iterator[dict[str, object]]:
    """All tasks and blocks below a list of plays or tasks."""
    for node in nodes if isinstance(nodes, list) else []:
        yield node
        for name in TASK_LISTS:
            yield from tasks(node.get(name))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_fact_is_set_for_all_hosts_at_once(path: Path) -> None:
    setting = [one for one in tasks(yaml.safe_load(path.read_text())) if "run_once" in one]
    assert not [one for one in setting if "ansible.builtin.set_fact" in one]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_facts_are_taken_from_what_a_task_registered(path: Path) -> None:
    assert not SHARED.search(path.read_text())
