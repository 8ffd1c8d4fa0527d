# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a terminal would show what is in a result, or obey it."""

from __future__ import annotations

import typing as t


def obedient(value: t.Any) -> list[str]:
    """The strings of a result that a terminal would obey instead of showing them."""
    if isinstance(value, dict):
        return [bad for item in value.items() for part in item for bad in obedient(part)]
    if isinstance(value, (list, tuple)):
        return [bad for item in value for bad in obedient(item)]
    return [value] if isinstance(value, str) and not value.isprintable() else []


__all__ = ["obedient"]
