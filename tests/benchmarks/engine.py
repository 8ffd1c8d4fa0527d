# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scan engine as a plain process: the full job on one server, its result as JSON.

usage: python3 engine.py TREE HOST PORT FILE [CONNECTIONS]

Port 465 means TLS from the first byte.

TREE is the directory that holds B(ansible_collections).
"""

from __future__ import annotations

import json
import sys
import types


def package_as_ansible_does(tree: str) -> None:
    """Plain packages, as in the archive that Ansible sends: their directories need not be looked for at each import."""
    name, path = "", tree
    for part in ("ansible_collections", "postmaster", "tls", "plugins", "module_utils"):
        name, path = f"{name}.{part}".lstrip("."), f"{path}/{part}"
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [path]
    for room in ("_tls", "_smtp", "_probe"):
        sys.modules[f"{name}.{room}"] = types.ModuleType(f"{name}.{room}")
        sys.modules[f"{name}.{room}"].__path__ = [f"{path}/{room}"]


sys.path.insert(0, sys.argv[1])
package_as_ansible_does(sys.argv[1])

from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe  # noqa: E402
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report  # noqa: E402
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target  # noqa: E402


def main() -> None:
    """Probe and write."""
    host, port, path = sys.argv[2:5]
    connections = int(sys.argv[5]) if len(sys.argv) > 5 else Target.connections
    result = report(probe(Target(host, int(port), implicit=port == "465", connections=connections)))
    with open(path, "w", encoding="ascii") as handle:
        handle.write(json.dumps(result))


if __name__ == "__main__":
    main()
