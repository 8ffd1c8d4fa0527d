# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
from itertools import combinations

from mtalab.network import SUBNETS
from mtalab.scenarios import HOSTS

DOCUMENTATION = [
    ipaddress.ip_network(text) for text in ("198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def test_every_address_is_for_documentation() -> None:
    for subnet in SUBNETS:
        for host in HOSTS.values():
            for text in (subnet.address(host.number), subnet.address6(host.number)):
                assert any(ipaddress.ip_address(text) in allowed for allowed in DOCUMENTATION)


def test_labs_side_by_side_share_no_address() -> None:
    for one, other in combinations(SUBNETS, 2):
        assert not one.v4.overlaps(other.v4)
        assert not one.v6.overlaps(other.v6)
        assert one.mac(11) != other.mac(11)


def test_the_first_lab_has_the_addresses_of_the_documentation() -> None:
    assert SUBNETS[0].address(HOSTS["mx1"].number) == "198.51.100.11"
    assert SUBNETS[0].address6(HOSTS["mx1"].number) == "2001:db8:25::11"
    assert SUBNETS[0].address(HOSTS["sender"].number) == "198.51.100.21"
