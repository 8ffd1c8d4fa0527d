# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Why a suite is offered or not: one answer for each service, in a sentence."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

Facts = t.Mapping[str, t.Any]
Suites = tuple[Suite, ...]


def wanted_suites(names: t.Iterable[str]) -> Suites:
    """The suites of these names of OpenSSL or IANA, or code points such as 0xC02F. Raises InvalidInput for another."""
    found = []
    for name in names:
        suite = _suites.by_name(name)
        if suite is None and name[:2].lower() == "0x":
            try:
                suite = _suites.by_code(int(name, 16))
            except ValueError:
                suite = None
        if suite is None:
            raise InvalidInput(
                f"why: {name} is not a cipher suite: expected a name of OpenSSL or IANA, such as ECDHE-RSA-AES128-GCM-SHA256, "
                "or a code point, such as 0xC02F."
            )
        found.append(suite)
    return tuple(found)


def _sentence(cause: Facts) -> str:
    reason, setting = cause["reason"], cause["setting"]
    return reason if setting in ("none", "") else f"{reason} ({setting})"


def _absent(service: Facts, library: str) -> dict[str, t.Any]:
    absent = {"offered": False, "also": []}
    if not service["protocols"]:
        setting = f"security level {service['security_level']}"
        reason = "the service has no TLS"
        return {**absent, "reason": reason, "setting": setting, "cause": "no-tls"}
    reason = f"{library or 'this library'} does not have it"
    return {**absent, "reason": reason, "setting": "none", "cause": "library"}


def _answer(suite: Suite, service: Facts, library: str) -> dict[str, t.Any]:
    nothing: dict[str, t.Any] = {
        "protocols": [],
        "reason": None,
        "setting": None,
        "cause": None,
        "also": [],
    }
    code = f"0x{suite.code:04X}"
    for one in service["ciphers"] or ():
        if one["code"] == code:
            text = f"It is offered in {', '.join(one['protocols'])}."
            return {**nothing, "offered": True, "protocols": one["protocols"], "text": text}
    found = next((one for one in service["dropped"] or () if one["suite"]["code"] == code), None)
    if found is None and service["ciphers"] is None:
        return {**nothing, "offered": None, "text": "It could not be found out; see the findings."}
    cause = (
        {"offered": False, "also": [], **{key: found[key] for key in found if key != "suite"}}
        if found
        else _absent(service, library)
    )
    texts = [_sentence(one) for one in (cause, *cause["also"])]
    return {**nothing, **cause, "text": f"It is not offered: {'; and also: '.join(texts)}."}


def why(suites: Suites, instances: t.Iterable[Facts]) -> list[dict[str, t.Any]]:
    """For each suite and each service: offered (None if not determined), reason, setting, what else, and a sentence."""
    return [
        {
            "suite": suite.as_dict(),
            "config_directory": instance["config_directory"],
            "service": service["name"],
            **_answer(suite, service, instance["library"]["version"] or ""),
        }
        for suite in suites
        for instance in instances
        for service in instance["services"]
    ]


__all__ = ["Suites", "wanted_suites", "why"]
