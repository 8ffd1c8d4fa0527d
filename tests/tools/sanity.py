# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test sanity, without ignore files, on one version of ansible-core.

usage: tests/tools/venv.sh python tests/tools/sanity.py CORE

ansible-test wants the collection in a real `ansible_collections` directory (it resolves links), real
interpreters before pyenv's shims, and a pip that it would otherwise download. All three are put into
the cache. The newest version looks at everything, the older ones at what their users would install,
so without tests/: most of the time goes into pylint, by lines. Ends with status 77 where no Python on
this machine can run that version.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

TABLE = Path("tests/requirements/ansible-core.txt")
#: It says which Pythons the collection is for.
CONFIG = "tests/config.yml"
SKIPPED = 77
MINORS = range(9, 15)
GET_PIP = """import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "{wheel}"))
unwanted = ("--no-setuptools", "--no-wheel")
sys.argv = [sys.argv[0], "install", *(a for a in sys.argv[1:] if a not in unwanted)]
from pip._internal.cli.main import main

sys.exit(main())
"""


@dataclass(frozen=True)
class Core:
    """One row of the table; Pythons are given by their minor version."""

    version: str
    release: str
    first: int
    last: int
    pip: str
    newest: bool


def core_of(version: str) -> Core:
    """Return the row of a version; end with a sentence for an unknown one."""
    lines = [line.split() for line in TABLE.read_text().splitlines()]
    rows = [words for words in lines if words and not words[0].startswith("#")]
    for words in rows:
        if words[0] == version:
            first, last = (int(word.partition(".")[2]) for word in words[2:4])
            return Core(version, words[1], first, last, words[4], newest=words is rows[-1])
    sys.exit(f"sanity: {TABLE} has no ansible-core {version!r}.")


def interpreters() -> dict[int, Path]:
    """Return the real interpreter of each Python 3 found on this machine, by minor version."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found: dict[int, Path] = {}
    for minor in MINORS:
        candidates = [*sorted(pyenv.glob(f"3.{minor}.*/bin/python3.{minor}")), f"python3.{minor}"]
        for candidate in candidates:
            try:
                argv = [str(candidate), "-c", "import ssl, sys; print(sys.executable)"]
                done = subprocess.run(argv, capture_output=True, text=True, check=True)
            except (OSError, subprocess.CalledProcessError):
                continue
            found.setdefault(minor, Path(done.stdout.strip()))
    return found


def link_interpreters(cache: Path, found: t.Mapping[int, Path]) -> Path:
    """Return a directory with one link for each interpreter."""
    directory = cache / "pythons"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for minor, path in found.items():
        (directory / f"python3.{minor}").symlink_to(path)
    return directory


def venv_for(cache: Path, core: Core, minor: int, python: Path) -> Path:
    """Return a virtual environment with this ansible-core, made on first use."""
    venv = cache / f"core-{core.release}-python3.{minor}"
    if not (venv / ".complete").exists():
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([python, "-m", "venv", venv], check=True)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        wanted = f"ansible-core=={core.release}"
        subprocess.run([*pip, "--disable-pip-version-check", wanted], check=True)
        (venv / ".complete").touch()
    return venv


def seed_pip(core: Core, python: Path) -> None:
    """Put the pip of a package registry where ansible-test looks for the one that it would download."""
    cache = Path.home() / ".ansible" / "test" / "cache"
    script = cache / f"get_pip_{core.pip.replace('.', '_')}.py"
    if script.exists():
        return
    cache.mkdir(parents=True, exist_ok=True)
    argv = [str(python), "-m", "pip", "--quiet", "download", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*argv, "--dest", str(cache), f"pip=={core.pip}"], check=True)
    wheel = next(cache.glob(f"pip-{core.pip}-*.whl")).name
    script.write_text(GET_PIP.format(wheel=wheel))


def copy_tree(cache: Path, *, tests: bool) -> Path:
    """Copy what git knows or would add into a real collection directory, and return that."""
    target = cache / "tree" / "ansible_collections" / "postmaster" / "tls"
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split("\0")
    shutil.rmtree(target, ignore_errors=True)
    for name in filter(None, names):
        wanted = tests or name == CONFIG or not name.startswith("tests/")
        if wanted and Path(name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, target / name)
    return target


def main() -> int:
    """Run the sanity tests of the version named on the command line."""
    core = core_of(sys.argv[1] if len(sys.argv) > 1 else "")
    cache = Path(os.environ["POSTMASTER_CACHE"]) / "sanity"
    found = interpreters()
    usable = [minor for minor in found if core.first <= minor <= core.last]
    if not usable:
        print(f"ansible-core {core.version} needs Python 3.{core.first} to 3.{core.last}: skipped")
        return SKIPPED
    minor = max(usable)
    venv = venv_for(cache, core, minor, found[minor])
    seed_pip(core, venv / "bin" / "python")
    path = f"{venv}/bin:{link_interpreters(cache, found)}:{os.environ['PATH']}"
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONPYCACHEPREFIX")}
    argv = ["ansible-test", "sanity", "--local", "--color", "no"]
    return subprocess.run(
        argv, cwd=copy_tree(cache, tests=core.newest), env={**env, "PATH": path}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
