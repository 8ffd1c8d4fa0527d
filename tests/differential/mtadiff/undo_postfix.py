# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parameters of Postfix undo a cause that the facts name."""

from __future__ import annotations

import re

from mtadiff import materials
from mtadiff.configuration import Configuration
from mtadiff.undo import BOUNDS, KEYS, Changes, Told, Trial, Unit, too_small
from mtadiff.undo import trials as trials_by

_WORD = re.compile(r"\w+")
_LIST = re.compile(r"tls_\w+_cipherlist")
_SEPARATORS = re.compile(r"[\s,:]+")
_CLIENT_CERTIFICATE = re.compile("_ccert|set by Postfix itself")
_TRUST = Unit("client certificate")
_SLOTS = ("", "ec", "d")


class PostfixUndoing:
    """Undoes what the facts of one service name."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._parameters = told["parameters"]

    def units(self, cause: Told) -> frozenset[Unit] | None:
        kind, setting, item = cause["cause"], cause["setting"], cause.get("item", "")
        found = _LIST.search(setting)
        listed = found.group() if found else ""
        if kind == "security-level":
            trust = {_TRUST} if _CLIENT_CERTIFICATE.search(setting) else set()
            return frozenset(trust | ({Unit("level", listed)} if listed else set())) or None
        if kind == "excluded":
            by_itself = _CLIENT_CERTIFICATE.search(setting)
            return frozenset({_TRUST if by_itself else Unit("item", _first(setting), item)})
        unit = {
            "certificate": self._certificate(item),
            "tls13-list": self._tls13_list(),
            "not-in-list": Unit("list", listed),
            "protocol": BOUNDS if "MinProtocol" in setting else Unit("protocols", _first(setting)),
            "group": Unit("curves"),
        }.get(kind)
        return None if unit is None else frozenset({unit})

    @property
    def _file(self) -> str:
        return str(self._parameters.get("tls_config_file", "default"))

    def _certificate(self, item: str) -> Unit | None:
        unsteady = item == "DSS" and self._file in materials.UNSTEADY
        usable = item in ("", *KEYS) and not unsteady and not too_small(item, self._told)
        return Unit("certificate", item=item) if usable else None

    def _tls13_list(self) -> Unit | None:
        own = self._file not in ("", "default", "none")
        return None if own else Unit("suites of TLS 1.3")

    def changes(
        self, unit: Unit, configuration: Configuration, lacking: list[str], present: list[str]
    ) -> Changes:
        value = configuration.overrides.get(
            unit.parameter, self._parameters.get(unit.parameter, "")
        )
        words = [word for word in _SEPARATORS.split(value) if word]
        if unit.kind == "item":
            separator = ":" if unit.item[0] in "!-+" else ", "
            return {unit.parameter: separator.join(word for word in words if word != unit.item)}
        if unit.kind == "list":
            return {unit.parameter: ":".join([_spelled_out(value, present), *lacking])}
        if unit.kind == "level":
            return {unit.parameter: ":".join(word for word in words if "@SECLEVEL" not in word)}
        if unit.kind == "certificate":
            return self._with_certificate(KEYS[unit.item or "RSA"], configuration)
        every_suite = f"{materials.DIRECTORY}/every-suite.cnf"
        return {
            "protocols": {unit.parameter: ""},
            "bounds": {"tls_config_file": "none"},
            "client certificate": {"smtpd_tls_ask_ccert": "no", "smtpd_tls_req_ccert": "no"},
            "curves": {
                "tls_eecdh_auto_curves": "X25519 prime256v1",
                "smtpd_tls_eecdh_grade": "auto",
            },
            "suites of TLS 1.3": {"tls_config_file": every_suite},
        }[unit.kind]

    def _with_certificate(self, key: str, configuration: Configuration) -> Changes:
        parameters = {**self._parameters, **configuration.overrides}
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


def _first(setting: str) -> str:
    found = _WORD.match(setting)
    return found.group() if found else ""


def _spelled_out(value: str, present: list[str]) -> str:
    """The same list without DEFAULT, which excludes the others for good: a name that is added does not bring them back."""
    first, *rest = value.split(":")
    return ":".join([*present, *rest]) if first == "DEFAULT" else value


def trials(configuration: Configuration, told: Told, *, most: int | None = None) -> list[Trial]:
    """Return the trials of a configuration, its macros expanded."""
    expanded = {name: told["parameters"].get(name) for name in configuration.overrides}
    known = {name: value for name, value in expanded.items() if value is not None}
    plain = configuration.with_changes(configuration.name, known)
    return trials_by(plain, told, PostfixUndoing(told), most=most)
