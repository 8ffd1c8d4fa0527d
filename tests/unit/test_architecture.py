# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The imports run one way, as docs/architecture.md says."""

from __future__ import annotations

import ast
import pathlib
import sys

import pytest

PLUGINS = pathlib.Path(__file__).resolve().parents[2] / "plugins"
PACKAGE = "ansible_collections.postmaster.tls.plugins."
ROOT_UTILS = {"_errors", "_findings", "_checkpoint"}
ALLOWED_ROOMS = {
    "_tls": {"_tls"},
    "_smtp": {"_smtp"},
    "_probe": {"_probe", "_tls", "_smtp"},
    "_openssl": {"_openssl", "_tls"},
    "_postfix": {"_postfix", "_openssl", "_tls"},
}
FILES = sorted(path for path in PLUGINS.rglob("*.py"))


def imported(path: pathlib.Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise AssertionError(f"{path}: relative import in line {node.lineno}")
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGINS)))
def test_what_a_file_may_import(path: pathlib.Path) -> None:
    kind = path.relative_to(PLUGINS).parts[0]
    for name in imported(path):
        if name.startswith(PACKAGE):
            other = name.removeprefix(PACKAGE).split(".")
            if kind in {"modules", "module_utils"}:
                assert other[0] == "module_utils", f"{name}: Ansible ships only module_utils"
        elif kind in {"modules", "module_utils"}:
            top = name.split(".")[0]
            known = top in sys.stdlib_module_names or name.startswith("ansible.module_utils.")
            assert known, f"{name}: what runs on a mail host has the standard library only"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.relative_to(PLUGINS).parts[0] == "module_utils"],
    ids=lambda path: str(path.relative_to(PLUGINS)),
)
def test_which_room_a_room_may_enter(path: pathlib.Path) -> None:
    parts = path.relative_to(PLUGINS / "module_utils").parts
    allowed = ALLOWED_ROOMS.get(parts[0], set()) | ROOT_UTILS
    for name in imported(path):
        if name.startswith(PACKAGE + "module_utils."):
            room = name.removeprefix(PACKAGE + "module_utils.").split(".")[0]
            assert room in allowed, f"{parts[0]} must not import {room}"
        if parts[0] in {"_tls", "_smtp", "_probe", "_openssl"}:
            assert not name.startswith("ansible."), f"{parts[0]} knows no Ansible: {name}"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.name.startswith("_")],
    ids=lambda path: str(path.relative_to(PLUGINS)),
)
def test_private_files_say_so(path: pathlib.Path) -> None:
    assert "# PRIVATE to postmaster.tls:" in path.read_text(encoding="utf-8")
