# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller half of sendmail_config: no host logs the passwords that entries C(AuthInfo) of the access map have."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Collection, Mapping

from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.plugin_utils._quiet import QuietAction, refuse_keys

_PASSWORDS: t.Final = re.compile(r"(?i)\bauthinfo\b")


class ActionModule(QuietAction):
    _supports_check_mode = True
    _supports_async = True

    @staticmethod
    def unlogged(arguments: Mapping[str, t.Any]) -> Collection[str]:
        """The access map, where it has passwords."""
        return ("access",) if _PASSWORDS.search(str(arguments.get("access"))) else ()

    def run(
        self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            refuse_keys(self._task.args, remedy="give the path of its file")
        except PostmasterTlsError as error:
            return {**result, "failed": True, "msg": str(error)}
        aside = bool(self._task.async_val) and not self._connection.has_native_async
        done: dict[str, t.Any] = self._execute_module(task_vars=task_vars, wrap_async=aside)
        return {**result, **done}
