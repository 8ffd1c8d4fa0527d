# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.plugin_utils import _asking


def asking_candidate(
    facts: t.Any, whom: str = "unchanged", exempt: t.Sequence[str] | None = None
) -> dict[str, dict[str, str | None]]:
    try:
        return _asking.asking_candidate(facts, whom, exempt)
    except PostmasterTlsError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"asking_candidate": asking_candidate}
