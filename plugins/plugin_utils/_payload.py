# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a host is sent in place of Ansible's usual payload: one script that runs a task of ours without Ansible's library.

Half of the host's part of a short task is C(ansible.module_utils.basic), which is compiled anew each time. The script
has the sources of this collection that the task needs, without what only readers need. It is made when the action plugin
is loaded, before Ansible forks for a host.
"""

from __future__ import annotations

import ast
import base64
import json
import marshal
import typing as t
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from ansible_collections.postmaster.tls.plugins.module_utils import _direct

_PLUGINS: t.Final = Path(__file__).resolve().parents[1]
_PREFIX: t.Final = f"{__name__.rpartition('.')[0].rpartition('.')[0]}."
_MARSHAL: t.Final = 4  # every Python from 3.4 on reads it
_TOO_OLD: t.Final = (
    "postmaster.tls needs Python 3.9 or newer on the mail host, and %s is %s: set ansible_python_interpreter to a newer"
    " one, or save the configuration of this host and look at it elsewhere, as docs/offline.md says."
)
#: The start must be understood by every Python, since it tells one that is too old.
_START: t.Final = """\
{shebang}
import sys
if sys.version_info < (3, 9):
    import json
    print(json.dumps({{"failed": True, "msg": {too_old!r} % (sys.executable, sys.version.split()[0])}}))
    sys.exit(1)
import os
file = globals().get("__file__", "")
here = os.path.dirname(os.path.realpath(file)) if file.startswith("/") else ""
sys.path = [one for one in sys.path if one not in ("", ".", here)]
import binascii, marshal, zlib
"""
_END: t.Final = """\
own = {{"__name__": {name!r}}}
exec(modules[{name!r}], own)
own["run"](modules, {settings!r})
"""


class _Bare(ast.NodeTransformer):
    """Takes away what a program does not need: docstrings, annotations of functions, and imports for type checkers."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        arguments = node.args
        listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for one in (*listed, arguments.vararg, arguments.kwarg):
            if one:
                one.annotation = None
        return self._undocumented(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._undocumented(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._undocumented(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        if ast.unparse(node.test) == "t.TYPE_CHECKING":
            node.body = [ast.Pass()]
        self.generic_visit(node)
        return node

    def _undocumented(self, node: ast.FunctionDef | ast.ClassDef | ast.Module) -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        self.generic_visit(node)
        return node


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
    """The sources of modules and of all of ours that they import, by name, without what only readers need."""
    found: dict[str, str] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        path = None if name in found else _file(name)
        if path:
            tree = ast.parse(path.read_bytes())
            wanted += _imported(tree)
            found[name] = ast.unparse(_Bare().visit(tree))
    return found


class Payload:
    """What a task needs on a host: a module of that name among C(modules), which has C(answer)."""

    def __init__(
        self, task: str, arguments: Mapping[str, t.Any], modules: Mapping[str, str]
    ) -> None:
        self.task: t.Final = task
        self.arguments: t.Final = arguments
        text = base64.b64encode(zlib.compress(marshal.dumps({**modules}, _MARSHAL), 9)).decode()
        self._modules = f'modules = marshal.loads(zlib.decompress(binascii.a2b_base64("{text}")))\n'

    @classmethod
    def of(cls, task: ModuleType) -> t.Self:
        """That of a task in module_utils, which has its C(ARGUMENTS) and its C(answer)."""
        modules = sources(task.__name__, _direct.__name__)
        return cls(task.__name__, task.ARGUMENTS, modules)

    def script(self, shebang: str, settings: Mapping[str, t.Any]) -> bytes:
        """The whole script, with its first line, and what C(_direct.run) is told. Raises TypeError if that is not plain JSON."""
        start = _START.format(shebang=shebang, too_old=_TOO_OLD)
        given = json.dumps({**settings, "task": self.task})
        end = _END.format(name=_direct.__name__, settings=given)
        return f"{start}{self._modules}{end}".encode()


__all__ = ["Payload", "sources"]
