# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""How to look up, from the options that tlsa_info and starttls_probe share."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import ByResolver, Look
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import (
    Server,
    Transport,
    exchange,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import (
    Resolver,
    given_or_own,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._signatures import load_anchors
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._validation import Validator
from ansible_collections.postmaster.tls.plugins.plugin_utils._dnspython import require_dnspython

#: The options of the controller's half, with which the module of the same name has nothing to do.
NAMES: t.Final = ("domain", "resolver", "trust_resolver", "validate", "trust_anchor")
_WAYS: t.Final = ("resolver", "self")


@dataclass(frozen=True)
class Lookup:
    """Which servers to ask, and whose word on DNSSEC counts: a resolver's, or what the anchors prove."""

    servers: tuple[Server, ...]
    trusted: bool
    anchors: Mapping[t.Any, Sequence[t.Any]] | None

    def begun(self, *, now: datetime, transport: Transport = exchange) -> Look:
        """A look-up of one name, with bounds of its own; ``now`` is aware."""
        resolver = Resolver(self.servers, transport=transport)
        if self.anchors is None:
            return ByResolver(resolver, trusted=self.trusted or resolver.local)
        return Validator(
            lambda name, rdtype: resolver.ask(name, rdtype, unchecked=True),
            self.anchors,
            now=now.timestamp(),
        )


def lookup_of(options: Mapping[str, t.Any]) -> Lookup:
    """Read the options. Raises PostmasterTlsError."""
    require_dnspython()
    way = options.get("validate") or "resolver"
    if way not in _WAYS:
        raise InvalidInput(f"validate is {way!r}, and can be {' or '.join(_WAYS)}.")
    anchor = options.get("trust_anchor")
    if way == "self" and not anchor:
        raise InvalidInput(
            "validate is self, which needs trust_anchor: a file with DS or DNSKEY records to begin at."
        )
    servers = given_or_own(_listed(options.get("resolver")))
    return Lookup(
        tuple(servers),
        trusted=bool(options.get("trust_resolver")),
        anchors=load_anchors(str(anchor)) if way == "self" else None,
    )


def _listed(value: t.Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    if not isinstance(value, Sequence):
        raise InvalidInput(f"resolver is {value!r}, and has to be a list of IP addresses.")
    return [str(one) for one in value]


__all__ = ["NAMES", "Lookup", "lookup_of"]
