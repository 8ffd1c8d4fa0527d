# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that imports run one way, as docs/architecture.md says.

Modules import module_utils only, since Ansible ships nothing else to a host; plugin_utils import module_utils;
inside module_utils the rooms know only what the table below grants. Modules import ansible.module_utils,
what runs on the controller ansible, yaml, cryptography and dns (dnspython), and everything else the standard library alone.
"""

from __future__ import annotations

import ast
import sys
import typing as t
from pathlib import Path

PREFIX = "ansible_collections.postmaster.tls.plugins."
ON_HOST = ("modules", "module_utils")
KINDS = {
    "modules": {"module_utils"},
    "module_utils": {"module_utils"},
    "plugin_utils": {"module_utils", "plugin_utils"},
    "action": {"module_utils", "plugin_utils"},
    "filter": {"module_utils", "plugin_utils"},
    "doc_fragments": set(),
}
COMMON = {"_errors", "_findings", "_records", "_run"}
ROOMS = {
    "_changed_lines": set(),
    "_errors": set(),
    "_findings": {
        "_findings_certificates",
        "_findings_dane",
        "_findings_sendmail",
        "_findings_served",
        "_records",
    },
    "_findings_certificates": set(),
    "_direct": {"_errors", "_run"},
    "_facts_task": {"_host_facts", "_run"},
    "_findings_dane": set(),
    "_findings_sendmail": set(),
    "_findings_served": set(),
    "_ports": set(),
    "_records": set(),
    "_run": set(),
    "_tls": {"_errors", "_records"},
    "_smtp": {"_errors", "_records"},
    "_probe": {*COMMON, "_smtp", "_tls"},
    "_openssl": {*COMMON, "_tls"},
    "_postfix": {*COMMON, "_openssl", "_ports", "_tls"},
    "_sendmail": {*COMMON, "_changed_lines", "_openssl", "_ports", "_replace", "_tls"},
    "_maillog": {*COMMON, "_openssl", "_tls"},
    "_checkpoint": {*COMMON, "_changed_lines"},
    "_bundle": {*COMMON, "_checkpoint", "_openssl"},
    "_replace": {*COMMON, "_checkpoint", "_openssl"},
    "_host_facts": {*COMMON, "_openssl", "_postfix", "_sendmail"},
}
ON_CONTROLLER = ("ansible", "ansible_collections", "cryptography", "dns", "yaml")
NOTICE = "# PRIVATE to postmaster.tls:"


def imported(path: Path) -> t.Iterator[tuple[int, str]]:
    """Yield line and full name of every module that a file imports; of a room, what is taken from it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            name = "." * node.level + (node.module or "")
            rooms = name.startswith(PREFIX) and name[len(PREFIX) :] in KINDS
            yield from (
                (node.lineno, f"{name}.{alias.name}" if rooms else name) for alias in node.names
            )


def complaint(path: Path, name: str) -> str | None:
    """Return what is wrong with importing a module from this file, or None."""
    kind, room = path.parts[1], path.parts[2].removesuffix(".py")
    if name.startswith("."):
        return f"imports {name} by a relative name; use the full one"
    if name.startswith(PREFIX):
        return own_complaint(kind, room, name[len(PREFIX) :].split("."))
    top = name.partition(".")[0]
    if kind in ON_HOST and top == "ansible":
        allowed = kind == "modules" and name.startswith("ansible.module_utils.")
        return None if allowed else f"imports {name}, which this room must not know"
    if top in sys.stdlib_module_names or (kind not in ON_HOST and top in ON_CONTROLLER):
        return None
    return f"imports {name}, which its host need not have"


def own_complaint(kind: str, room: str, target: list[str]) -> str | None:
    """Return what is wrong with importing another part of the collection, or None."""
    if target[0] not in KINDS[kind]:
        return f"is a part of {kind} and imports {target[0]}"
    if kind != "module_utils":
        return None
    if room not in ROOMS:
        return "is in a room that the table of this check does not have"
    if target[1:] and target[1] != room and target[1] not in ROOMS[room]:
        return f"is in the room {room} and imports {target[1]}"
    return None


def main() -> int:
    """Check every plugin file; return 1 if an import runs the wrong way."""
    found = []
    paths = sorted(Path("plugins").rglob("*.py"))
    for path in paths:
        for line, name in imported(path):
            said = complaint(path, name)
            found += [f"{path}:{line}: {said}"] if said else []
        if path.name.startswith("_") and NOTICE not in path.read_text():
            found.append(f"{path}:1: is private and does not say so with {NOTICE!r}")
    print("\n".join(found) or f"{len(paths)} files: every import runs the right way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
