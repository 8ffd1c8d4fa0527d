# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interpreters that pyenv has on this machine, brought into a container as they are, without any package."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support.labs import Lab
from mtalab import images

OLDEST = (3, 9)
PLACE = "/opt/pythons"
_BUILT = re.compile(r"3\.(\d+)\.\d+\Z")
_NEEDLESS = "__pycache__ site-packages test config-* *.a idlelib ensurepip tkinter share include"
_UNPACK = f"mkdir -p {PLACE} && tar -C {PLACE} --no-same-owner -xf -"
# The library of an interpreter is looked for where it was installed, and then where ld.so.conf(5) says.
_LIBRARIES = f"""
for lib in {PLACE}/*/lib; do echo "$lib"; done > /etc/ld.so.conf.d/pythons.conf
ldconfig
"""


def pyenv_versions() -> dict[str, str]:
    """The full version of each minor one from 3.9 on, such as 3.10: 3.10.13; none without pyenv."""
    found: dict[str, str] = {}
    for path in sorted(_installed().glob("3.*/bin/python3")):
        matched = _BUILT.match(path.parent.parent.name)
        if matched and (3, int(matched[1])) >= OLDEST:
            found[f"3.{matched[1]}"] = matched[0]
    return found


def _installed() -> Path:
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"


def bring(lab: Lab, host: str, versions: dict[str, str]) -> dict[str, str]:
    """Copy the interpreters into a host of the lab; the path of each that starts there, by its minor version."""
    podman = images.podman_with("trixie")
    leave_out = [f"--exclude={name}" for name in _NEEDLESS.split()]
    for version in versions.values():
        pack = ["tar", "-C", str(_installed()), *leave_out, "-cf", "-", version]
        packed = subprocess.run(pack, capture_output=True, check=True).stdout
        unpack = ("exec", "--interactive", f"{lab.name}-{host}", "sh", "-c", _UNPACK)
        podman(*unpack, stdin=packed)
    lab.on(host, "sh", "-c", _LIBRARIES)
    paths = {minor: f"{PLACE}/{full}/bin/python{minor}" for minor, full in versions.items()}
    return {minor: path for minor, path in paths.items() if _starts(lab, host, path)}


def _starts(lab: Lab, host: str, path: str) -> bool:
    trial = f"{path} -c 'import ctypes, hashlib, zipfile' > /dev/null 2>&1 && echo yes || echo no"
    return lab.on(host, "sh", "-c", trial) == "yes\n"


__all__ = ["bring", "pyenv_versions"]
