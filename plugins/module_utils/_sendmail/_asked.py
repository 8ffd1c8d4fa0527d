# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a task asks of a sendmail's configuration, checked before anything is looked at."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass


@dataclass(frozen=True)
class Asked:
    """Values by name; None removes."""

    options: t.Mapping[str, str | None]
    defines: t.Mapping[str, str | None]
    features: t.Mapping[str, tuple[str, ...] | None]
    access: t.Mapping[str, str | None]


def asked_of(params: t.Mapping[str, t.Any]) -> Asked:
    """Read the options of a task. Raises InvalidInput for a value that is neither text nor null."""
    options, defines, access = (
        {str(name): _text(f"{kind}.{name}", value) for name, value in params[kind].items()}
        for kind in ("options", "defines", "access")
    )
    features = {str(name): _list(str(name), value) for name, value in params["features"].items()}
    return Asked(options, defines, features, access)


def _text(where: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    raise InvalidInput(
        f"The value of {where} is a {type(value).__name__}: give a single line of text, or null to remove it."
    )


def _list(name: str, value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(one, (str, int)) for one in value):
        return tuple(str(one) for one in value)
    raise InvalidInput(
        f"features.{name} is not a list of arguments: give [] for none, or null to remove the feature."
    )


__all__ = ["Asked", "asked_of"]
