# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the facts of sendmail at their word: undoes exactly the settings that they name."""

from __future__ import annotations

import re
import typing as t
from collections import defaultdict
from dataclasses import dataclass

from mtadiff.sendmail.configuration import DIRECTORY, Configuration
from mtadiff.sendmail.generator import SUITES_13
from mtadiff.undo import Unit

Told = t.Mapping[str, t.Any]
Options = dict[str, list[str]]
_KEYS = {"RSA": "rsa", "ECDSA": "ec", "DSS": "dsa"}
_ANY_KEY = Unit("certificate")


@dataclass(frozen=True)
class Trial:
    """A configuration with some causes undone, the suites that it must bring, and what was undone."""

    configuration: Configuration
    units: frozenset[Unit]
    expected: frozenset[str]


def unit_of(cause: Told, configuration: Configuration) -> Unit | None:
    """Return what has to be undone for a cause, None if no option can do it."""
    kind, setting, item = cause["cause"], cause["setting"], cause.get("item", "")
    if kind == "certificate":
        single = len(",".join(configuration.values("ServerCertFile")).split(",")) == 1
        too_strict = any("@SECLEVEL=3" in one for one in configuration.values("CipherList"))
        usable = single and not too_strict and item in ("", *_KEYS)
        return Unit(kind, item=item) if usable else None
    if kind in ("excluded", "not-in-list"):
        own = "OpenSSL's default" not in cause["reason"] or kind == "not-in-list"
        return Unit(kind, item=item) if own else None
    if kind == "protocol":
        return None if "MinProtocol" in setting else Unit(kind)
    if kind == "security-level":
        return None if "too weak" in cause["reason"] else Unit(kind)
    if kind == "tls13-list":
        return Unit(kind) if setting.startswith("CipherSuites = ") else None
    return Unit(kind) if kind == "dh" else None


def trials(configuration: Configuration, told: Told, *, most: int | None = None) -> list[Trial]:
    """Return one trial for each set of causes that some suite has, those with few causes first."""
    needed = {
        entry["suite"]["name"]: frozenset(
            unit_of(cause, configuration) for cause in (entry, *entry.get("also", ()))
        )
        for entry in told["dropped"] or ()
    }
    together: dict[frozenset[Unit | None], list[str]] = defaultdict(list)
    for name, units in needed.items():
        together[units].append(name)
    found = []
    for units in sorted(together, key=lambda one: (len(one), str(one))):
        undone = frozenset(unit for unit in units if unit is not None)
        keys = [unit for unit in undone if unit.kind == "certificate"]
        if None in units or not undone or len(keys) > 1:
            continue
        changed = configuration
        for unit in sorted(undone, key=str):
            lacking = [name for name, own in needed.items() if unit in own and own <= undone]
            present = [one["name"] for one in told["ciphers"] or ()]
            present += [name for name, own in needed.items() if own <= undone - {unit}]
            name = f"{changed.name} without {unit.kind} {unit.item}"
            changed = changed.with_options(name, _undo(unit, changed, lacking, present))
        expected = frozenset(name for name, own in needed.items() if _served(own, undone))
        found.append(Trial(changed, undone, expected))
    return found[:most]


def _served(needed: frozenset[Unit | None], undone: frozenset[Unit]) -> bool:
    certified = {Unit("certificate", item=key) for key in ("RSA", "ECDSA")}
    kept = needed - {_ANY_KEY} if certified & undone else needed
    return kept <= undone


def _undo(
    unit: Unit, configuration: Configuration, lacking: list[str], present: list[str]
) -> Options:
    value = (configuration.values("CipherList") or [""])[-1]
    if unit.kind == "excluded":
        words = [word for word in re.split(r"[\s,:]+", value) if word != unit.item]
        return {"CipherList": [":".join(words)]}
    if unit.kind == "not-in-list":
        first, *rest = re.split(r"[\s,:]+", value)
        spelled = [*_listed(present), *rest] if first in ("", "DEFAULT") else [value]
        return {"CipherList": [":".join([*spelled, *lacking])]}
    if unit.kind == "security-level":
        words = [word for word in re.split(r"[\s,:]+", value) if "@SECLEVEL" not in word]
        spelled = words if any(words) else _listed(present + lacking)
        return {"CipherList": [":".join([*spelled, "@SECLEVEL=0"])]}
    if unit.kind == "protocol":
        return {"ServerSSLOptions": []}
    if unit.kind == "tls13-list":
        return {"CipherSuites": [":".join(SUITES_13)]}
    if unit.kind == "dh":
        return {"DHParameters": ["2048"]}
    return _with_certificate(_KEYS[unit.item or "RSA"], configuration)


def _listed(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith("TLS_")]


def _with_certificate(key: str, configuration: Configuration) -> Options:
    certificate, own = (
        ",".join(configuration.values(name)) for name in ("ServerCertFile", "ServerKeyFile")
    )
    return {
        "ServerCertFile": [f"{certificate},{DIRECTORY}/{key}.pem"],
        "ServerKeyFile": [f"{own},{DIRECTORY}/{key}.key"],
    }
