# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.plugin_utils import _rotation


def served_tlsa_records(facts: t.Any, port: int = 25) -> list[str]:
    try:
        return _rotation.served_tlsa_records(facts, int(port))
    except PostmasterTlsError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"served_tlsa_records": served_tlsa_records}
