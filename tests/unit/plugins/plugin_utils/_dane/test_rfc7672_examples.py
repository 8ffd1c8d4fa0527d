# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of RFC 7672 and the cases that its sections tell apart, in zones that are signed, or not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import chain_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import whole
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey, survey
from ansible_collections.postmaster.tls.tests.support.authority import NOW, Signed, sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import record
from ansible_collections.postmaster.tls.tests.support.signed_zones import validated

ROOT = sign("Root", ca=True)
ANCHOR = record(2, 0, 1, ROOT)
SHARED = f"""
example.com.                IN MX 0 mx1.example.com.
example.com.                IN MX 0 mx2.example.com.
_25._tcp.mx1.example.com.   IN CNAME tlsa201._dane.example.com.
_25._tcp.mx2.example.com.   IN CNAME tlsa201._dane.example.com.
tlsa201._dane.example.com.  IN TLSA {ANCHOR}
mx1.example.com.            IN A 192.0.2.1
mx2.example.com.            IN A 192.0.2.2
"""
NAMES = f"""
exchange.example.org.            IN CNAME mail.example.org.
mail.example.org.                IN CNAME example.com.
example.com.                     IN MX    10 mx10.example.com.
example.com.                     IN MX    15 mx15.example.com.
example.com.                     IN MX    20 mx20.example.com.
mx10.example.com.                IN A     192.0.2.10
_25._tcp.mx10.example.com.       IN TLSA  {ANCHOR}
mx15.example.com.                IN CNAME mxbackup.example.com.
mxbackup.example.com.            IN A     192.0.2.15
_25._tcp.mx15.example.com.       IN TLSA  {ANCHOR}
mx20.example.com.                IN CNAME mxbackup.example.net.
mxbackup.example.net.            IN A     198.51.100.20
_25._tcp.mxbackup.example.net.   IN TLSA  {ANCHOR}
"""
ALIASES = f"""
alias.example.com.       IN CNAME mx.example.net.
mx.example.net.          IN A 198.51.100.1
_25._tcp.mx.example.net. IN TLSA {ANCHOR}
_25._tcp.alias.example.com. IN TLSA 3 1 1 {"ab" * 32}
first.example.com.       IN CNAME middle.example.com.
middle.example.com.      IN CNAME last.example.com.
last.example.com.        IN A 192.0.2.3
_25._tcp.middle.example.com. IN TLSA {ANCHOR}
nowhere.example.com.     IN CNAME nobody.example.com.
"""
ORIGINS = ("example.com.", "example.net.", "example.org.")


def surveyed(
    text: str, name: str, *, domain: str | None = None, insecure: t.Sequence[str] = ()
) -> Survey:
    secure = [one for one in ORIGINS if one not in insecure]
    return survey(validated(text, *secure, insecure=insecure), name, 25, domain=domain)


def named(*names: str) -> Signed:
    return sign(names[0], ROOT, names=names)


def shown(found: Survey, leaf: Signed) -> dict[str, t.Any]:
    return whole(found, [chain_of([leaf.pem, ROOT.pem], "the server")], now=NOW)


def test_section_2_2_there_is_no_dane_for_an_address() -> None:
    for address in ("192.0.2.1", "[192.0.2.1]", "2001:db8::1"):
        with pytest.raises(InvalidInput, match="is an address, and TLSA records belong to a name"):
            surveyed(SHARED, address)


@pytest.mark.parametrize(
    ("insecure", "found"), [((), []), (("example.org.",), ["mx-without-dnssec"])]
)
def test_section_2_2_1_insecure_mx_records_leave_the_name_of_the_server_alone(
    insecure: tuple[str, ...], found: list[str]
) -> None:
    text = f"{SHARED}\nexample.org. IN MX 0 mx1.example.com."
    survey_of = surveyed(text, "mx1.example.com", domain="example.org", insecure=insecure)
    assert ("example.org" in survey_of.names) is not bool(insecure)
    result = shown(survey_of, named("mx1.example.com"))
    assert (result["state"], [one["code"] for one in result["findings"]]) == ("ok", found)
    other = shown(survey_of, named("example.org"))
    assert other["state"] == ("broken" if insecure else "ok")


@pytest.mark.parametrize("name", ["nobody.example.com", "nowhere.example.com"])
def test_section_2_2_2_not_found(name: str) -> None:
    result = shown(surveyed(ALIASES, name), named(name))
    assert result["state"] is None
    assert "nobody.example.com does not exist" in result["reason"]


def test_section_2_2_2_no_alias() -> None:
    found = surveyed(ALIASES, "mx.example.net")
    assert (found.base, found.insecure) == ("mx.example.net", None)


def test_section_2_2_2_an_insecure_answer_ends_the_search() -> None:
    found = surveyed(ALIASES, "mx.example.net", insecure=["example.net."])
    assert "are not secure" in (found.insecure or "")


def test_section_2_2_2_a_secure_alias_of_an_insecure_server_counts_by_its_own_name() -> None:
    found = surveyed(ALIASES, "alias.example.com", insecure=["example.net."])
    assert (found.base, found.owner) == ("alias.example.com", "_25._tcp.alias.example.com")
    assert (found.insecure, found.tlsa.secure) == (None, True)


def test_section_2_2_2_an_insecure_alias_of_an_insecure_server_has_no_dane() -> None:
    found = surveyed(ALIASES, "alias.example.com", insecure=["example.com.", "example.net."])
    assert found.insecure is not None


def test_section_2_2_2_a_secure_alias_of_a_secure_server_counts_by_where_it_leads() -> None:
    found = surveyed(ALIASES, "alias.example.com")
    assert (found.base, [one.text for one in found.records]) == ("mx.example.net", [ANCHOR])


def test_section_2_2_3_names_between_the_first_and_the_last_never_count() -> None:
    found = surveyed(ALIASES, "first.example.com")
    assert (found.base, found.records) == ("first.example.com", ())
    assert shown(found, named("middle.example.com"))["state"] == "absent"


@pytest.mark.parametrize("host", ["mx1.example.com", "mx2.example.com"])
def test_sections_2_2_3_and_3_1_2_a_shared_anchor_leaves_each_server_its_name(host: str) -> None:
    found = surveyed(SHARED, host, domain="example.com")
    assert (found.base, found.owner) == (host, "tlsa201._dane.example.com")
    assert found.names == (host, "example.com")
    assert shown(found, named(host))["state"] == "ok"
    assert shown(found, named("tlsa201._dane.example.com"))["state"] == "broken"


def test_section_3_1_1_neither_name_nor_dates_count_for_dane_ee() -> None:
    leaf = named("somebody.else.test")
    text = SHARED.replace(ANCHOR, record(3, 1, 1, leaf))
    assert shown(surveyed(text, "mx1.example.com"), leaf)["state"] == "ok"


@pytest.mark.parametrize("usage", [0, 1])
def test_section_3_1_3_the_usages_with_a_public_authority_are_not_usable(usage: int) -> None:
    leaf = named("mx1.example.com")
    text = SHARED.replace(ANCHOR, record(usage, 1, 1, leaf))
    result = shown(surveyed(text, "mx1.example.com"), leaf)
    assert [one["code"] for one in result["findings"]] == ["tlsa-unusable"]


@pytest.mark.parametrize(
    ("server", "base"),
    [
        ("mx10.example.com", "mx10.example.com"),
        ("mx15.example.com", "mx15.example.com"),
        ("mx20.example.com", "mxbackup.example.net"),
    ],
)
def test_section_3_2_2_names_on_the_way_to_a_server_by_aliases(server: str, base: str) -> None:
    found = surveyed(NAMES, server, domain="exchange.example.org")
    assert found.base == base
    assert found.names == (base, "exchange.example.org", "example.com")
    for name in found.names:
        assert shown(found, named(name))["state"] == "ok"
    for name in ("mail.example.org", "mxbackup.example.com", "mx99.example.com"):
        assert shown(found, named(name))["state"] == "broken"


def test_section_3_2_2_a_mail_domain_without_mx_records_is_a_server() -> None:
    text = f"""
    www.example.org. IN CNAME host.example.com.
    host.example.com. IN A 192.0.2.9
    _25._tcp.host.example.com. IN TLSA {ANCHOR}
    """
    found = surveyed(text, "www.example.org", domain="www.example.org")
    assert found.names == ("host.example.com", "www.example.org")
    assert found.astray is None


@pytest.mark.parametrize(
    ("presented", "fits"),
    [
        ("*.example.com", True),
        ("smtp*.example.com", False),
        ("mx*.example.com", False),
        ("*.com", False),
        ("*.mx10.example.com", False),
        ("MX10.Example.COM", True),
    ],
)
def test_section_3_2_3_a_wildcard_is_the_whole_first_label(presented: str, fits: bool) -> None:
    result = shown(surveyed(NAMES, "mx10.example.com"), named(presented))
    assert result["state"] == ("ok" if fits else "broken")
