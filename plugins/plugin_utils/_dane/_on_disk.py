# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The certificates in the files of a mail host against the published TLSA records, before a reload serves them."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import chain_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import (
    Transport,
    exchange,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._options import (
    Lookup,
    lookup_of,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import brief, unknown
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import (
    Survey,
    named,
    survey,
)

Data = dict[str, t.Any]
_PORT: t.Final = 25
_STALE: t.Final = "The TLSA records are not those of the certificate on disk, which the next start of the MTA serves"
_INSIDE: t.Final = "only services that listen on the loopback of the host serve it, so other servers do not get it from there"


def names_of(value: t.Any) -> list[str]:
    """The names that senders know a host by, from the option. Raises InvalidInput."""
    listed = value.split(",") if isinstance(value, str) else value or []
    if not isinstance(listed, Sequence) or not all(isinstance(one, str) for one in listed):
        raise InvalidInput(f"dane is {value!r}, and has to be a list of MX names of the host.")
    return [one.strip() for one in listed if one.strip()]


def comparison(
    options: Mapping[str, t.Any],
) -> Callable[[Mapping[str, t.Any], Sequence[Mapping[str, t.Any]], datetime], Data]:
    """What adds the comparison to facts, as the options of the task say. Raises PostmasterTlsError."""
    names, lookup = names_of(options["dane"]), lookup_of(options)
    for name in names:
        named(name)

    def compared(
        facts: Mapping[str, t.Any], material: Sequence[Mapping[str, t.Any]], now: datetime
    ) -> Data:
        domain = options.get("domain")
        return with_dane(facts, material, names=names, lookup=lookup, now=now, domain=domain)

    return compared


def with_dane(
    facts: Mapping[str, t.Any],
    material: Sequence[Mapping[str, t.Any]],
    *,
    names: Sequence[str],
    lookup: Lookup,
    now: datetime,
    domain: str | None = None,
    transport: Transport = exchange,
) -> Data:
    """The facts, in which each certificate of an inbound service for other servers has ``dane``, an entry for each name.

    ``material`` has the PEM chains in the order of the certificates. One that only services on the loopback serve is not compared, and its
    entries say so. Raises InvalidInput for a name that is none.
    """
    surveys = {
        name: survey(lookup.begun(now=now, transport=transport), name, _PORT, domain=domain)
        for name in names
    }
    outside, inside = (set(_of_mx_services(facts, local=local)) for local in (False, True))
    certificates, found = [], list(facts.get("findings", ()))
    for entry, raw in zip(facts["certificates"], material, strict=True):
        dane: list[Data] = []
        own: list[Data] = []
        if raw["chain"] and (entry["file"] in outside or not outside | inside):
            dane, own = _compared(entry["file"], raw["chain"], surveys, now=now)
        elif raw["chain"] and entry["file"] in inside:
            dane = [{"name": name, "port": _PORT, **unknown(_INSIDE)} for name in surveys]
        new = [one for one in own if one not in found]
        found += new
        certificates.append({**entry, "dane": dane, "findings": [*entry["findings"], *own]})
    return {**facts, "certificates": certificates, "findings": found}


def _of_mx_services(facts: Mapping[str, t.Any], *, local: bool) -> Iterator[str]:
    for instance in (*facts.get("postfix", ()), *facts.get("sendmail", ())):
        for service in instance.get("services") or ():
            takes_mail = service.get("lane") == "mx" and service.get("direction") == "inbound"
            if takes_mail and bool(service.get("local")) is local:
                yield from service.get("certificate_files") or ()


def _compared(
    file: str, pems: Sequence[str], surveys: Mapping[str, Survey], *, now: datetime
) -> tuple[list[Data], list[Data]]:
    entries, findings = [], []
    for name, found in surveys.items():
        data, own = brief(found, [chain_of(pems, file)], now=now)
        entries.append({"name": name, "port": _PORT, **data})
        stale = (one["code"] == "stale-tlsa" for one in own)
        findings += [
            {**one, "message": _STALE} if is_stale else one
            for one, is_stale in zip(own, stale, strict=True)
        ]
    return entries, findings


__all__ = ["comparison", "names_of", "with_dane"]
