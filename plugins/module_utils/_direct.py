# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Runs a task of this collection on a host without C(ansible.module_utils.basic), which takes longer to load than most tasks.

The controller sends this file and what the task needs as one script; everything is loaded from memory, and nothing is
written to the host. What Ansible and the host see is what they see of any module: JSON on stdout, and a line in the log.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import typing as t
from importlib.machinery import ModuleSpec

if t.TYPE_CHECKING:
    from types import CodeType, ModuleType

_SECRET: t.Final = "PRIVATE KEY"


class _Memory:
    """Finds and loads the modules that came with the script: sources, or what is compiled already."""

    def __init__(self, modules: t.Mapping[str, str | CodeType]) -> None:
        self._modules = modules
        parts = (name.split(".") for name in modules)
        self._packages = {".".join(one[:end]) for one in parts for end in range(1, len(one))}

    def find_spec(
        self, name: str, _path: t.Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self._modules and name not in self._packages:
            return None
        own = t.cast(t.Any, self)
        return ModuleSpec(name, own, origin=name, is_package=name in self._packages)

    @staticmethod
    def create_module(_spec: ModuleSpec) -> None:
        """None: the usual kind of module."""

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ in self._modules:
            exec(self.get_code(module.__name__), module.__dict__)

    def get_source(self, name: str) -> str | None:
        """None where there is only compiled code."""
        found = self._modules.get(name)
        return found if isinstance(found, str) else None

    def get_code(self, name: str) -> CodeType:
        found = self._modules[name]
        if not isinstance(found, str):
            return found
        return compile(found, name, "exec", dont_inherit=True)


def run(modules: t.Mapping[str, str | CodeType], settings: str) -> t.NoReturn:
    """Answer and exit, with the task and its arguments as JSON in C(settings): see C(Payload.script) on the controller."""
    gc.disable()
    asked = json.loads(settings)
    sys.meta_path.insert(0, t.cast(t.Any, _Memory(modules)))
    _leave_what_nobody_reads()
    if asked["log"] is not None:
        _tell_syslog(asked["name"], asked["facility"], asked["log"])
    result = _result(asked)
    if asked["invocation"]:
        result["invocation"] = {"module_args": asked["arguments"]}
    sys.stdout.write(f"\n{json.dumps(result)}\n")
    raise SystemExit(1 if result.get("failed") else 0)


def _result(asked: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    from ansible_collections.postmaster.tls.plugins.module_utils._errors import (  # noqa: PLC0415 - from memory
        PostmasterTlsError,
    )
    from ansible_collections.postmaster.tls.plugins.module_utils._run import showable  # noqa: PLC0415

    try:
        result: dict[str, t.Any] = importlib.import_module(asked["task"]).answer(asked["arguments"])
    except PostmasterTlsError as error:
        return {"failed": True, "msg": showable(str(error))}
    except Exception as error:
        return {"failed": True, **t.cast(dict[str, t.Any], showable(_unexpected(asked, error)))}
    return result


def _unexpected(asked: t.Mapping[str, t.Any], error: Exception) -> dict[str, str]:
    """What a fault of ours says, without a key that its message may have."""
    import traceback  # noqa: PLC0415 - seldom needed

    said = str(error)
    if _SECRET in said:
        said = "its message is not shown, since it has a private key"
    last = f"{type(error).__name__}: {said}"
    report = {"msg": f"{asked['name']} failed unexpectedly, which is a fault of it. {last}"}
    if asked["traceback"]:
        frames = "".join(traceback.format_tb(error.__traceback__))
        report["exception"] = f"Traceback (most recent call last):\n{frames}{last}\n"
    return report


def _leave_what_nobody_reads() -> None:
    """Commands could not start in a directory that this user cannot read, such as the home of whoever became it."""
    try:
        usable = os.access(os.getcwd(), os.R_OK | os.X_OK)
    except OSError:
        usable = False
    if not usable:
        os.chdir("/")


def _tell_syslog(name: str, facility: str, line: str) -> None:
    """The line that Ansible's modules leave in the log of a host."""
    try:
        import syslog  # noqa: PLC0415 - not every Python has it
    except ImportError:
        return
    syslog.openlog(f"ansible-{name}", 0, getattr(syslog, facility, syslog.LOG_USER))
    text = line.replace("\0", " ").encode("utf-8", "backslashreplace").decode()
    syslog.syslog(syslog.LOG_INFO, text)


__all__ = ["run"]
