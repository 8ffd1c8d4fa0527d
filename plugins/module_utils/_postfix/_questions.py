# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The commands that postconf(1) and postmulti(1) are asked with, before anything of their answers is understood."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._run import find_command

#: Where Postfix has its configuration on most hosts.
DEFAULT_DIRECTORY: t.Final = "/etc/postfix"


def questions(postconf: str, directory: str) -> list[list[str]]:
    """All parameters, those of main.cf, the services, and the OpenSSL of the headers."""
    ways = ((), ("-n",), ("-M",), ("-T", "compile-version"))
    return [[postconf, "-c", directory, *way] for way in ways]


def instances_command(postconf: str) -> list[str]:
    """How every instance is listed; empty on a host without postmulti."""
    postmulti = find_command(os.path.join(os.path.dirname(postconf), "postmulti"))
    return [postmulti, "-l"] if postmulti else []


__all__ = ["DEFAULT_DIRECTORY", "instances_command", "questions"]
