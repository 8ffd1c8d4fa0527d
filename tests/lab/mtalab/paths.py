# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab keeps its files: never in the repository, never in /etc."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import typing as t
from pathlib import Path

from mtalab.errors import LabError

DEFAULT_LAB = "pmtls"


def cache_dir() -> Path:
    """Return the cache shared by all labs and checkouts of this user, made if missing."""
    configured = os.environ.get("POSTMASTER_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(configured) if configured else Path(base) / "postmaster-tls"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


@contextlib.contextmanager
def alone(purpose: str) -> t.Iterator[None]:
    """Whoever comes for the same purpose meanwhile waits, and finds what it wanted."""
    with (cache_dir() / f"{purpose}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def lab_name() -> str:
    """Return the name of the lab, which prefixes every container and names the network."""
    name = os.environ.get("POSTMASTER_LAB") or DEFAULT_LAB
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,23}", name):
        raise LabError(
            f"POSTMASTER_LAB={name!r} cannot name containers: use a lower-case letter first,"
            " then letters, digits and hyphens, at most 24 in all."
        )
    return name


def state_dir(lab: str) -> Path:
    """Return the directory of one lab (keys, certificates, inventory), readable by its owner only."""
    path = cache_dir() / "labs" / lab
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path
