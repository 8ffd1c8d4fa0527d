# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import inspect
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils import _errors, _loading

ROOM = "ansible_collections/postmaster/tls/plugins/module_utils"
PROGRAM = """\
import json, sys
sys.path.insert(0, sys.argv[1])
compiled = []
sys.addaudithook(lambda what, of: compiled.append(of[1]) if what == "compile" else None)
from ansible_collections.postmaster.tls.plugins.module_utils import _loading
if sys.argv[2] == "once":
    _loading.compile_once()
    _loading.compile_once()
from ansible_collections.postmaster.tls.plugins.module_utils._room import _small
import importlib.util
spec = importlib.util.find_spec(_small.__name__)
counted = sum(str(name).endswith("_small.py") for name in compiled)
constant = spec.loader.get_code(_small.__name__).co_filename
try:
    from ansible_collections.postmaster.tls.plugins.module_utils import _missing
except ImportError as error:
    missing = type(error).__name__
print(json.dumps([counted, _small.VALUE, _small.__file__ == constant, missing]))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """What Ansible sends: a zip in which every directory is a package."""
    path = tmp_path / "payload.zip"
    with zipfile.ZipFile(path, "w") as file:
        parts = ROOM.split("/")
        for count in range(1, len(parts) + 1):
            file.writestr("/".join([*parts[:count], "__init__.py"]), "")
        for module in (_errors, _loading):
            name = module.__name__.rpartition(".")[2]
            file.writestr(f"{ROOM}/{name}.py", inspect.getsource(module))
        file.writestr(f"{ROOM}/_room/__init__.py", "")
        file.writestr(f"{ROOM}/_room/_small.py", "VALUE = 7\n")
    return path


@pytest.mark.parametrize(("how", "most"), [("once", 1), ("as it is", 2)])
def test_a_module_in_a_zip_is_compiled_once(archive: Path, how: str, most: int) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(archive), how],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counted, value, same_file, missing = json.loads(done.stdout)
    assert 1 <= counted - (how != "once") <= most
    assert (value, same_file, missing) == (7, True, "ImportError")
