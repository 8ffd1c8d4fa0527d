# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection, install it into an empty path, and use it from there.

Every module and plugin must be documented there, every role and playbook found, and Galaxy's own
importer must accept the tarball.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

NAME = "postmaster.tls"
KINDS = ("module", "filter", "role")
IMPORTER = """[galaxy-importer]
CHECK_CHANGELOG = True
CHECK_RUNTIME_REQUIRES_ANSIBLE = True
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = False
RUN_FLAKE8 = False
"""


class BuildError(Exception):
    """A step failed; the message says which, and what it printed."""


def step(argv: t.Sequence[str], *, cwd: Path, env: t.Mapping[str, str]) -> str:
    """Run one step and return its output; raise BuildError if it fails."""
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def build(checkout: Path, work: Path, env: t.Mapping[str, str]) -> Path:
    """Build the tarball in the working directory and return its path."""
    argv = ("ansible-galaxy", "collection", "build", "--output-path", str(work), str(checkout))
    step(argv, cwd=work, env=env)
    return next(work.glob("*.tar.gz"))


def documented(work: Path, env: t.Mapping[str, str]) -> t.Iterator[str]:
    """Yield the full name of everything that ansible-doc can show."""
    for kind in KINDS:
        listing = step(("ansible-doc", "-t", kind, "--list", "--json", NAME), cwd=work, env=env)
        names = sorted(name for name in json.loads(listing) if name.startswith(NAME))
        if names:
            step(("ansible-doc", "-t", kind, "--json", *names), cwd=work, env=env)
        yield from names


def undocumented(root: Path, shown: t.Collection[str]) -> list[str]:
    """Return what lies in the tree and ansible-doc did not show."""
    files = [*root.glob("plugins/modules/[!_]*.py"), *root.glob("plugins/filter/[!_]*.y*ml")]
    names = [path.stem for path in files] + [path.name for path in root.glob("roles/*")]
    return sorted(f"{NAME}.{name}" for name in names if f"{NAME}.{name}" not in shown)


def check(checkout: Path, work: Path) -> str:
    """Go through all steps and return one sentence about what was found."""
    installed = work / "installed"
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "ANSIBLE_HOME")}
    env |= {"ANSIBLE_COLLECTIONS_PATH": str(installed), "HOME": str(work)}
    tarball = build(checkout, work, env)
    argv = ("ansible-galaxy", "collection", "install", "--offline", "-p", str(installed))
    step((*argv, str(tarball)), cwd=work, env=env)
    root = installed / "ansible_collections" / "postmaster" / "tls"
    shown = list(documented(work, env))
    missing = undocumented(root, shown)
    if missing:
        raise BuildError(f"ansible-doc does not show {', '.join(missing)}")
    books = sorted(path.stem for path in root.glob("playbooks/*.yml") if "-" not in path.stem)
    for book in books:
        syntax = ("ansible-playbook", "-i", "localhost,", "--syntax-check", f"{NAME}.{book}")
        step(syntax, cwd=work, env=env)
    config = work / "importer.cfg"
    config.write_text(IMPORTER)
    importer = (sys.executable, "-m", "galaxy_importer.main", str(tarball))
    step(importer, cwd=work, env={**env, "GALAXY_IMPORTER_CONFIG": str(config)})
    return f"{tarball.name}: {len(shown)} documented parts, {len(books)} playbooks, accepted"


def main() -> int:
    """Run the check in a temporary directory; return 1 with the failed step's output."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            print(check(Path.cwd(), Path(directory)))
        except BuildError as exc:
            print(exc)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
