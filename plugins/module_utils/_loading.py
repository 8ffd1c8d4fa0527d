# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Loads this collection from Ansible's zip at half the price.

C(zipimport) compiles a source twice: once to tell its file name (C(get_filename), which the import machinery asks for
as it makes the spec), and once to run it. A module that is sent to a host has no other form than source.
"""

from __future__ import annotations

import pkgutil
import sys
import typing as t
import zipimport
from importlib.machinery import ModuleSpec

if t.TYPE_CHECKING:
    from types import CodeType, ModuleType

_OURS: t.Final = __name__.rpartition(".")[0] + "."


class _Once:
    """Finds and runs the modules of this collection that lie in a zip; packages and everything else are left to others."""

    @staticmethod
    def find_spec(
        name: str, path: t.Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not path or not name.startswith(_OURS):
            return None
        place = next(iter(path))
        archive = pkgutil.get_importer(place)
        if not isinstance(archive, zipimport.zipimporter):
            return None
        file = f"{place}/{name.rpartition('.')[2]}.py"
        try:
            source = archive.get_data(file)
        except OSError:
            return None
        spec = ModuleSpec(name, t.cast(t.Any, _Source(source, file)), origin=file)
        spec.has_location = True
        return spec


class _Source:
    """The loader of one module."""

    def __init__(self, source: bytes, file: str) -> None:
        self._source = source
        self._file = file

    @staticmethod
    def create_module(_spec: ModuleSpec) -> None:
        """None: the usual kind of module."""

    def exec_module(self, module: ModuleType) -> None:
        exec(self.get_code(module.__name__), module.__dict__)

    def get_source(self, _name: str) -> str:
        return self._source.decode()

    def get_code(self, _name: str) -> CodeType:
        return compile(self._source, self._file, "exec", dont_inherit=True)


def compile_once() -> None:
    """From now on, modules of this collection that are still to be imported from a zip are compiled once.

    Where this module did not come from a zip either, nothing is changed.
    """
    zipped = isinstance(globals()["__loader__"], zipimport.zipimporter)
    if zipped and not any(isinstance(one, _Once) for one in sys.meta_path):
        sys.meta_path.insert(0, _Once())


__all__ = ["compile_once"]
