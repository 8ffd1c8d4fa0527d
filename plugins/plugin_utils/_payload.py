# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a host is sent in place of Ansible's usual payload: one script that runs a task of ours without Ansible's library.

Half of the host's part of a short task is C(ansible.module_utils.basic), which is compiled anew each time. The script
has the modules of this collection that the task needs: their sources, or for a host with the controller's own Python what
they are compiled to, which halves the rest. Both are made when the action plugin is loaded, before Ansible forks for a host.
"""

from __future__ import annotations

import ast
import base64
import json
import marshal
import re
import sys
import typing as t
import zlib
from collections.abc import Iterator, Mapping
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType, ModuleType

from ansible_collections.postmaster.tls.plugins.module_utils import _direct

_PLUGINS: t.Final = Path(__file__).resolve().parents[1]
_PREFIX: t.Final = f"{__name__.rpartition('.')[0].rpartition('.')[0]}."
#: What a host answers that has another Python than the name of its interpreter says.
OTHER_PYTHON: t.Final = "other_python"
_OURS: t.Final = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_SINCE_34: t.Final = 4  # the form of marshal that every Python from 3.4 on reads
_TOO_OLD: t.Final = (
    "postmaster.tls needs Python 3.9 or newer on the mail host, and %s is %s: set ansible_python_interpreter to a newer"
    " one, or save the configuration of this host and look at it elsewhere, as docs/offline.md says."
)
#: The start must be understood by every Python, since it tells one that is too old, and imports nothing from where it runs.
_START: t.Final = """\
{shebang}
import sys
sys.path = [one for one in sys.path if one not in ("", ".")]
import os
file = globals().get("__file__", "")
here = os.path.dirname(os.path.realpath(file)) if file.startswith("/") else ""
sys.path = [one for one in sys.path if one != here]
if sys.version_info < (3, 9):
    import json
    told = {{"failed": True, "msg": {too_old!r} % (sys.executable, sys.version.split()[0])}}
    sys.stdout.write("\\n" + json.dumps(told) + "\\n")
    sys.exit(1)
import binascii, marshal, zlib
"""
_SAME: t.Final = """\
import importlib.util
if importlib.util.MAGIC_NUMBER != {magic!r}:
    sys.stdout.write('\\n{{"failed": true, "{other}": true, "msg": "This Python cannot run compiled code of the controller."}}\\n')
    sys.exit(1)
"""
_END: t.Final = """\
own = {{"__name__": {name!r}}}
exec(modules[{name!r}], own)
own["run"](modules, {settings!r})
"""


def _file(name: str) -> Path | None:
    """Where the source of one of our modules is, if it is one."""
    if not name.startswith(_PREFIX):
        return None
    path = _PLUGINS.joinpath(*name[len(_PREFIX) :].split(".")).with_suffix(".py")
    return path if path.is_file() else None


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(_PREFIX):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(*names: str) -> dict[str, str]:
    """The sources of modules and of all of ours that they import, by name."""
    found: dict[str, str] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        path = None if name in found else _file(name)
        if path:
            found[name] = path.read_text("utf-8")
            wanted += _imported(ast.parse(found[name]))
    return found


def _packed(modules: bytes) -> str:
    """The line that unpacks modules on the host."""
    text = base64.b64encode(zlib.compress(modules)).decode()
    return f'modules = marshal.loads(zlib.decompress(binascii.a2b_base64("{text}")))\n'


def _compiled(name: str, source: str) -> CodeType:
    return compile(source, name, "exec", dont_inherit=True, optimize=2)


class Payload:
    """What a task needs on a host: a module of that name among C(modules), which has C(answer)."""

    def __init__(
        self, task: str, arguments: Mapping[str, t.Any], modules: Mapping[str, str]
    ) -> None:
        self.task: t.Final = task
        self.arguments: t.Final = arguments
        codes = {name: _compiled(name, source) for name, source in modules.items()}
        same = _SAME.format(magic=MAGIC_NUMBER, other=OTHER_PYTHON)
        self._codes = f"{same}{_packed(marshal.dumps(codes))}"
        self._sources = _packed(marshal.dumps({**modules}, _SINCE_34))

    @classmethod
    def of(cls, task: ModuleType) -> t.Self:
        """That of a task in module_utils, which has its C(ARGUMENTS) and its C(answer)."""
        modules = sources(task.__name__, _direct.__name__)
        return cls(task.__name__, task.ARGUMENTS, modules)

    def script(
        self, shebang: str, settings: Mapping[str, t.Any], *, only_sources: bool = False
    ) -> bytes:
        """The whole script, with its first line, and what C(_direct.run) is told. Raises TypeError if that is not plain JSON.

        Compiled code is sent to an interpreter whose name has the controller's own version, unless told otherwise.
        """
        start = _START.format(shebang=shebang, too_old=_TOO_OLD)
        given = json.dumps({**settings, "task": self.task})
        end = _END.format(name=_direct.__name__, settings=given)
        same = not only_sources and re.search(rf"/{re.escape(_OURS)}\s*$", shebang)
        return f"{start}{self._codes if same else self._sources}{end}".encode()


__all__ = ["OTHER_PYTHON", "Payload", "sources"]
