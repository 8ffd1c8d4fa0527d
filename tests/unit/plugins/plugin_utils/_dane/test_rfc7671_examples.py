# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of RFC 7671, with digests of certificates that exist here where the RFC cuts them short.

The RFC writes them for HTTPS; what is asked of them here is what holds for mail as well.
"""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Sequence

import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import chain_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._matching import judge
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import whole
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    DANE_TA,
    parsed,
    strongest,
    unusable,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey, survey
from ansible_collections.postmaster.tls.tests.support.authority import NOW, Signed, sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import record
from ansible_collections.postmaster.tls.tests.support.signed_zones import validated

ROOT = sign("Root", ca=True)
LEAF = sign("www.example.org", ROOT, names=["www.example.org"])
NEXT = sign("www.example.org", ROOT, names=["www.example.org"])
MAIL = sign("mail.example.com", ROOT, names=["mail.example.com"])
PROVIDER = sign("anything.at.all")
E8 = "2 0 1 e8b54e0b4baa815b06d3462d65fbc7c0cf556eccf9f5303ebfbb77d022f834c0"
C1 = "c164b2c3f36d068d42a6138e446152f568615f28c69bd96a73e354cac88ed00c"
HOSTING = f"""
www.example.com.              IN CNAME ex-com.example.net.
www.example.org.              IN CNAME ex-org.example.net.
ex-com.example.net.           IN A 192.0.2.1
ex-org.example.net.           IN A 192.0.2.1
_443._tcp.ex-com.example.net. IN CNAME tlsa._dane.example.net.
_443._tcp.ex-org.example.net. IN CNAME tlsa._dane.example.net.
tlsa._dane.example.net.       IN TLSA {record(3, 1, 1, PROVIDER)}
"""
COMMON_ISSUER = f"""
www1.example.com.            IN A 192.0.2.1
www2.example.com.            IN A 192.0.2.2
_443._tcp.www1.example.com.  IN CNAME tlsa._dane.example.com.
_443._tcp.www2.example.com.  IN CNAME tlsa._dane.example.com.
tlsa._dane.example.com.      IN TLSA {record(2, 0, 1, ROOT)}
"""
REDIRECTED = f"""
www1.example.com.            IN CNAME w1.example.net.
_443._tcp.www1.example.com.  IN CNAME _443._tcp.w1.example.net.
_443._tcp.w1.example.net.    IN TLSA {record(3, 1, 1, PROVIDER)}
www2.example.com.            IN CNAME w2.example.net.
_443._tcp.www2.example.com.  IN CNAME _443._tcp.w2.example.net.
_443._tcp.w2.example.net.    IN TLSA {record(2, 0, 1, ROOT)}
w1.example.net.              IN A 192.0.2.1
w2.example.net.              IN A 192.0.2.2
example.com.                 IN MX 0 mx1.example.net.
example.com.                 IN MX 0 mx2.example.net.
_25._tcp.mx1.example.net.    IN TLSA {record(3, 1, 1, PROVIDER)}
_25._tcp.mx2.example.net.    IN TLSA 3 1 1 {C1}
mx1.example.net.             IN A 192.0.2.25
mx2.example.net.             IN A 192.0.2.26
"""
BY_NAME_CHECKS = f"""
example.com.               IN MX 0 mail.example.com.
mail.example.com.          IN A 192.0.2.1
_25._tcp.mail.example.com. IN TLSA {E8}
"""


def surveyed(
    text: str, name: str, *, port: int = 443, domain: str | None = None, insecure: str = ""
) -> Survey:
    origins = ["example.com.", "example.net.", "example.org."]
    secure = [one for one in origins if one != insecure]
    look = validated(text, *secure, insecure=[insecure] if insecure else [])
    return survey(look, name, port, domain=domain)


def shown(found: Survey, *chain: Signed) -> dict[str, t.Any]:
    return whole(found, [chain_of([one.pem for one in chain], "the server")], now=NOW)


def named(name: str) -> Signed:
    return sign(name, ROOT, names=[name])


def test_section_2_1_an_example_of_a_record() -> None:
    found = parsed(E8)
    assert (found.usage, found.selector, found.matching_type, len(found.data)) == (2, 0, 1, 32)
    assert unusable(found) is None


@pytest.mark.parametrize("client", ["www.example.com", "www.example.org"])
def test_section_5_1_one_certificate_of_a_provider_for_many_domains(client: str) -> None:
    found = surveyed(HOSTING, client)
    provided = {"www.example.com": "ex-com.example.net", "www.example.org": "ex-org.example.net"}
    assert (found.base, found.owner) == (provided[client], "tlsa._dane.example.net")
    result = shown(found, PROVIDER)
    assert (result["state"], result["secure"], result["findings"]) == ("ok", True, [])


@pytest.mark.parametrize("server", ["www1.example.com", "www2.example.com"])
def test_section_5_2_two_servers_of_one_issuer(server: str) -> None:
    found = surveyed(COMMON_ISSUER, server)
    assert (found.base, found.owner) == (server, "tlsa._dane.example.com")
    assert shown(found, named(server), ROOT)["state"] == "ok"
    assert shown(found, named("www9.example.com"), ROOT)["state"] == "broken"
    assert shown(found, named(server))["state"] == "stale"


def test_section_6_a_certificate_of_the_provider_works_for_every_customer() -> None:
    found = surveyed(REDIRECTED, "www1.example.com")
    assert (found.base, found.owner) == ("w1.example.net", "_443._tcp.w1.example.net")
    assert shown(found, PROVIDER)["state"] == "ok"


def test_section_6_a_provider_that_issues_certificates() -> None:
    """Where the provider's zone is not signed, the records at the customer's own name count, and that name."""
    found = surveyed(REDIRECTED, "www2.example.com")
    assert shown(found, named("w2.example.net"), ROOT)["state"] == "ok"
    assert shown(found, named("www2.example.com"), ROOT)["state"] == "broken"
    unsigned = surveyed(REDIRECTED, "www2.example.com", insecure="example.net.")
    assert (unsigned.base, unsigned.tlsa.secure) == ("www2.example.com", False)
    assert shown(unsigned, PROVIDER)["state"] == "insecure"


@pytest.mark.parametrize("host", ["mx1.example.net", "mx2.example.net"])
def test_section_6_hosted_mail(host: str) -> None:
    found = surveyed(REDIRECTED, host, port=25, domain="example.com")
    assert (found.base, found.names) == (host, (host, "example.com"))
    state = shown(found, PROVIDER)["state"]
    assert state == ("ok" if host.startswith("mx1") else "stale")


def test_section_7_what_the_alias_leads_to_comes_first_and_the_alias_itself_after_it() -> None:
    own = f"_443._tcp.www1.example.com. IN TLSA {record(3, 1, 1, LEAF)}"
    text = "\n".join(
        line for line in REDIRECTED.splitlines() if not line.startswith("_443._tcp.www1")
    )
    both = surveyed(f"{text}\n{own}", "www1.example.com")
    assert (both.base, both.owner) == ("w1.example.net", "_443._tcp.w1.example.net")
    alone = "\n".join(line for line in text.splitlines() if not line.startswith("_443._tcp.w1."))
    only = surveyed(f"{alone}\n{own}", "www1.example.com")
    assert (only.base, only.owner) == ("www1.example.com", "_443._tcp.www1.example.com")
    assert shown(only, LEAF)["state"] == "ok"


def steps(*rows: tuple[Sequence[str], Sequence[Signed]]) -> list[tuple[str, list[str]]]:
    """The state and the codes of the findings with these records and this chain."""
    found = []
    for records, chain in rows:
        lines = [f"_443._tcp.www.example.org. IN TLSA {one}" for one in records]
        text = "\n".join(["www.example.org. IN A 192.0.2.1", *lines])
        result = shown(surveyed(text, "www.example.org"), *chain)
        found.append((result["state"], [one["code"] for one in result["findings"]]))
    return found


OLD_KEY, NEW_KEY = record(3, 1, 1, LEAF), record(3, 1, 1, NEXT)


def test_section_8_1_a_new_key_under_the_same_parameters() -> None:
    """The new record beside the old one; when caches have it, the new certificate; then without the old record."""
    both = [OLD_KEY, NEW_KEY]
    assert steps(([OLD_KEY], [LEAF]), (both, [LEAF]), (both, [NEXT]), ([NEW_KEY], [NEXT])) == [
        ("ok", []),
        ("rollover-safe", []),
        ("rollover-safe", []),
        ("ok", []),
    ]
    stale = ("stale", ["stale-tlsa"])
    assert steps(([OLD_KEY], [NEXT]), ([NEW_KEY], [LEAF])) == [stale, stale]


def test_section_8_1_the_same_key_published_again_as_dane_ee() -> None:
    before = record(1, 1, 1, LEAF)
    assert steps(([before], [LEAF]), ([OLD_KEY], [LEAF])) == [
        ("broken", ["tlsa-unusable"]),
        ("ok", []),
    ]


def test_section_8_2_from_the_key_of_the_server_to_its_issuer() -> None:
    issuer = record(2, 0, 1, ROOT)
    whole_chain = [NEXT, ROOT]
    assert steps(
        ([OLD_KEY], [LEAF]),
        ([OLD_KEY, NEW_KEY], [LEAF]),
        ([OLD_KEY, NEW_KEY], whole_chain),
        ([issuer], whole_chain),
    ) == [("ok", []), ("rollover-safe", []), ("rollover-safe", []), ("ok", [])]


def test_section_8_2_the_transition_that_the_section_warns_of_is_a_finding() -> None:
    """3 1 1 for the old key alone beside 2 0 1 for the new chain alone: senders that know both deliver, others may not."""
    both = [OLD_KEY, record(2, 0, 1, ROOT)]
    combination = ["tlsa-combination"]
    assert steps((both, [LEAF]), (both, [NEXT, ROOT])) == [
        ("rollover-safe", combination),
        ("rollover-safe", combination),
    ]


def test_section_8_3_another_digest_for_every_key_at_once() -> None:
    """Agility is by usage and selector: a stronger digest of one key alone would leave the other key out."""
    weak, strong = [OLD_KEY, NEW_KEY], [record(3, 1, 2, LEAF), record(3, 1, 2, NEXT)]
    assert steps((weak, [LEAF]), ([*weak, *strong], [LEAF]), ([*weak, strong[0]], [LEAF])) == [
        ("rollover-safe", []),
        ("rollover-safe", []),
        ("ok", []),
    ]
    assert steps(([*weak, strong[0]], [NEXT])) == [("broken", ["tlsa-unfit"])]


def test_section_8_4_every_combination_fits_what_is_served() -> None:
    """Of the four safe changes each leaves every combination with a record of the chain of today; the reverse order does not."""
    full = record(3, 0, 1, LEAF)
    assert steps(([OLD_KEY, full], [LEAF]))[0] == ("ok", [])
    assert steps(([OLD_KEY, record(3, 0, 1, NEXT)], [LEAF])) == [
        ("rollover-safe", ["tlsa-combination"])
    ]


_KEY = (
    "3059301306072a8648ce3d020106082a8648ce3d0301070342000471cb1f504f9e4b33971376c005445dacd33cd79a28"
    "81c3ded1981f18e7aaa76609dd0e4ef28265c82703030ad60c5dba6fb8a9397ac0fcf06d424c885d484887"
)  # fmt: skip


def test_section_9_full_data_and_the_strongest_digest_count() -> None:
    """The digests of the RFC are those of its key, so all three records are for one key."""
    der = bytes.fromhex(_KEY)
    texts = [
        f"3 1 1 {hashlib.sha256(der).hexdigest()}",
        f"3 1 2 {hashlib.sha512(der).hexdigest()}",
        f"3 1 0 {_KEY}",
    ]
    assert texts[0].startswith("3 1 1 3fe246a848798236dd2ab78d39f0651d")
    assert texts[1].startswith("3 1 2 d4f5af015b46c5057b841c7e7bab759c")
    records = [parsed(one) for one in texts]
    assert [unusable(one) for one in records] == [None] * 3
    assert [one.text for one in strongest(records)] == texts[1:]


@pytest.mark.parametrize(
    ("chain", "fits"),
    [
        ([MAIL, ROOT], True),
        ([named("example.com"), ROOT], True),
        ([named("www.example.com"), ROOT], False),
        ([sign("mail.example.com", ROOT), ROOT], True),
        ([sign("mail.example.com", ROOT, names=["www.example.com"]), ROOT], False),
    ],
    ids=["the-base-domain", "the-mail-domain", "another-name", "common-name", "common-name-unused"],
)
def test_section_10_2_which_names_a_certificate_may_show(chain: list[Signed], fits: bool) -> None:
    found = surveyed(BY_NAME_CHECKS, "mail.example.com", port=25, domain="example.com")
    assert (found.base, found.names) == ("mail.example.com", ("mail.example.com", "example.com"))
    assert [one.text for one in found.records] == [E8]
    anchored = [parsed(record(DANE_TA, 0, 1, ROOT))]
    served = chain_of([one.pem for one in chain], "the server")
    verdict = judge(anchored, served, names=found.names, now=NOW)
    assert (verdict.status == "match") is fits
