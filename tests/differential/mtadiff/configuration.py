# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One configuration of an smtpd: a service of master.cf with its overrides."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

RELEASES = ("bullseye", "bookworm", "trixie", "sid")
FIRST_PORT = 2501
Told = dict[str, t.Any]


@dataclass(frozen=True)
class Configuration:
    """A name that leads back to how it was made, and the parameters of the service."""

    name: str
    overrides: t.Mapping[str, str] = field(default_factory=dict)

    def with_changes(self, name: str, changes: t.Mapping[str, str | None]) -> Configuration:
        """Return the same with other values; None takes a parameter away."""
        merged = {**self.overrides, **changes}
        return Configuration(
            name, {one: value for one, value in merged.items() if value is not None}
        )

    @property
    def implicit(self) -> bool:
        """Tell whether TLS begins at once."""
        return self.overrides.get("smtpd_tls_wrappermode") == "yes"


def master_cf(configurations: t.Sequence[Configuration]) -> str:
    """Return the entries of master.cf(5), one port after the other, in the form that bears blanks."""
    lines = []
    for port, one in enumerate(configurations, FIRST_PORT):
        lines.append(f"{port} inet n - n - - smtpd")
        lines += [f"  -o {{ {name} = {value} }}" for name, value in one.overrides.items()]
    return "".join(line + "\n" for line in lines)
