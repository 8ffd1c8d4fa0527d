# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs in Java, for every Java from 11 up."""

from __future__ import annotations

import subprocess
from pathlib import Path


def compiled(directory: Path, name: str, source: str) -> None:
    """Put a class of this name, made from its source, into a directory; needs javac."""
    path = directory / f"{name}.java"
    path.write_text(source)
    command = ["javac", "--release", "11", "-d", str(directory), str(path)]
    subprocess.run(command, check=True, capture_output=True)


__all__ = ["compiled"]
