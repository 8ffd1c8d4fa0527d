# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.


from __future__ import annotations

import typing as t
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import Chain
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._matching import judge
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    DANE_EE,
    PUBLIC_KEY,
    Record,
    associated,
    strongest,
    unusable,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._report import (
    chains_data,
    findings_of,
    iso,
    matches_data,
    records_data,
    zone_lines,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._state import (
    Judged,
    Published,
    State,
    state_of,
    usable_anywhere,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import (
    Survey,
    exchanges,
)

Data = dict[str, t.Any]


@dataclass(frozen=True)
class Coming:
    """The next certificate, or its key alone (SubjectPublicKeyInfo)."""

    chain: Chain | None = None
    key: bytes | None = None

    @property
    def keys(self) -> tuple[bytes, ...]:
        key = self.key if self.chain is None else self.chain.certificates[0].key
        return () if key is None else (key,)


def whole(
    survey: Survey,
    chains: Sequence[Chain],
    *,
    now: datetime,
    unseen: Sequence[str] = (),
    coming: Coming | None = None,
    published: Published | None = None,
) -> Data:
    """The result of tlsa_info; ``unseen`` says of each address where a certificate was not seen why not."""
    judged = _judged(survey, chains, now=now)
    covered = None if coming is None else covers(survey, coming, now=now)
    unseen = (*unseen, *survey.unsettled)
    state = state_of(
        survey, judged, now=now, next_covered=covered, published=published, unseen=unseen
    )
    keys = [*_keys(chains), *(coming.keys if coming else ())]
    return {
        "records": records_data(survey.records),
        "secure": _secure(survey),
        "state": state.name,
        "reason": state.reason,
        "wait_until": iso(state.wait_until),
        "covers_next": covered,
        "matches": matches_data(survey.records, judged),
        "chains": chains_data(judged),
        "publish": zone_lines(survey, keys),
        "lookup": lookup_data(survey),
        "findings": _findings(survey, judged, state, unseen),
    }


def brief(
    survey: Survey, chains: Sequence[Chain], *, now: datetime, unseen: Sequence[str] = ()
) -> tuple[Data, list[Data]]:
    """What the check dane of the probe returns, and its findings; ``unseen`` says why there is no chain."""
    judged = _judged(survey, chains, now=now)
    state = state_of(survey, judged, now=now, unseen=unseen)
    data = {
        "status": _status(state, judged),
        "reason": state.reason,
        "secure": _secure(survey),
        "records": records_data(survey.records),
        "matches": matches_data(survey.records, judged),
        "publish": zone_lines(survey, _keys(chains)),
        "lookup": lookup_data(survey),
    }
    return data, _findings(survey, judged, state, survey.unsettled)


def unknown(reason: str) -> Data:
    """What the check dane returns where there is nothing to compare."""
    return {
        "status": None,
        "reason": reason,
        "secure": None,
        "records": [],
        "matches": [],
        "publish": [],
        "lookup": None,
    }


def _findings(
    survey: Survey, judged: Sequence[Judged], state: State, unseen: Sequence[str]
) -> list[Data]:
    found = findings_of(survey, judged, state)
    for one in unseen:
        missing = finding("not-determined", where=survey.owner, evidence=one).as_dict()
        found += [missing] if missing not in found else []
    return found


def _status(state: State, judged: Sequence[Judged]) -> str | None:
    """The probe's word for a state: match, mismatch, unusable, absent, insecure, bogus, or None."""
    if state.name in (None, "absent", "insecure", "bogus"):
        return state.name
    statuses = {one.verdict.status for one in judged}
    return next(one for one in ("mismatch", "unusable", "match") if one in statuses)


def lookup_data(survey: Survey) -> Data:
    """How the records were found, or why they were not."""
    return {
        "status": survey.tlsa.status,
        "name": survey.owner,
        "base": survey.base,
        "names": list(survey.names),
        "addresses": list(survey.addresses),
        "reason": survey.tlsa.reason,
        "mx": _mx(survey),
    }


def _mx(survey: Survey) -> Data | None:
    found = survey.mx
    if found is None:
        return None
    return {"status": found.status, "secure": found.secure, "hosts": list(exchanges(found))}


def covers(survey: Survey, coming: Coming, *, now: datetime) -> bool | None:
    """Whether the published records fit the next certificate; None where it is not determined what is published."""
    relied_on = usable_anywhere(survey)
    if not relied_on:
        return relied_on
    if coming.chain is not None:
        verdict = judge(survey.records, coming.chain, names=survey.names, now=now)
        return verdict.status == "match"
    usable = strongest([one for one in survey.records if unusable(one) is None])
    return any(_for_key(record, key) for record in usable for key in coming.keys)


def _for_key(record: Record, key: bytes) -> bool:
    if (record.usage, record.selector) != (DANE_EE, PUBLIC_KEY):
        return False
    return record.data == associated(key, record.matching_type)


def _judged(survey: Survey, chains: Sequence[Chain], *, now: datetime) -> list[Judged]:
    return [
        Judged(chain, judge(survey.records, chain, names=survey.names, now=now))
        for chain in chains
        if chain.certificates
    ]


def _keys(chains: Sequence[Chain]) -> Iterator[bytes]:
    for chain in chains:
        key = chain.certificates[0].key if chain.certificates else None
        if key is not None:
            yield key


def _secure(survey: Survey) -> bool | None:
    """Whether senders may rely on the records: they, or their absence, and the addresses are secure."""
    if survey.insecure:
        return False
    told = (survey.tlsa, *(one for one in survey.hosts if not one.denied))
    return None if any(one.secure is None for one in told) else all(one.secure for one in told)


__all__ = ["Coming", "brief", "covers", "lookup_data", "unknown", "whole"]
