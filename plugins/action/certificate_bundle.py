# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller half of certificate_bundle: no private key leaves it but as the option key, the only one that is never logged."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible.plugins.action import ActionBase
from ansible_collections.postmaster.tls.plugins.module_utils._bundle import certificates_in
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.plugin_utils._quiet import refuse_keys, refuse_texts

Data = dict[str, t.Any]
_REMEDY: t.Final = "give the key as key, or the path of its file as key_path"


def without_keys(arguments: Mapping[str, t.Any]) -> Data:
    """The arguments with nothing but certificates in ``certificate``. Raises InvalidInput for a key where a host would log it."""
    own = dict(arguments)
    chain = own.get("certificate")
    if isinstance(chain, str) and chain:
        own["certificate"] = certificates_in(chain)
    refuse_keys(own, but=("key",), remedy=_REMEDY)
    refuse_texts(own, but=("key", "certificate"), remedy=_REMEDY)
    return own


class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Data | None = None) -> Data:
        result: Data = super().run(tmp, task_vars)
        try:
            arguments = without_keys(self._task.args)
        except PostmasterTlsError as error:
            return {**result, "failed": True, "msg": str(error)}
        done: Data = self._execute_module(module_args=arguments, task_vars=task_vars)
        return {**result, **done}
