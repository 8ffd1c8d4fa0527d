# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback of tests: Ansible stops itself before a task, the name of which is in the environment."""

from __future__ import annotations

import os
import signal
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: stand_still
type: aggregate
short_description: Stops ansible-playbook before a task
description: The process stops itself with SIGSTOP before any worker is started for the task that E(POSTMASTER_STAND_STILL_AT) names.
"""
AT = "POSTMASTER_STAND_STILL_AT"


class CallbackModule(CallbackBase):
    """Stops the process where a task of that name begins for the first time."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "stand_still"

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:  # noqa: ARG002
        """Strategies call this in their own process, before they queue the task for the first host."""
        if task.name == os.environ.get(AT):
            del os.environ[AT]
            os.kill(os.getpid(), signal.SIGSTOP)
