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
from dataclasses import dataclass

from mtadiff import materials
from mtadiff.configuration import Configuration

Told = t.Mapping[str, t.Any]
Changes = dict[str, str]
_WORD = re.compile(r"\w+")
_LIST = re.compile(r"tls_\w+_cipherlist")
_ITSELF = "set by Postfix itself"
_SLOTS = ("", "ec", "d")
_KEYS = {"RSA": "rsa", "ECDSA": "ec", "DSS": "dsa"}


@dataclass(frozen=True)
class Unit:
    """What is undone in one go; causes with equal units are undone together."""

    kind: str
    parameter: str = ""
    item: str = ""


_MODERN = Unit("certificate")
_TRUST = Unit("client certificate")


def unit_of(cause: Told, parameters: Told) -> Unit | None:
    """Return what has to be undone for a cause, None if no setting can do it."""
    setting, item = cause["setting"], cause.get("item", "")
    if setting == _ITSELF:
        return _TRUST
    if cause["cause"] == "security-level":
        return Unit("level", _list_of(setting)) if _list_of(setting) else _TRUST
    file = parameters.get("tls_config_file", "default")
    if cause["cause"] == "certificate":
        unsteady = item == "DSS" and file in materials.UNSTEADY
        return Unit("certificate", item=item) if item in ("", *_KEYS) and not unsteady else None
    if cause["cause"] == "tls13-list" and file not in ("", "default", "none"):
        return None
    return {
        "excluded": Unit("item", _name(setting), item),
        "not-in-list": Unit("list", _list_of(setting)),
        "protocol": Unit("protocols", _name(setting)),
        "group": Unit("curves"),
        "tls13-list": Unit("suites of TLS 1.3"),
    }.get(cause["cause"])


def _name(setting: str) -> str:
    found = _WORD.match(setting)
    return found.group() if found else ""


def _list_of(setting: str) -> str:
    found = _LIST.search(setting)
    return found.group() if found else ""


@dataclass(frozen=True)
class Trial:
    """A configuration with some causes undone, the suites that it must bring, and what was undone."""

    configuration: Configuration
    units: frozenset[Unit]
    expected: frozenset[str]


def trials(configuration: Configuration, told: Told, *, most: int | None = None) -> list[Trial]:
    """Return one trial for each set of causes that some suite has, those with few causes first."""
    parameters = told["parameters"]
    needed: dict[str, frozenset[Unit | None]] = {}
    for entry in told["dropped"] or ():
        causes = [entry, *entry.get("also", ())]
        units = frozenset(unit_of(cause, parameters) for cause in causes)
        needed[entry["suite"]["name"]] = units
    together: dict[frozenset[Unit | None], list[str]] = defaultdict(list)
    for name, units in needed.items():
        together[units].append(name)
    found = []
    for units in sorted(together, key=lambda one: (len(one), str(one))):
        undone = frozenset(unit for unit in units if unit is not None)
        if None in units or len(undone) < len(units):
            continue
        changes: Changes = {}
        for unit in sorted(undone, key=str):
            lacking = [name for name, own in needed.items() if unit in own]
            present = [name for name, own in needed.items() if unit not in own]
            present += [one["name"] for one in told["ciphers"] or ()]
            changes |= _undo(unit, {**parameters, **changes}, lacking, present)
        expected = frozenset(name for name, own in needed.items() if _served(own, undone))
        name = f"{configuration.name} without {', '.join(sorted(map(_shown, undone)))}"
        found.append(Trial(configuration.with_changes(name, changes), undone, expected))
    return found[:most]


def _served(needed: frozenset[Unit | None], undone: frozenset[Unit]) -> bool:
    """Tell whether nothing is in the way any more; for TLS 1.3 any certificate that it can use will do: one of RSA is tried."""
    certified = {Unit("certificate", item=key) for key in ("RSA", "ECDSA")}
    undone |= {Unit("certificate", item="RSA")} if _MODERN in undone else set()
    kept = needed - {_MODERN} if certified & undone else needed
    return kept <= undone


def _shown(unit: Unit) -> str:
    return " ".join(filter(None, (unit.kind, unit.parameter, unit.item)))


def _undo(unit: Unit, parameters: Told, lacking: list[str], present: list[str]) -> Changes:
    value = parameters.get(unit.parameter, "")
    if unit.kind == "item":
        return {unit.parameter: _without(unit.item, value)}
    if unit.kind == "list":
        return {unit.parameter: ":".join([_spelled_out(value, present), *lacking])}
    if unit.kind == "level":
        words = [word for word in re.split(r"[\s,:]+", value) if "@SECLEVEL" not in word]
        return {unit.parameter: ":".join(words)}
    if unit.kind == "protocols":
        return {unit.parameter: ""}
    if unit.kind == "client certificate":
        return {"smtpd_tls_ask_ccert": "no", "smtpd_tls_req_ccert": "no"}
    if unit.kind == "curves":
        return {"tls_eecdh_auto_curves": "X25519 prime256v1", "smtpd_tls_eecdh_grade": "auto"}
    if unit.kind == "certificate":
        return _with_certificate(_KEYS[unit.item or "RSA"], parameters)
    return {"tls_config_file": f"{materials.DIRECTORY}/every-suite.cnf"}


def _spelled_out(value: str, present: list[str]) -> str:
    """The same list without DEFAULT, which excludes the others for good: a name that is added does not bring them back."""
    first, *rest = value.split(":")
    return ":".join([*present, *rest]) if first == "DEFAULT" else value


def _without(item: str, value: str) -> str:
    separator = ":" if item[0] in "!-+" else ", "
    words = re.split(r"[\s,:]+", value)
    return separator.join(word for word in words if word and word != item)


def _with_certificate(key: str, parameters: Told) -> Changes:
    chains = parameters.get("smtpd_tls_chain_files", "")
    if chains:
        return {"smtpd_tls_chain_files": f"{chains}, {materials.DIRECTORY}/chain-{key}.pem"}
    for slot in _SLOTS:
        if parameters.get(f"smtpd_tls_{slot}cert_file", "") in ("", "none"):
            return {
                f"smtpd_tls_{slot}cert_file": f"{materials.DIRECTORY}/{key}.pem",
                f"smtpd_tls_{slot}key_file": f"{materials.DIRECTORY}/{key}.key",
            }
    return {}


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
    if gained - trial.expected:
        found.append(f"also brought {' '.join(sorted(gained - trial.expected))}")
    return found
