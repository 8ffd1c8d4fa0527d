# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints lines on the terminal as they are."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        spec = {"lines": {"type": "list", "elements": "str", "required": True}}
        if isinstance(self._task.args.get("lines"), (str, Mapping)):
            return {**result, "failed": True, "msg": "lines is no list of lines of text."}
        _checked, options = t.cast(t.Any, self).validate_argument_spec(argument_spec=spec)
        Display().display("\n".join(["", *options["lines"], ""]))
        return {**result, "changed": False}
