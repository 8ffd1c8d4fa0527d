# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The shapes in which every MTA's service tells what can be negotiated."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import (
    Cause,
    Dropped,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _groups,
    _signatures,
    _suites,
)

#: What the answer to a sender is explained with.
NEEDED: t.Final = ("protocols", "ciphers", "dropped", "groups", "signatures", "dh")
FEATURES_UNKNOWN: t.Final[dict[str, t.Any]] = {
    "signatures": None,
    "session_tickets": None,
    "renegotiation": None,
    "client_certificate": None,
    "dh": None,
}
NO_FEATURES: t.Final[dict[str, t.Any]] = {**FEATURES_UNKNOWN, "signatures": []}
NOT_DETERMINED: t.Final[dict[str, t.Any]] = {
    "protocols": None,
    "ciphers": None,
    "dropped": None,
    "groups": None,
    **FEATURES_UNKNOWN,
}
NOTHING: t.Final[dict[str, t.Any]] = {
    "protocols": [],
    "ciphers": [],
    "dropped": [],
    "groups": [],
    **NO_FEATURES,
}

#: What is known of the library of an instance where nobody could ask it.
NO_LIBRARY: t.Final[dict[str, t.Any]] = {
    "path": None,
    "version": None,
    "differs_from_command": None,
    "built_with": None,
    "config": None,
}


def _cipher_dict(code: int, result: Effective) -> dict[str, t.Any]:
    suite = _suites.by_code(code)
    return {
        **_suites.shape_of(code),
        "protocols": [one.label for one in result.protocols if code in result.suites[one]],
        "bits": suite.bits if suite else None,
        "authentication": suite.authentication if suite else None,
        "key_exchange": suite.key_exchange if suite else None,
    }


def _cause_dict(one: Cause) -> dict[str, str]:
    found = {"reason": one.reason, "setting": one.setting, "cause": one.kind}
    return {**found, "item": one.item} if one.item else found


def dropped_dict(one: Dropped) -> dict[str, t.Any]:
    """A suite that nobody can get, why, and what else keeps it away."""
    first, *more = (_cause_dict(cause) for cause in one.causes)
    found = {"suite": _suites.shape_of(one.code, one.name), **first}
    return {**found, "also": more} if more else found


def negotiable(result: Effective, dropped: t.Sequence[Dropped]) -> dict[str, t.Any]:
    """protocols, ciphers, dropped and groups."""
    return {
        "protocols": [one.label for one in result.protocols],
        "ciphers": [_cipher_dict(code, result) for code in result.order()],
        "dropped": [dropped_dict(one) for one in dropped],
        "groups": [_groups.name_of(code) for code in result.groups] if result.suites else [],
    }


def dh_dict(result: Effective, source: str) -> dict[str, t.Any] | None:
    """The primes of DHE, and where they come from: a file, or how they are made. None without DHE."""
    sizes = sorted({*result.dh, *result.anonymous_dh})
    if not sizes:
        return None
    kind, _colon, path = source.partition(":")
    return {"bits": min(result.dh or sizes), "sizes": sizes, "source": path or kind}


def signature_names(result: Effective) -> list[str]:
    """The schemes that a server signs with, or a client offers, each once."""
    codes = dict.fromkeys(code for found in result.signatures.values() for code in found)
    return [_signatures.name_of(code) for code in codes]


__all__ = [
    "FEATURES_UNKNOWN",
    "NEEDED",
    "NOTHING",
    "NOT_DETERMINED",
    "NO_FEATURES",
    "NO_LIBRARY",
    "dh_dict",
    "dropped_dict",
    "negotiable",
    "signature_names",
]
