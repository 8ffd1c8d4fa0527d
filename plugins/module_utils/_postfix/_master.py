# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Services of master.cf: read from `postconf -M` or from the file itself (master(5))."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._postfix._arguments import (
    FIELDS,
    arguments_of,
    tokens_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import (
    dataclass,
    field,
    replace,
)


@dataclass(frozen=True)
class Service:
    """One service: `name` is what `postconf -P` prints (smtp/inet); of equal -o parameters the last one counts."""

    name: str
    type: str
    command: str
    overrides: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """The first field of the line: a port, address:port, or a name below the queue directory."""
        return self.name.rpartition("/")[0]

    def with_overrides(self, changes: t.Mapping[str, str | None]) -> Service:
        """The service as it would be with these overrides; None removes one."""
        overrides = dict(self.overrides)
        for name, value in changes.items():
            if value is None:
                overrides.pop(name, None)
            else:
                overrides[name] = value
        return replace(self, overrides=overrides)


def logical_lines(text: str) -> list[str]:
    """Lines of a Postfix configuration file, continuation lines joined, comments and empty lines left out."""
    lines: list[str] = []
    for raw in text.splitlines():
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        if raw[0].isspace() and lines:
            lines[-1] += " " + raw.strip()
        else:
            lines.append(raw.rstrip())
    return lines


def parse_master(text: str) -> tuple[Service, ...]:
    """Read the services of a master.cf, or of what `postconf -M` prints.

    A line that is too short is left out; of entries with one name the last counts, as in src/master/master_conf.c.
    """
    services: dict[str, Service] = {}
    for line in logical_lines(text):
        tokens = tokens_of(line, braces=True)
        if len(tokens) < FIELDS:
            continue
        endpoint, kind, command = (tokens[position].text for position in (0, 1, FIELDS - 1))
        name = f"{endpoint}/{kind}"
        overrides = {
            one.name: one.value for one in arguments_of(tokens).overrides if one.name.strip()
        }
        services[name] = Service(name=name, type=kind, command=command, overrides=overrides)
    return tuple(services.values())


__all__ = ["Service", "logical_lines", "parse_master"]
