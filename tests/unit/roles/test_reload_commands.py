# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that reloads every Postfix of a host passes directories on as they are, whatever their names are."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

ROLES = Path(__file__).resolve().parents[3] / "roles"
POSTFIX = """#!/bin/sh
[ "$3" = reload ] && printf '%s\\n' "$2" >> "$RELOADED"
[ "$2" != /etc/broken ]
"""


def reloading(directories: list[str]) -> list[str]:
    written = yaml.safe_load((ROLES / "postfix_tls/vars/main.yml").read_text())
    template = NativeEnvironment().from_string(written["__postfix_tls_reload"])
    return t.cast("list[str]", template.render(__postfix_tls_directories=directories))


@pytest.mark.parametrize(
    ("directories", "code"),
    [
        (["/etc/postfix"], 0),
        (["/etc/post fix; touch $0", "/etc/$(id)'\"", "/etc/postfix-out"], 0),
        (["/etc/broken", "/etc/postfix"], 1),
    ],
    ids=["one", "odd names", "one that fails"],
)
def test_every_directory_is_reloaded_as_it_is_named(
    tmp_path: Path, directories: list[str], code: int
) -> None:
    program, reloaded = tmp_path / "postfix", tmp_path / "reloaded"
    program.write_text(POSTFIX)
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "RELOADED": str(reloaded)}
    done = subprocess.run(reloading(directories), env=environment, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (code, b"")
    assert reloaded.read_text().splitlines() == directories
