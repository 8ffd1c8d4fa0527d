# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.
"""What was given on the command line with -e, so that a misspelled variable is refused instead of ignored."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import load_extra_vars

#: What AWX and Ansible themselves add.
_OF_OTHERS: t.Final = ("ansible_", "awx_", "tower_")


def unknown_extra_vars(known: Iterable[str]) -> list[str]:
    """The names given with -e that are not among those that a playbook knows, sorted."""
    return unknown(load_extra_vars(DataLoader()), known)


def unknown(given: Iterable[str], known: Iterable[str]) -> list[str]:
    """Those of the given names that nobody knows."""
    return sorted(name for name in set(given) - set(known) if not name.startswith(_OF_OTHERS))


__all__ = ["unknown", "unknown_extra_vars"]
