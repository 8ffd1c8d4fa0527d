# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Whether the chain of a server is authenticated by a set of TLSA records, as a sender decides it (RFC 7671, RFC 7672)."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import Chain
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._paths import (
    UNREADABLE,
    Anchoring,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    DANE_EE,
    DANE_TA,
    Record,
    strongest,
    unusable,
)

Status = t.Literal["match", "mismatch", "unusable"]
_WEAKER: t.Final = "a stronger digest is published (RFC 7671 section 9)"


@dataclass(frozen=True)
class Match:
    """A record whose data is that of the certificate at ``depth``, and whether senders let the server in by it.

    ``depth`` is None for a bare key that signed a certificate of the chain, and for a certificate that the record itself holds.
    """

    record: Record
    depth: int | None
    authenticates: bool
    reason: str | None


@dataclass(frozen=True)
class Verdict:
    """What a validating sender makes of a chain: ``unusable`` is TLS without authentication (RFC 7672 section 2.2)."""

    status: Status
    matches: tuple[Match, ...]
    reason: str | None


def judge(
    records: Sequence[Record], chain: Chain, *, names: Sequence[str], now: datetime
) -> Verdict:
    """The verdict on one chain; ``names`` are the reference identifiers of RFC 7672 section 3.2.2, ``now`` is aware."""
    usable = [record for record in records if unusable(record) is None]
    if not usable:
        return Verdict("unusable", (), "no record is usable, so senders use TLS and verify nothing")
    effective = strongest(usable)
    leaf = chain.certificates[0]
    anchoring = Anchoring(chain.certificates, effective, names=names, now=now)
    matches: list[Match] = []
    for record in usable:
        weaker = record not in effective
        reason = _WEAKER if weaker else None
        if record.usage == DANE_EE and leaf.has(record):
            obstacle = reason or (None if leaf.readable else UNREADABLE)
            matches.append(Match(record, 0, obstacle is None, obstacle))
        elif record.usage == DANE_TA:
            matches.extend(_anchored(record, chain, anchoring, weaker=reason))
    if any(match.authenticates for match in matches):
        return Verdict("match", tuple(matches), None)
    reasons = [match.reason for match in matches if match.reason]
    said = reasons[0] if reasons else "no record is that of a certificate of the chain"
    return Verdict("mismatch", tuple(matches), said)


def unmatched_kinds(records: Sequence[Record], verdict: Verdict) -> list[str]:
    """The combinations of usage, selector and matching type that have no record which fits a chain (RFC 7671 section 8)."""
    there = {_kind(one) for one in records if unusable(one) is None}
    fitting = {
        _kind(one.record) for one in verdict.matches if one.authenticates or one.reason == _WEAKER
    }
    return sorted(there - fitting)


def _kind(record: Record) -> str:
    return f"{record.usage} {record.selector} {record.matching_type}"


def _anchored(
    record: Record, chain: Chain, anchoring: Anchoring, *, weaker: str | None
) -> list[Match]:
    depths = [depth for depth, one in enumerate(chain.certificates) if one.has(record)]
    obstacle = weaker or anchoring.obstacle(record)
    if obstacle is None:
        above = [depth for depth in depths if depth]
        return [Match(record, above[0] if above else None, True, None)]
    if depths == [0]:
        obstacle = weaker or "it names the server's own certificate, which is no trust anchor"
    return [Match(record, depths[-1], False, obstacle)] if depths else []


__all__ = ["Match", "Status", "Verdict", "judge", "unmatched_kinds"]
