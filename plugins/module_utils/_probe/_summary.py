# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What many results come to, in numbers."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import SEVERITIES

_HANGING: t.Final = frozenset(("no-banner", "timeout"))
_NOT_TLS: t.Final = frozenset(
    ("malformed", "not-tls", "oversized", "contradictory", "no-starttls", "starttls-refused")
)

Data = dict[str, t.Any]


def summary(results: t.Sequence[t.Mapping[str, t.Any]]) -> Data:
    """How many servers were reached, limited the probe, hang or speak no TLS that anybody understands; findings too.

    One server may count in several: one that hangs was reached if it said anything.
    """
    counts = dict.fromkeys(SEVERITIES, 0)
    for result in results:
        for finding in result["findings"]:
            counts[finding["severity"]] += 1
    return {
        "results": len(results),
        "reached": sum(result["reached"] is True for result in results),
        "unreached": sum(result["reached"] is False for result in results),
        "throttled": sum(bool(result["throttled"]) for result in results),
        "hanging": sum(hangs(result) for result in results),
        "not_tls": sum(speaks_no_tls(result) for result in results),
        "connections": sum(result["connections"] for result in results),
        "findings": counts,
    }


def hangs(result: t.Mapping[str, t.Any]) -> bool:
    """Whether the server took the connection and then let it wait for a banner, a reply or an answer to a hello."""
    return result["reached"] is not False and _reason(result) in _HANGING


def speaks_no_tls(result: t.Mapping[str, t.Any]) -> bool:
    """Whether the server offers no TLS, or answered with something else than SMTP and TLS."""
    return _reason(result) in _NOT_TLS


def _reason(result: t.Mapping[str, t.Any]) -> t.Any:
    """Why there was no handshake: before it, or in it."""
    handshake = result["handshake"]
    if handshake is None:
        return result["reason"]
    return handshake["reason"] if handshake["accepted"] is None else None


__all__ = ["hangs", "speaks_no_tls", "summary"]
