# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Keeps the facts of a host with many services small: what is said twice is said once, and rarities are counted."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._modern_suites import (
    modern_suites,
)

Instance = dict[str, t.Any]

MOST_CHARACTERS: t.Final = 180_000
#: What the controller adds for each certificate, with one issuer in its chain.
_OF_A_CERTIFICATE: t.Final = 1_800
_REPEATED: t.Final = (("dropped",), ("server_names", "policies"))


def _size(instances: t.Sequence[Instance]) -> int:
    return len(json.dumps(instances))


def _services(instances: t.Sequence[Instance]) -> list[tuple[str, dict[str, t.Any]]]:
    return [
        (f"{instance['config_directory']} {service['name']}", service)
        for instance in instances
        for service in instance["services"]
    ]


def _share(instances: t.Sequence[Instance], names: t.Sequence[str]) -> None:
    known: dict[str, str] = {}
    for place, service in _services(instances):
        for name in names:
            if not service.get(name):
                continue
            first = known.setdefault(json.dumps([name, service[name]]), place)
            if first != place:
                service[name], service[f"{name}_as"] = None, first


def _shorten(instances: t.Sequence[Instance]) -> None:
    modern = {f"0x{code:04X}" for code in modern_suites()}
    for _place, service in _services(instances):
        dropped = service["dropped"] or []
        kept = [one for one in dropped if one["suite"]["code"] in modern]
        if len(kept) < len(dropped):
            service["dropped"], service["dropped_more"] = kept, len(dropped) - len(kept)


def compact(
    instances: t.Sequence[Instance], *, most: int = MOST_CHARACTERS, certificates: int = 0
) -> None:
    """Shorten the facts in place where they are longer than C(most) characters of JSON, those of the certificates included, no
    more than needed.

    First what an earlier service has as well, C(dropped) before all, gives way to C(dropped_as), the place of that service;
    then the lists of C(dropped) keep only suites that senders of today offer, and C(dropped_more) counts the others.
    """
    room = most - certificates * _OF_A_CERTIFICATE
    for names in _REPEATED:
        if _size(instances) > room:
            _share(instances, names)
    if _size(instances) > room:
        _shorten(instances)


__all__ = ["MOST_CHARACTERS", "compact"]
