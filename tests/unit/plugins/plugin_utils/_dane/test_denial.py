# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which chains of NSEC3 records prove anything (RFC 5155 section 8.2), and what the only record of a chain covers."""

from __future__ import annotations

from types import SimpleNamespace

import dns.dnssec
import dns.name
import dns.rdata
import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._denial import Hashed

ZONE = dns.name.from_text("example.test.")
APEX = dns.dnssec.nsec3_hash(ZONE, None, 0, 1)


def alone(algorithm: int = 1, flags: int = 0) -> Hashed:
    """The only record of a zone leads back to itself."""
    rdata = dns.rdata.from_text("IN", "NSEC3", f"{algorithm} {flags} 0 - {APEX} NS SOA MX")
    one = SimpleNamespace(name=dns.name.from_text(APEX, ZONE), rdatas=[rdata])
    return Hashed([one], ZONE)  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("algorithm", "flags", "fit"), [(1, 0, True), (1, 1, True), (2, 0, False), (1, 2, False)]
)
def test_an_unknown_hash_or_flag_proves_nothing(algorithm: int, flags: int, fit: bool) -> None:
    assert alone(algorithm, flags).fit is fit


@pytest.mark.parametrize("name", ["a", "b", "mx1", "_25._tcp.mx1"])
def test_the_only_record_covers_every_other_name(name: str) -> None:
    assert alone().covered(dns.name.from_text(name, ZONE)) is True
    assert alone().covered(ZONE) is False
