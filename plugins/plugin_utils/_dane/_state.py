# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The state of a name: what its TLSA records and its certificates come to for the mail that validating senders have for it."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import Chain
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._matching import Verdict
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    DANE_EE,
    DANE_TA,
    Record,
    kept,
    strongest,
    unusable,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey

Name = t.Literal[
    "absent", "insecure", "bogus", "ok", "stale", "rollover-safe", "wait", "broken"
]  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A chain and the verdict on it."""

    chain: Chain
    verdict: Verdict


@dataclass(frozen=True)
class Published:
    """Since when the records are what they are, and how long caches may have kept what was there before, in seconds."""

    at: datetime
    previous_ttl: int | None = None


@dataclass(frozen=True)
class State:
    """``name`` is None where the state is not determined; ``wait_until`` is given with ``wait``."""

    name: Name | None
    reason: str | None = None
    wait_until: datetime | None = None


def state_of(
    survey: Survey,
    judged: Sequence[Judged],
    *,
    now: datetime,
    next_covered: bool | None = None,
    published: Published | None = None,
    unseen: Sequence[str] = (),
) -> State:
    """The state, the worst of all chains; ``next_covered`` tells whether the records fit a next certificate, if there is one.

    ``unseen`` are the reasons why there may be chains that nobody saw: they leave open whether all chains fit.
    """
    told = _by_lookup(survey)
    if told is not None:
        return told
    told = _by_worst(judged)
    if told is not None:
        return told
    if unseen or not judged:
        return State(None, unseen[0] if unseen else "no certificate was seen")
    until = _caches_until(survey.records, published)
    if until is not None and now < until:
        return State("wait", "caches may still hold the records of before", until)
    if next_covered is False:
        return State("ok", "the records do not fit the next certificate yet")
    if next_covered or _spare(survey.records, judged):
        return State("rollover-safe")
    return State("ok")


def usable_anywhere(survey: Survey) -> bool | None:
    """Whether senders look at the records at all; None where that is not determined."""
    told = _by_lookup(survey)
    return True if told is None else None if told.name is None else False


def _by_lookup(survey: Survey) -> State | None:
    trouble = survey.trouble
    if trouble is not None:
        return State("bogus" if trouble.status == "bogus" else None, trouble.reason)
    if survey.missing:
        return State(None, survey.missing)
    if survey.tlsa.denied:
        return State("absent", survey.elsewhere or survey.tlsa.reason)
    if survey.insecure:
        return State("insecure", survey.insecure)
    unsure = (
        one for one in (survey.tlsa, *survey.hosts) if one.status == "found" and one.secure is None
    )
    one = next(unsure, None)
    return None if one is None else State(None, one.reason)


def _by_worst(judged: Sequence[Judged]) -> State | None:
    bad = [one.verdict for one in judged if one.verdict.status != "match"]
    broken = [one for one in bad if one.status == "unusable" or one.matches]
    worst = (broken or bad)[:1]
    if not worst:
        return None
    return State("broken" if broken else "stale", worst[0].reason)


def _caches_until(records: Sequence[Record], published: Published | None) -> datetime | None:
    if published is None:
        return None
    seconds = published.previous_ttl
    if seconds is None:
        seconds = max((record.ttl or 0 for record in records), default=0)
    return published.at + timedelta(seconds=kept(seconds))


def _spare(records: Sequence[Record], judged: Sequence[Judged]) -> bool:
    """Whether a record that senders heed is for another certificate than those that are there, or each fits by its issuer too."""
    matched = {match.record.wire for one in judged for match in one.verdict.matches}
    heeded = strongest([record for record in records if unusable(record) is None])
    if any(record.wire not in matched for record in heeded):
        return True
    return all(
        {match.record.usage for match in one.verdict.matches if match.authenticates}
        >= {DANE_EE, DANE_TA}
        for one in judged
    )


__all__ = ["Judged", "Published", "State", "state_of", "usable_anywhere"]
