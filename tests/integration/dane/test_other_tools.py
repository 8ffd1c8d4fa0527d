# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict beside those of posttls-finger, ldns-dane and GnuTLS, on hundreds of combinations of real records and real chains.

Where they differ, docs/dane.md says why by section of the RFCs; any other difference fails.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import UTC, datetime

import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import chain_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._matching import judge
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import parsed
from ansible_collections.postmaster.tls.tests.support.authority import sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import (
    MX,
    Served,
    chains,
    record_sets,
)
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab
from ansible_collections.postmaster.tls.tests.support.dane_tools import ManyChains

pytestmark = pytest.mark.lab
CHAINS = chains()
OTHER = sign("other")
TITLES = list(record_sets(CHAINS["whole"], OTHER))
OF_TWO_DIGESTS = {"stronger-digest-is-stale", "ta-digest-is-stale"}
# Their leaves do not show the name of the server.
NAMELESS = {"other-name", "next-hop-name", "wide-wildcard", "common-name-beside-other"}


def excused(tool: str, title: str, name: str, *, ours: str, theirs: str) -> str | None:
    """Why a tool says something else, None where nothing excuses it."""
    if tool == "gnutls":
        return excused_of_gnutls(title, name, ours=ours, theirs=theirs)
    if tool == "postfix":
        raw_key = title == "stronger-digest-is-stale" and theirs == "match"
        return "RFC 7671 section 9, with a raw public key" if raw_key else None
    if ours == "unusable":
        return "RFC 7672 section 2.2 is about mail only"
    if name in NAMELESS and ours == "match":
        return "RFC 7671 section 5.1 came after it"
    if (title, name) == ("2-0-0-middle", "alone"):
        return "RFC 7671 section 5.2.3, for an intermediate certificate"
    return None


def excused_of_gnutls(title: str, name: str, *, ours: str, theirs: str) -> str | None:
    if ours == "unusable":
        return "RFC 7672 sections 2.2 and 3.1.3 are about mail only"
    if title in OF_TWO_DIGESTS and theirs == "match":
        return "RFC 7671 section 9"
    if name in NAMELESS | {"for-clients"} and theirs == "match":
        return "names and purposes are left to the program"
    if name in ("expired-root", "expired-middle"):
        return "the dates of the anchor itself"
    if name == "path-too-long" and theirs == "match":
        return "RFC 5280 section 6.1.4"
    if title.startswith(("2-0-0", "2-1-0")) and ours == "match":
        return "RFC 7671 section 5.2.3"
    return None


def verdict(records: t.Sequence[str], served: Served) -> str:
    chain = chain_of([one.pem for one in served.chain], "a server")
    found = judge([parsed(one) for one in records], chain, names=[MX], now=datetime.now(UTC))
    return found.status


@pytest.fixture(scope="module")
def many(lab: DaneLab) -> ManyChains:
    return ManyChains(lab, CHAINS)


@pytest.mark.parametrize("title", TITLES)
def test_the_verdict_is_that_of_other_tools(many: ManyChains, title: str) -> None:
    sets = {name: record_sets(served, OTHER)[title] for name, served in CHAINS.items()}
    many.publish(sets)
    count: Counter[str] = Counter()
    wrong = []
    for name, said in many.verdicts().items():
        ours = verdict(sets[name], CHAINS[name])
        for tool, theirs in said.items():
            same = theirs == ours
            reason = "same" if same else excused(tool, title, name, ours=ours, theirs=theirs)
            count[f"{tool}: {reason or 'different'}"] += 1
            if reason is None:
                wrong.append(f"{name}: {ours}, and {tool} says {theirs}")
    print(title, dict(count))
    assert not wrong, "\n".join(wrong)
    assert sum(count.values()) == 3 * len(CHAINS)
