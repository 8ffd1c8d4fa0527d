# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab says and which commands it runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import typing as t

from mtalab.errors import LabError


def say(message: str) -> None:
    """Print one line of progress on standard error; standard output is for results."""
    sys.stderr.write(f"lab: {message}\n")
    sys.stderr.flush()


def run(
    argv: t.Sequence[str],
    *,
    stdin: bytes = b"",
    env: t.Mapping[str, str] | None = None,
    timeout: float = 600,
) -> str:
    """Run a command and return its standard output; raise LabError with its last words if it fails."""
    done = attempt(argv, stdin=stdin, env=env, timeout=timeout)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise LabError(
            f"Status {done.returncode} of `{named(argv)}`{told(stdin)}: " + " / ".join(words[-4:])
        )
    return done.stdout.decode(errors="replace")


def attempt(
    argv: t.Sequence[str],
    *,
    stdin: bytes = b"",
    env: t.Mapping[str, str] | None = None,
    timeout: float = 600,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command that may fail and return how it ended, with its output as bytes."""
    try:
        return subprocess.run(
            argv, input=stdin, env=env, timeout=timeout, capture_output=True, check=False
        )
    except FileNotFoundError as exc:
        raise LabError(
            f"`{argv[0]}` is not installed: run `make venv` as root, or install the packages of"
            " tests/requirements/debian.txt."
        ) from exc
    except subprocess.TimeoutExpired as exc:
        raise LabError(
            f"`{named(argv)}`{told(stdin)} did not end within {timeout:g} seconds."
        ) from exc


def named(argv: t.Sequence[str]) -> str:
    """The start of a command as a person would type it, without the environment that it is given."""
    words = list(argv)
    while words and (words[0] == "env" or re.fullmatch(r"[A-Z_]+=.*", words[0])):
        words.pop(0)
    return shlex.join(words[:6])


def told(script: bytes) -> str:
    """The first line of a script that a shell was given, so that a failure can be traced to it."""
    line = script.decode(errors="replace").strip().partition("\n")[0]
    return f" with `{line[:80]}`" if line.isprintable() and line else ""
