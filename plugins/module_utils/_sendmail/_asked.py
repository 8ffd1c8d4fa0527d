# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a task asks of a sendmail's configuration, checked before anything is looked at."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import meant_by
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import Build


@dataclass(frozen=True)
class Asked:
    """Values by name; None removes."""

    options: t.Mapping[str, str | None]
    defines: t.Mapping[str, str | None]
    features: t.Mapping[str, tuple[str, ...] | None]
    access: t.Mapping[str, str | None]


def asked_of(params: t.Mapping[str, t.Any], build: Build) -> Asked:
    """Read the options of a task. Raises InvalidInput for a value that is neither text nor null, and for the beginning of an
    option's name, which this sendmail would take for all of it.
    """
    options, defines, access = (
        {str(name): _text(f"{kind}.{name}", value) for name, value in params[kind].items()}
        for kind in ("options", "defines", "access")
    )
    features = {str(name): _list(str(name), value) for name, value in params["features"].items()}
    options = {_whole(name, build): value for name, value in options.items()}
    return Asked(options, defines, features, access)


def _whole(name: str, build: Build) -> str:
    """The name as sendmail itself writes it; one that it does not know stays as it is, for sendmail to judge."""
    meant = meant_by(name, build)
    if meant and meant[0].lower() != name.lower():
        raise InvalidInput(
            f"options.{name} is no name of an option: write {' or '.join(meant[:2])} in full."
        )
    return meant[0] if meant else name


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
