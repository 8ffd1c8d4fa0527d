# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dns.name
import dns.rdatatype
import dns.zone
import pytest
from mtalab import zones
from mtalab.scenarios import SCENARIOS

FACTS = zones.Facts(
    name_server=("198.51.100.41", "2001:db8:25::41"),
    second_server=("198.51.100.42", "2001:db8:25::42"),
    mail_server=("198.51.100.11", "2001:db8:25::11"),
    sendmail=("sm-trixie", ("198.51.100.31", "2001:db8:25::31")),
    nobody="198.51.100.60",
    served=("aa" * 32, "bb" * 32),
    served_by_sendmail=("dd" * 32, "ee" * 32),
    issuer="cc" * 32,
)
TEXTS = zones.texts(FACTS)


@pytest.mark.parametrize("name", sorted(TEXTS.keys() - {"malformed.test"}))
def test_every_zone_is_one_that_another_library_reads(name: str) -> None:
    zone = dns.zone.from_text(TEXTS[name], origin=dns.name.from_text(name), relativize=False)
    assert zone.get_rdataset(zone.origin or "", "NS") is not None


def test_every_zone_below_test_is_delegated() -> None:
    delegated = {line.split()[0] for line in TEXTS["test"].splitlines() if " NS " in line}
    below = {name.removesuffix(".test") for name in TEXTS if name.count(".") == 1 and name != "."}
    assert below <= delegated


def test_name_servers_come_up_before_those_who_ask_them() -> None:
    for name in ("dane", "case2", "acme"):
        servers, others = SCENARIOS[name].waves
        assert {host.name for host in servers} == {"ns1", "ns2"}
        assert {"mx1", "sender", "sender-dane"} == {host.name for host in others}


def test_a_scenario_without_dns_has_one_wave() -> None:
    assert SCENARIOS["clean"].waves[0] == ()
