# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.plugin_utils import _rotation


def rotation_candidate(
    facts: t.Any, bundle: str, key_type: str | None = None, port: int = 25, mta: str = "postfix"
) -> dict[str, t.Any]:
    try:
        return _rotation.rotation_candidate(facts, bundle, key_type, int(port), mta)
    except PostmasterTlsError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"rotation_candidate": rotation_candidate}
