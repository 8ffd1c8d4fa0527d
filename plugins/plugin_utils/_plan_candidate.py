# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What each instance of an MTA gets: a plan together with the parameters that the user adds to it."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping


def plan_candidate(
    plan: Mapping[str, t.Any], facts: Mapping[str, t.Any], parameters: Mapping[str, t.Any]
) -> dict[str, dict[str, dict[str, t.Any]]]:
    """``{config_directory: {parameters, services}}`` for every Postfix instance of the facts.

    The user's parameters go to main.cf of every instance and win over the plan's. An empty plan is allowed.
    """
    planned = plan.get("instances") or {}
    candidate: dict[str, dict[str, dict[str, t.Any]]] = {}
    for instance in facts.get("postfix") or ():
        directory = instance["config_directory"]
        of_plan = planned.get(directory) or {}
        candidate[directory] = {
            "parameters": {**(of_plan.get("parameters") or {}), **parameters},
            "services": {
                name: dict(overrides) for name, overrides in (of_plan.get("services") or {}).items()
            },
        }
    return candidate


__all__ = ["plan_candidate"]
