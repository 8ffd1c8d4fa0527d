# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""An action plugin whose module runs on the host without Ansible's own library, wherever that makes no difference.

C(_configure_module) of C(ActionBase) in ansible-core 2.18 (plugins/action/__init__.py) returns style, first line, data and
path, and from 2.19 on a dataclass that has them, and the path. Only the data are replaced: the interpreter, privileges,
the environment, pipelining and the reading of the result remain Ansible's. Where anything is unfamiliar, its data stay.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import typing as t
from collections.abc import Callable, Collection, Mapping

from ansible.constants import config
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.postmaster.tls.plugins.plugin_utils._payload import OTHER_PYTHON, Payload
from ansible_collections.postmaster.tls.plugins.plugin_utils._quiet import QuietAction, with_unshown

Data = dict[str, t.Any]
#: What debuggers and coverage of Ansible's payload are configured with: the environment, or variables of the host.
_TOOLS: t.Final = ("_ansible_ansiballz_", "_ansible_coverage_config")
#: What a core masks the log of its modules with: every secret that it knows, from 2.22 on, else what looks like a password.
_MASKS: t.Final = (
    ("ansible.module_utils.secrets", "mask_secrets"),
    ("ansible.module_utils.basic", "heuristic_log_sanitize"),
)
#: What a core says that does not have what is asked of it.
_UNFAMILIAR: t.Final = (AnsibleError, AttributeError, LookupError, TypeError)


class DirectAction(QuietAction):
    """Sends C(payload) for its own module."""

    payload: t.ClassVar[Payload]
    _only_sources = False

    def _execute_module(self, *arguments: t.Any, **named: t.Any) -> Data:
        result: Data = super()._execute_module(*arguments, **named)
        if result.get(OTHER_PYTHON):
            self._only_sources = True
            result = super()._execute_module(*arguments, **named)
        return result

    def _configure_module(self, module_name: str, module_args: Data, task_vars: Data) -> t.Any:
        built = super()._configure_module(module_name, module_args, task_vars)
        if module_name != self._task.action:
            return built
        try:
            return self._direct(built, module_args, self._variables(task_vars))
        except _UNFAMILIAR:
            return built

    def _direct(self, built: t.Any, module_args: Data, variables: Data) -> t.Any:
        if needs_all_of_ansible(module_args, variables):
            return built
        unlogged = self.unlogged(module_args)
        asked = settings(self.payload.arguments, module_args, unlogged=unlogged)
        return replaced(built, self._script(asked)) if asked else built

    def _variables(self, task_vars: Data) -> Data:
        """Those of the host that the task runs on."""
        name = self._task.delegate_to
        return t.cast(Data, task_vars["ansible_delegated_vars"][name]) if name else task_vars

    def _script(self, asked: Data) -> Callable[[str], bytes]:
        only = self._only_sources
        return lambda shebang: self.payload.script(shebang, asked, only_sources=only)


def needs_all_of_ansible(module_args: Mapping[str, t.Any], task_vars: Mapping[str, t.Any]) -> bool:
    """Whether the task asks for what only Ansible's payload does: to be kept, debugged, measured, or given more files."""
    if module_args["_ansible_debug"] or module_args["_ansible_keep_remote_files"]:
        return True
    if config.get_config_value("PYTHON_MODULE_RLIMIT_NOFILE", variables=task_vars):
        return True
    return any(name.lower().startswith(_TOOLS) for name in (*os.environ, *task_vars))


def settings(
    specification: Mapping[str, t.Any],
    module_args: Mapping[str, t.Any],
    *,
    unlogged: Collection[str] = (),
) -> Data | None:
    """What the host is told; None for arguments that Ansible's payload has to refuse, or to expand on the host.

    The line for the log has no value of the options C(unlogged). Raises LookupError in a core that does not tell all.
    """
    given = {name: one for name, one in module_args.items() if not name.startswith("_ansible_")}
    if any(_on_the_host(specification.get(name), value) for name, value in given.items()):
        return None
    checked = ArgumentSpecValidator(specification).validate(given)
    if checked.error_messages:
        return None
    arguments = checked.validated_parameters
    shown = with_unshown(arguments, unlogged)
    return {
        "name": module_args["_ansible_module_name"],
        "arguments": arguments,
        "log": None if module_args["_ansible_no_log"] else _log_line(module_args, shown),
        "facility": module_args["_ansible_syslog_facility"],
        "invocation": module_args.get("_ansible_inject_invocation", True),
        "traceback": "error" in module_args.get("_ansible_tracebacks_for", ["error"]),
    }


def _on_the_host(option: Mapping[str, t.Any] | None, value: t.Any) -> bool:
    """Whether the value is a path with a variable or a home directory, which only the host knows."""
    path = option is not None and "path" in (option.get("type"), option.get("elements"))
    return path and any(mark in str(value) for mark in "~$")


def _log_line(module_args: Mapping[str, t.Any], arguments: Mapping[str, t.Any]) -> str:
    """What Ansible's modules write to the log of a host, with passwords masked as they do it."""
    masked = _mask()
    shown = (f"{name}={masked(str(value))}" for name, value in arguments.items())
    line = f"Invoked with {' '.join(shown)}"
    prefix = module_args.get("_ansible_target_log_info")
    return f"{prefix} {line}" if prefix else line


def _mask() -> Callable[[str], str]:
    """How this core masks what its modules log. Raises LookupError where it has no way that is known."""
    for module, name in _MASKS:
        try:
            return t.cast(Callable[[str], str], getattr(importlib.import_module(module), name))
        except (ImportError, AttributeError):
            continue
    raise LookupError("this core masks the log of its modules in a way that is not known")


def replaced(built: t.Any, script: Callable[[str], bytes]) -> t.Any:
    """What C(_configure_module) returned, with the script for its first line in it if its form is known."""
    if not isinstance(built, tuple):
        return built
    if len(built) == 4 and built[0] == "new" and isinstance(built[1], str):
        style, shebang, _data, path = built
        return style, shebang, script(shebang), path
    if len(built) == 2 and dataclasses.is_dataclass(built[0]):
        bits: t.Any = built[0]
        known = {"b_module_data", "module_style", "shebang"}
        if known <= {field.name for field in dataclasses.fields(bits)} and (
            bits.module_style == "new" and bits.shebang
        ):
            return dataclasses.replace(bits, b_module_data=script(bits.shebang)), built[1]
    return built


__all__ = ["DirectAction", "needs_all_of_ansible", "replaced", "settings"]
