# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.plugin_utils import _plan


def policy_plan(
    facts: t.Any,
    mx: t.Any = None,
    submission: t.Any = None,
    outbound: t.Any = None,
    mta: str | None = None,
) -> dict[str, t.Any]:
    try:
        return _plan.policy_plan(facts, mx=mx, submission=submission, outbound=outbound, mta=mta)
    except PostmasterTlsError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"policy_plan": policy_plan}
