# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options of sendmail undo a cause that the facts name."""

from __future__ import annotations

import re

from mtadiff.sendmail.configuration import DIRECTORY, Configuration
from mtadiff.sendmail.generator import SUITES_13
from mtadiff.undo import KEYS, Changes, Told, Trial, Unit, too_small
from mtadiff.undo import trials as trials_by

_SEPARATORS = re.compile(r"[\s,:]+")


class SendmailUndoing:
    """Undoes what the facts of the daemon name."""

    def __init__(self, told: Told, configuration: Configuration) -> None:
        self._told = told
        self._alone = "," not in ",".join(configuration.values("ServerCertFile"))
        self._unsteady = f"EOPENSSL_CONF={DIRECTORY}/signatures.cnf" in configuration.lines
        self._rejected = any(
            "OpenSSL's default list" in cause["reason"]
            for entry in told["dropped"] or ()
            for cause in (entry, *entry.get("also", ()))
        )

    def units(self, cause: Told) -> frozenset[Unit] | None:
        kind, setting, item = cause["cause"], cause["setting"], cause.get("item", "")
        unit = Unit(kind, item=item if kind in ("certificate", "excluded") else "")
        possible = {
            "certificate": self._alone
            and item in ("", *KEYS)
            and not too_small(item, self._told)
            and not (item == "DSS" and self._unsteady),
            "excluded": "OpenSSL's default" not in cause["reason"],
            "not-in-list": True,
            "protocol": "MinProtocol" not in setting,
            "security-level": True,
            "tls13-list": setting.startswith("CipherSuites = "),
            "dh": True,
        }
        if not possible.get(kind):
            return None
        return frozenset({unit._replace(kind="protocols") if kind == "protocol" else unit})

    def changes(
        self, unit: Unit, configuration: Configuration, lacking: list[str], present: list[str]
    ) -> Changes:
        value = (configuration.values("CipherList") or [""])[-1]
        words = [] if self._rejected else [word for word in _SEPARATORS.split(value) if word]
        if unit.kind == "excluded":
            return {"CipherList": [":".join(word for word in words if word != unit.item)]}
        if unit.kind == "not-in-list":
            by_default = not words or words[0] == "DEFAULT"
            spelled = [*_older(present), *words[1:]] if by_default else [value]
            return {"CipherList": [":".join([*spelled, *_older(lacking)])]}
        if unit.kind == "security-level":
            kept = [word for word in words if "@SECLEVEL" not in word]
            return {"CipherList": [":".join([*(kept or _older(present + lacking)), "@SECLEVEL=0"])]}
        if unit.kind == "certificate":
            return _with_certificate(KEYS[unit.item or "RSA"], configuration)
        return {
            "protocols": {"ServerSSLOptions": []},
            "tls13-list": {"CipherSuites": [":".join(SUITES_13)]},
            "dh": {"DHParameters": ["2048"]},
        }[unit.kind]


def _older(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith("TLS_")]


def _with_certificate(key: str, configuration: Configuration) -> Changes:
    certificate, own = (
        ",".join(configuration.values(name)) for name in ("ServerCertFile", "ServerKeyFile")
    )
    return {
        "ServerCertFile": [f"{certificate},{DIRECTORY}/{key}.pem"],
        "ServerKeyFile": [f"{own},{DIRECTORY}/{key}.key"],
    }


def trials(configuration: Configuration, told: Told, *, most: int | None = None) -> list[Trial]:
    """Return the trials of a configuration."""
    return trials_by(configuration, told, SendmailUndoing(told, configuration), most=most)
