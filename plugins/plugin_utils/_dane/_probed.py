# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The check dane of the probe: what it saw at one address, compared with the TLSA records of the host."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import where
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import is_address
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._addresses import (
    ToAsk,
    leading_back,
    to_ask,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import chain_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import (
    Transport,
    exchange,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._options import Lookup
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import brief, unknown
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey, survey

Data = dict[str, t.Any]


class Surveys:
    """Looks each host up once, however many addresses it has. Every look-up has bounds of its own."""

    def __init__(self, now: datetime, *, transport: Transport = exchange) -> None:
        self._now = now
        self._transport = transport
        self._known: dict[tuple[str, int, str | None, int], Survey] = {}

    def brief(
        self, raw: Mapping[str, t.Any], lookup: Lookup, *, domain: str | None
    ) -> tuple[Data, list[Data]]:
        """What ``dane`` is for a raw result of the module, and the findings."""
        host, port = str(raw["host"]), int(raw["port"])
        if is_address(host):
            return unknown("TLSA records belong to a name, and host is an address"), []
        try:
            found = self._surveyed(host, port, lookup, domain)
        except InvalidInput as error:
            return unknown(str(error)), []
        place = where(str(raw["address"] or host), port)
        chains = [chain_of(pems, place) for pems in raw["_chains"]]
        unseen = () if chains else (str(raw.get("message") or "no certificate was seen"),)
        return brief(found, chains, now=self._now, unseen=unseen)

    def to_ask(self, host: str, port: int, lookup: Lookup, *, domain: str | None) -> ToAsk | None:
        """The addresses of a host by these name servers; None where the host is an address."""
        if is_address(host):
            return None
        try:
            return to_ask(self._surveyed(host, port, lookup, domain))
        except InvalidInput as error:
            return ToAsk(unasked=(str(error),))

    def resolved(self, result: Data, lookup: Lookup, *, domain: str | None, left_out: bool) -> Data:
        """A result with what these name servers said of the addresses: that there is none, or, where asked, which ones were left out."""
        host, port = str(result["host"]), int(result["port"])
        asked = self.to_ask(host, port, lookup, domain=domain)
        if asked is None:
            return {**result, "resolved_by": None}
        found, message = list(result["findings"]), result["message"]
        if not asked.addresses:
            found = [
                {**one, "evidence": asked.unasked[0]} if one["evidence"] == message else one
                for one in found
            ]
            message = asked.unasked[0]
        elif left_out:
            found += [
                finding("not-determined", where=where(host, port), evidence=one).as_dict()
                for one in (*asked.unasked, *asked.unsettled)
            ]
        found += leading_back(result)
        by = [str(one) for one in lookup.servers]
        return {**result, "message": message, "findings": found, "resolved_by": by}

    def _surveyed(self, host: str, port: int, lookup: Lookup, domain: str | None) -> Survey:
        key = (host, port, domain, id(lookup))
        if key not in self._known:
            look = lookup.begun(now=self._now, transport=self._transport)
            self._known[key] = survey(look, host, port, domain=domain)
        return self._known[key]


__all__ = ["Surveys"]
