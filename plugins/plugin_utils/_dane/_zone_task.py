# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the tasks about the TLSA records of a zone share: options, their check, and the sentence for what fails."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible.plugins.action import ActionBase
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.plugin_utils._dnspython import require_dnspython

Data = dict[str, t.Any]
#: Which records, and who is asked where they are.
WHICH: t.Final[Data] = {
    "name": {"type": "str", "required": True},
    "port": {"type": "int", "default": 25},
    "owner": {"type": "str"},
    "resolver": {"type": "list", "elements": "str", "default": []},
}


def answered(action: ActionBase, spec: Data, outcome: Callable[[Data], Data]) -> Data:
    """The outcome for the options of a task, once they are as ``spec`` says; an error of ours fails with its sentence."""
    options: Data = ActionBase.validate_argument_spec(action, argument_spec=spec)[1]
    try:
        require_dnspython()
        return outcome(options)
    except PostmasterTlsError as error:
        return {"failed": True, "msg": str(error)}


__all__ = ["WHICH", "answered"]
