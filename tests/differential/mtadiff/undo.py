# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the facts at their word: undoes exactly the settings that they name, and says what must come of it.

A cause names a reason and a setting. Undoing it is one change of the configuration, which may serve several suites. With
some causes undone, exactly those suites must be gained that had no other cause.
"""

from __future__ import annotations

import re
import typing as t
from collections import defaultdict
from dataclasses import dataclass, field

Told = t.Mapping[str, t.Any]
Changes = dict[str, t.Any]
#: The materials of the configurations by the type of the key. All but ECDSA are too small from this level on.
KEYS = {"RSA": "rsa", "ECDSA": "ec", "DSS": "dsa"}
_STRICT = re.compile(r"@SECLEVEL=[3-5]")
_BELOW_TLS12 = "below TLSv1.2"
_BY_BOUNDS = "since a bound in openssl.cnf"


class Unit(t.NamedTuple):
    """What is undone in one go; causes with equal units are undone together."""

    kind: str
    parameter: str = ""
    item: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, self))


ANY_KEY = Unit("certificate")
BOUNDS = Unit("bounds")


class Configuration(t.Protocol):
    """What both MTAs have: a name, and the same with other settings."""

    @property
    def name(self) -> str: ...

    def with_changes(self, name: str, changes: t.Mapping[str, t.Any]) -> t.Any: ...


class Undoing(t.Protocol):
    """What is special about an MTA. `units` is None where no setting can undo a cause."""

    def units(self, cause: Told) -> frozenset[Unit] | None: ...

    def changes(
        self, unit: Unit, configuration: t.Any, lacking: list[str], present: list[str]
    ) -> Changes: ...


@dataclass(frozen=True)
class Trial:
    """A configuration with some causes undone, the suites that it must bring, and what was undone.

    `tolerated` are suites that OpenSSL does not choose with the certificate and groups that there were, where one was added.
    """

    configuration: t.Any
    units: frozenset[Unit]
    expected: frozenset[str]
    tolerated: frozenset[str] = frozenset()


@dataclass
class Needed:
    """What is to be undone for each suite, None where nothing can be; the units of the security level; and what serves some
    suites as well as another protocol in the list: the level or the bounds that forbid those which are in it. The key that
    there is serves the suites of `signed_later` as well as another certificate does, once the list of protocols is undone.
    """

    units: dict[str, frozenset[Unit] | None] = field(default_factory=dict)
    level: frozenset[Unit] = frozenset()
    unexplained: set[str] = field(default_factory=set)
    instead: dict[str, str] = field(default_factory=dict)
    signed_later: set[str] = field(default_factory=set)

    def served_by(self, undone: frozenset[Unit]) -> frozenset[str]:
        """The suites in whose way nothing is any more."""
        return frozenset(name for name in self.units if self._is_served(name, undone))

    def has(self, name: str, unit: Unit) -> bool:
        """Tell whether a suite needs that."""
        return unit in (self.units[name] or ())

    def _is_served(self, name: str, undone: frozenset[Unit]) -> bool:
        """For TLS 1.3 any certificate that it can use will do: one of RSA is tried."""
        needed = self.units[name]
        if needed is None:
            return False
        certified = {ANY_KEY._replace(item=key) for key in ("RSA", "ECDSA")}
        if ANY_KEY in undone:
            undone |= {ANY_KEY._replace(item="RSA")}
        if certified & undone:
            needed -= {ANY_KEY}
        other = {"level": self.level, "bounds": frozenset({BOUNDS})}.get(self.instead.get(name, ""))
        if name in self.signed_later and any(unit.kind == "protocols" for unit in undone):
            needed = frozenset(unit for unit in needed if unit.kind != "certificate")
        if other and other <= undone:
            needed = frozenset(unit for unit in needed if unit.kind != "protocols")
        return needed <= undone


def too_small(key: str, told: Told) -> bool:
    """Tell whether the key that would be added is too small for the security level."""
    return key != "ECDSA" and bool(_STRICT.search(told["cipher_string"] or ""))


def needed_units(told: Told, undoing: Undoing) -> Needed:
    """Return what the facts say of each dropped suite."""
    found = Needed()
    for entry in told["dropped"] or ():
        name = entry["suite"]["name"]
        causes = [entry, *entry.get("also", ())]
        units = [undoing.units(cause) for cause in causes]
        known = [one for one in units if one is not None]
        found.units[name] = frozenset().union(*known) if len(known) == len(units) else None
        for cause, own in zip(causes, units, strict=True):
            if cause["cause"] == "security-level" and own:
                found.level |= own
            if cause["cause"] == "certificate" and _BELOW_TLS12 in cause["reason"]:
                found.signed_later.add(name)
            if cause["cause"] == "unexplained":
                found.unexplained.add(name)
            if cause["cause"] == "protocol" and "since" in cause["reason"]:
                found.instead[name] = "bounds" if _BY_BOUNDS in cause["reason"] else "level"
    return found


def trials(
    configuration: Configuration, told: Told, undoing: Undoing, *, most: int | None = None
) -> list[Trial]:
    """Return one trial for each set of causes that some suite has, those with few causes first."""
    needed = needed_units(told, undoing)
    together: dict[frozenset[Unit], list[str]] = defaultdict(list)
    for name, units in needed.units.items():
        if units:
            together[units].append(name)
    found = []
    for undone in sorted(together, key=lambda one: (len(one), sorted(one))):
        if len([unit for unit in undone if unit.kind == "certificate"]) > 1:
            continue
        expected = needed.served_by(undone)
        changed = configuration
        for unit in sorted(undone):
            lacking = [name for name in needed.units if name in expected and needed.has(name, unit)]
            present = [one["name"] for one in told["ciphers"] or ()]
            present += [name for name in needed.units if name in expected and name not in lacking]
            changes = undoing.changes(unit, changed, lacking, present)
            changed = changed.with_changes(configuration.name, changes)
        name = f"{configuration.name} without {', '.join(map(str, sorted(undone)))}"
        added = any(unit.kind in ("certificate", "curves") for unit in undone)
        tolerated = frozenset(needed.unexplained if added else ())
        found.append(Trial(changed.with_changes(name, {}), undone, expected, tolerated))
    return found[:most]


def names_of(suites: t.Mapping[str, t.Sequence[str]]) -> frozenset[str]:
    """Return every suite once, whatever the protocol."""
    return frozenset(name for names in suites.values() for name in names)


def complaints(
    trial: Trial, before: t.Mapping[str, t.Sequence[str]], after: t.Mapping[str, t.Sequence[str]]
) -> list[str]:
    """Return nothing where exactly the expected suites were gained; both are what a probe saw, by protocol."""
    gained = names_of(after) - names_of(before)
    found = []
    if trial.expected - gained:
        found.append(f"did not bring {' '.join(sorted(trial.expected - gained))}")
    if surplus := gained - trial.expected - trial.tolerated:
        found.append(f"also brought {' '.join(sorted(surplus))}")
    return found
