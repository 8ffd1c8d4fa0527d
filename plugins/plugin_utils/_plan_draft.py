# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Where each wanted value goes: into main.cf if all readers agree, else as overrides of single services.

A value of main.cf is that of the mx lane for the server and of smtp/unix for the client; the tls_ parameters that all
programs share are set there only if everyone who reads them wants the same.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._postfix._history import (
    PARAMETERS,
    default_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._macros import Macros
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_facts import Instance, Reader
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_wants import (
    Want,
    compact,
    satisfies,
)

MAIN: t.Final = ""

Wish = tuple[Reader, Want]


@dataclass(frozen=True)
class Cause:
    """Why the plan sets or removes a parameter: the lane that asked for it, and the reason."""

    lane: str
    reason: str
    keeps: bool


class Draft:
    """main.cf and master.cf of one instance as the plan makes them."""

    def __init__(self, instance: Instance, parameters: Sequence[str]) -> None:
        self.instance = instance
        self.before: dict[str, dict[str, str]] = {MAIN: self._main(parameters)}
        for reader in instance.readers:
            self.before.setdefault(reader.entry, {}).update(reader.overrides)
        self.after = {entry: dict(values) for entry, values in self.before.items()}
        self.causes: dict[tuple[str, str], Cause] = {}
        self.impossible: dict[tuple[str, str], None] = {}

    def _main(self, parameters: Sequence[str]) -> dict[str, str]:
        if self.instance.main is not None:
            return dict(self.instance.main)
        found = {name: self.instance.in_main(name) for name in parameters}
        return {name: value for name, value in found.items() if value is not None}

    def set(self, entry: str, parameter: str, value: str | None, wish: Wish) -> None:
        """Sets a value in main.cf or in an entry of master.cf; None removes it."""
        values = self.after[entry]
        if value is None:
            values.pop(parameter, None)
        else:
            values[parameter] = value if entry == MAIN else compact(parameter, value)
        reader, want = wish
        self.causes[(entry, parameter)] = Cause(reader.lane, want.reason, want.keeps)

    def _raw(
        self, state: Mapping[str, Mapping[str, str]], reader: Reader, parameter: str
    ) -> str | None:
        own = reader.own(parameter)
        main = state[MAIN]
        return state[reader.entry].get(own, main.get(own, main.get(parameter)))

    def _expanded(self, state: Mapping[str, Mapping[str, str]], reader: Reader, raw: str) -> str:
        if "$" not in raw:
            return raw.strip()
        version = self.instance.version
        defaults = {name: default_of(name, version) or "" for name in PARAMETERS}
        known = {**defaults, **state[MAIN], **state[reader.entry]}
        return Macros(known).expand(raw).strip()

    def value(self, reader: Reader, parameter: str) -> str | None:
        """The value in force under the draft; None if it is a default that only the build knows."""
        then, now = (self._raw(state, reader, parameter) for state in (self.before, self.after))
        expanded = None if now is None else self._expanded(self.after, reader, now)
        same = then == now and (
            then is None or self._expanded(self.before, reader, then) == expanded
        )
        current = reader.values.get(reader.own(parameter))
        if same and current is not None:
            return current
        return self.instance.default(parameter) if now is None else expanded

    def fulfils(self, parameter: str, wish: Wish) -> bool:
        reader, want = wish
        if want.value is None and self._raw(self.after, reader, parameter) is None:
            return True
        return satisfies(self.instance, parameter, self.value(reader, parameter), want)

    def settle(self, parameter: str, wishes: Sequence[Wish]) -> None:
        """Fulfils all wishes for one parameter with the fewest settings."""
        if any(not want.yields for _reader, want in wishes):
            wishes = [wish for wish in wishes if not wish[1].yields]
        if all(self.fulfils(parameter, wish) for wish in wishes):
            return
        wish = self._for_main(parameter, wishes)
        if wish and not self._main_fulfils(parameter, wish[1]):
            self.set(MAIN, parameter, wish[1].value, wish)
        for wish in wishes:
            self._settle_one(parameter, wish)

    def _settle_one(self, parameter: str, wish: Wish) -> None:
        reader, want = wish
        own = reader.own(parameter)
        if not self.fulfils(parameter, wish) and own in self.after[reader.entry]:
            self.set(reader.entry, own, None, wish)
        if not self.fulfils(parameter, wish) and own != parameter and own in self.after[MAIN]:
            self.set(MAIN, own, None, wish)
        if self.fulfils(parameter, wish):
            return
        value = self.instance.default(parameter) if want.value is None else want.value
        if value is None:
            self.impossible[(reader.service, parameter)] = None
        else:
            self.set(reader.entry, own, value, wish)

    def _main_fulfils(self, parameter: str, want: Want) -> bool:
        if want.value is None and parameter not in self.after[MAIN]:
            return True
        return satisfies(self.instance, parameter, self.instance.inherited(parameter), want)

    def _for_main(self, parameter: str, wishes: Sequence[Wish]) -> Wish | None:
        """Whose wish main.cf fulfils; None: it stays as it is."""
        leading = [] if parameter.startswith("tls_") else _leading(wishes)
        if leading:
            return None if leading[0][1].keeps else leading[0]
        governed = [wish for wish in wishes if not wish[1].keeps]
        for wish in governed[:1]:
            wanted = wish[1].value
            if wanted is None:
                wanted = self.instance.default(parameter)
            if all(
                _agrees(self.instance, parameter, wanted, wish[1], other) for _r, other in wishes
            ):
                return wish
        return None


def _agrees(instance: Instance, parameter: str, value: str | None, want: Want, other: Want) -> bool:
    return (
        want == other or want.value == other.value or satisfies(instance, parameter, value, other)
    )


def _leading(wishes: Sequence[Wish]) -> list[Wish]:
    client = [wish for wish in wishes if wish[0].entry == "smtp/unix"]
    servers = [wish for wish in wishes if wish[0].lane == "mx" and not wish[0].level_only]
    screens = [wish for wish in wishes if wish[0].lane == "mx"]
    return client or servers or screens


__all__ = ["MAIN", "Cause", "Draft", "Wish"]
