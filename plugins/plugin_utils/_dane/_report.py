# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What was found out about a name's DANE, as the plain data and the findings that modules return."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import (
    Certificate,
    Chain,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._matching import (
    Match,
    unmatched_kinds,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    DANE_EE,
    PUBLIC_KEY,
    Record,
    record_of,
    unusable,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._state import (
    Judged,
    State,
    usable_anywhere,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey

Data = dict[str, t.Any]
_SHA256: t.Final = 1


def record_data(record: Record) -> Data:
    """One record: its fields, and why it is not usable."""
    reason = unusable(record)
    return {
        "usage": record.usage,
        "selector": record.selector,
        "matching_type": record.matching_type,
        "data": record.data.hex(),
        "ttl": record.ttl,
        "record": record.text,
        "usable": reason is None,
        "reason": reason,
    }


def records_data(records: Sequence[Record]) -> list[Data]:
    """The records."""
    return [record_data(record) for record in records]


def matches_data(records: Sequence[Record], judged: Sequence[Judged]) -> list[Data]:
    """For each record and chain the certificate that it is for, and for a record of none of them one entry without."""
    found = []
    for record in records:
        own = [
            _match(match, one.chain)
            for one in judged
            for match in one.verdict.matches
            if match.record.wire == record.wire
        ]
        found += own or [_entry(record, None, authenticates=False, reason=_why_not(record))]
    return found


def _match(match: Match, chain: Chain) -> Data:
    certificate = None
    if match.depth is not None:
        one = chain.certificates[match.depth]
        certificate = {"source": chain.source, "depth": match.depth, **_certificate(one)}
    reason = match.reason
    if certificate is None:
        certificate = {"source": chain.source, "depth": None}
        reason = "the record holds the trust anchor itself"
    return _entry(match.record, certificate, authenticates=match.authenticates, reason=reason)


def _entry(
    record: Record, certificate: Data | None, *, authenticates: bool, reason: str | None
) -> Data:
    return {
        "usage": record.usage,
        "selector": record.selector,
        "matching_type": record.matching_type,
        "record": record.text,
        "certificate": certificate,
        "authenticates": authenticates,
        "reason": reason,
    }


def _why_not(record: Record) -> str:
    return unusable(record) or "it is for no certificate that was seen"


def _certificate(one: Certificate) -> Data:
    return {"subject": one.subject, "sha256": one.sha256, "spki_sha256": one.key_sha256}


def chains_data(judged: Sequence[Judged]) -> list[Data]:
    """The chains, with the verdict that a validating sender comes to."""
    return [
        {
            "source": one.chain.source,
            **_certificate(one.chain.certificates[0]),
            "status": one.verdict.status,
            "reason": one.verdict.reason,
        }
        for one in judged
    ]


def zone_lines(survey: Survey, keys: Iterable[bytes]) -> list[str]:
    """The lines to publish for keys (SubjectPublicKeyInfo): 3 1 1, as RFC 7671 section 5.1 recommends."""
    ttl = f" {survey.tlsa.ttl}" if survey.tlsa.ttl is not None else ""
    return [f"{survey.owner}.{ttl} IN TLSA {key_record(key).text}" for key in dict.fromkeys(keys)]


def key_record(key: bytes) -> Record:
    """The record 3 1 1 for a key."""
    return record_of(DANE_EE, PUBLIC_KEY, _SHA256, hashlib.sha256(key).digest())


def findings_of(survey: Survey, judged: Sequence[Judged], state: State) -> list[dict[str, str]]:
    """What is wrong with the records, and with each chain under them."""
    where = survey.owner
    found = _of_lookup(survey, state, where)
    if survey.astray:
        found.append(_found("mx-elsewhere", where, survey.astray))
    if survey.mx is not None and survey.mx.failed:
        evidence = f"the MX records of {survey.domain}: {survey.mx.reason or survey.mx.status}"
        found.append(_found("not-determined", where, evidence))
    if not usable_anywhere(survey):
        return found
    if survey.mx is not None and survey.mx.status == "found" and survey.mx.secure is False:
        found.append(_found("mx-without-dnssec", where, survey.mx.reason or ""))
    reasons = [(record, unusable(record)) for record in survey.records]
    bad = [f"{_short(record)}: {reason}" for record, reason in reasons if reason]
    if bad and len(bad) == len(reasons):
        found.append(_found("tlsa-unusable", where, "; ".join(bad[:5])))
    elif bad:
        found.append(_found("tlsa-malformed", where, "; ".join(bad[:5])))
    for one in judged:
        if one.verdict.status == "mismatch":
            found.append(_of_mismatch(survey, one, where))
    kinds = {
        kind
        for one in judged
        if one.verdict.status == "match"
        for kind in unmatched_kinds(survey.records, one.verdict)
    }
    if kinds:
        found.append(_found("tlsa-combination", where, ", ".join(sorted(kinds))))
    return found


def _of_lookup(survey: Survey, state: State, where: str) -> list[dict[str, str]]:
    trouble = survey.trouble
    evidence = state.reason or ""
    if state.name == "bogus":
        return [_found("dane-bogus", where, evidence)]
    if trouble is not None and trouble.status == "servfail":
        return [_found("dane-lookup-failed", where, evidence)]
    if state.name == "insecure":
        return [_found("tlsa-without-dnssec", where, evidence)]
    if state.name is None:
        return [_found("not-determined", where, evidence)]
    return []


def _of_mismatch(survey: Survey, one: Judged, where: str) -> dict[str, str]:
    leaf = one.chain.certificates[0]
    records = ", ".join(_short(record) for record in survey.records[:5])
    subject = (leaf.subject or "a certificate")[:200]
    seen = f"{one.chain.source} shows {subject}, key {leaf.key_sha256}"
    if not one.verdict.matches:
        return _found("stale-tlsa", where, f"published: {records}; {seen}")
    return _found("tlsa-unfit", where, f"published: {records}; {seen}; {one.verdict.reason}")


def _short(record: Record) -> str:
    return (
        record.text
        if len(record.text) <= 140
        else f"{record.text[:40]}… ({len(record.data)} octets)"
    )


def _found(code: str, where: str, evidence: str) -> dict[str, str]:
    return finding(code, where=where, evidence=evidence).as_dict()


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = [
    "chains_data",
    "findings_of",
    "iso",
    "key_record",
    "matches_data",
    "record_data",
    "records_data",
    "zone_lines",
]
