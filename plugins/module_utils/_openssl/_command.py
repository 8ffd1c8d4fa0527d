# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The openssl command of the host and the system's own policy."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._config import (
    crypto_policy,
    system_policy,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import read_file
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner, find_command


def read_text(path: str) -> str | None:
    """The text of a file, or None if it cannot be read."""
    try:
        return read_file(path)
    except OSError:
        return None


def _parse(text: str) -> tuple[str | None, str | None]:
    version = directory = None
    for line in text.splitlines():
        if line.startswith("OPENSSLDIR:"):
            directory = line.partition(":")[2].strip().strip('"')
        elif line.startswith(("OpenSSL", "LibreSSL")):
            version = line.partition("(Library:")[0].strip()
    return version, directory


def openssl_command() -> list[str]:
    """How the openssl command is asked for its version; empty on a host without one."""
    path = find_command("openssl")
    return [path, "version", "-v", "-d"] if path else []


def openssl_facts(run: Runner) -> dict[str, t.Any]:
    """{command: {path, version}, config: {path, min_protocol, cipher_string, security_level}, crypto_policy}.

    A part that the host does not have, or that this user cannot read, is None.
    """
    command = openssl_command()
    version = directory = None
    if command:
        version, directory = _parse(run(command).stdout)
    policy = system_policy(os.path.join(directory, "openssl.cnf"), read_text) if directory else None
    return {
        "command": {"path": command[0] if command else None, "version": version},
        "config": policy.as_dict() if policy else None,
        "crypto_policy": crypto_policy(read_text),
    }


__all__ = ["openssl_command", "openssl_facts", "read_text"]
