# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arrangements of records that RFC 6698 appendix A.2.1 and RFC 7671 section 7 show, for a mail server in a signed zone."""

from __future__ import annotations

import dns.name
import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Resolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey, survey
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._validation import Validator
from ansible_collections.postmaster.tls.tests.support.signed_zones import NOW, Resolving, SignedZone

DIGEST = "536a570ac49d9ba4" * 4
ZONE = f"""
sub6 300 IN A 192.0.2.1
_25._tcp.sub6 300 IN TLSA 3 1 1 {DIGEST}
sub5 300 IN CNAME sub6
_25._tcp.sub5 300 IN CNAME _25._tcp.sub6
own 300 IN CNAME bare
_25._tcp.own 300 IN TLSA 3 1 1 {DIGEST}
bare 300 IN A 192.0.2.6
both 300 IN CNAME sub6
_25._tcp.both 300 IN TLSA 3 1 1 {"00" * 32}
host 300 IN A 192.0.2.5
_25._tcp.host 300 IN CNAME _25._tcp.sub6
branch 300 IN A 192.0.2.2
_tcp.branch 300 IN DNAME _tcp.sub6
any 300 IN A 192.0.2.3
*._tcp.any 300 IN TLSA 3 1 1 {DIGEST}
mail 300 IN A 192.0.2.4
_25._tcp.mail 300 IN CNAME tlsa201._dane
tlsa201._dane 300 IN TLSA 2 0 1 {DIGEST}
"""


def surveyed(name: str, *, port: int = 25, iterations: int | None = None) -> Survey:
    zone = SignedZone(dns.name.from_text("example.test."), ZONE, iterations=iterations)
    resolver = Resolver([Server("127.0.0.1")], transport=Resolving(zone))
    look = Validator(
        lambda name, rdtype: resolver.ask(name, rdtype, unchecked=True),
        {zone.origin: [zone.ds]},
        now=NOW,
    )
    return survey(look, f"{name}.example.test", port)


@pytest.mark.parametrize("iterations", [None, 1], ids=["nsec", "nsec3"])
@pytest.mark.parametrize(
    ("name", "owner", "record"),
    [
        ("sub5", "_25._tcp.sub6", "3 1 1"),
        ("host", "_25._tcp.sub6", "3 1 1"),
        ("branch", "_25._tcp.sub6", "3 1 1"),
        ("any", "_25._tcp.any", "3 1 1"),
        ("mail", "tlsa201._dane", "2 0 1"),
        ("own", "_25._tcp.own", "3 1 1"),
        ("both", "_25._tcp.sub6", "3 1 1"),
    ],
    ids=[
        "rfc6698-a.2.1.1-cname-of-the-host",
        "rfc6698-a.2.1.1-cname-of-the-records",
        "rfc6698-a.2.1.2-dname",
        "rfc6698-a.2.1.3-wildcard",
        "one-anchor-for-many-services",
        "rfc6698-a.2.1.1-record-at-the-alias-alone",
        "rfc6698-a.2.1.1-record-at-both-of-which-rfc7671-section-7-takes-the-target",
    ],
)
def test_the_records_are_found_and_secure(
    name: str, owner: str, record: str, iterations: int | None
) -> None:
    found = surveyed(name, iterations=iterations)
    assert [one.text for one in found.records] == [f"{record} {DIGEST}"]
    assert (found.owner, found.tlsa.secure) == (f"{owner}.example.test", True)
    assert found.insecure is None


def test_a_wildcard_is_for_every_port_and_no_other_is() -> None:
    assert len(surveyed("any", port=587).records) == 1
    other = surveyed("sub6", port=587)
    assert (other.tlsa.denied, other.tlsa.secure, other.records) == (True, True, ())


def test_rfc7671_section_7_the_name_where_the_alias_leads_is_the_one_that_counts() -> None:
    found = surveyed("sub5")
    assert (found.base, found.names) == ("sub6.example.test", ("sub6.example.test",))
