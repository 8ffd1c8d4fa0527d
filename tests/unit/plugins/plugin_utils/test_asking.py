# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a sendmail asks for a certificate: what has to change in its options and in its access map."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._access import parse_access
from ansible_collections.postmaster.tls.plugins.plugin_utils._asking import asking_candidate

MAP = """\
Srv_Features:\tV
Srv_Features:192.0.2.1\tP V
srv_features:192.0.2.1\tS
Srv_Features:192.0.2\tv D
Srv_Features:mx.example.org\tV
TLS_Clt:192.0.2.9\tENCR:112
"""


def facts(options: str = "", access: str = "") -> dict[str, t.Any]:
    parameters = {"TLSSrvOptions": options} if options else {}
    services = [{"direction": "outbound", "parameters": {}}]
    services.append({"direction": "inbound", "parameters": parameters})
    policies = [one.as_dict() for one in parse_access(access)]
    return {"sendmail": [{"services": services, "access_policies": policies}]}


@pytest.mark.parametrize(
    ("options", "whom", "wanted"),
    [
        ("", "none", "V"),
        ("V", "none", "V"),
        ("C", "none", "C,V"),
        ("Verify,C", "asked", "C"),
        ("Verify, C", "asked", None),
        ("C, V", "none", "C,V"),
        ("C, V", "asked", "C, V"),
        ("V,C", "none", "V,C"),
        ("V", "asked", None),
        ("", "asked", None),
    ],
)
def test_other_letters_of_the_option_stay(options: str, whom: str, wanted: str | None) -> None:
    assert asking_candidate(facts(options), whom) == {
        "options": {"TLSSrvOptions": wanted},
        "access": {},
    }


def test_nothing_is_touched_unasked() -> None:
    assert asking_candidate(facts("V", MAP)) == {"options": {}, "access": {}}


def test_an_empty_list_has_all_asked_again() -> None:
    assert asking_candidate(facts(access=MAP), exempt=[])["access"] == {
        "Srv_Features:": None,
        "Srv_Features:192.0.2.1": "P",
        "Srv_Features:mx.example.org": None,
    }


def test_those_of_the_list_are_not_asked_and_keep_their_letters() -> None:
    wanted = ["192.0.2", "MX.example.org", "IPv6:2001:db8:0:0:0:0:0:1"]
    assert asking_candidate(facts(access=MAP), exempt=wanted)["access"] == {
        "Srv_Features:": None,
        "Srv_Features:192.0.2": "D V",
        "Srv_Features:IPv6:2001:db8:0:0:0:0:0:1": "V",
    }


ENTRIES = """\
Srv_Features:\tA L
Srv_Features:192.0.2\tP v
Srv_Features:example.org\tR X
Srv_Features:198.51\tSKIP
Srv_Features:IPv6:2001:db8\tD
"""


@pytest.mark.parametrize(
    ("peer", "value"),
    [
        ("203.0.113.9", "A L V"),
        ("192.0.2.9", "P V"),
        ("192.0", "A L V"),
        ("mx.a.example.org", "X V"),
        ("mx.example.com", "A L V"),
        ("198.51.100.9", "A L V"),
        ("IPv6:2001:db8:0:0:0:0:0:1", "D V"),
        ("IPv6:2001:db8::1", "D V"),
    ],
)
def test_a_new_entry_says_the_rest_of_what_it_hides(peer: str, value: str) -> None:
    access = asking_candidate(facts(access=ENTRIES), exempt=[peer])["access"]
    assert access[f"Srv_Features:{peer}"] == value
    again = "".join(f"{key}\t{text}\n" for key, text in access.items() if text) + ENTRIES
    changed = asking_candidate(facts(access=again), exempt=[peer])["access"]
    assert f"Srv_Features:{peer}" not in changed


@pytest.mark.parametrize(
    ("value", "whom", "exempt", "wanted"),
    [
        ("V", "asked", None, {"Srv_Features:": None}),
        ("A V L", "asked", None, {"Srv_Features:": "A L"}),
        ("R", "asked", None, {"Srv_Features:": None}),
        ("V", "unchanged", [], {"Srv_Features:": None}),
        ("v A", "none", None, {"Srv_Features:": "A"}),
        ("V A", "none", [], {}),
        ("v A", "asked", [], {}),
        ("A", "none", None, {}),
        ("V", "unchanged", None, {}),
    ],
)
def test_the_entry_for_everybody_says_the_same_as_the_option(
    value: str, whom: str, exempt: list[str] | None, wanted: dict[str, str | None]
) -> None:
    found = asking_candidate(facts(access=f"srv_features:\t{value}\n"), whom, exempt)
    assert found["access"] == wanted


def test_an_address_that_sendmail_never_looks_up_is_refused() -> None:
    with pytest.raises(InvalidInput, match="write IPv6:2001:db8:0:0:0:0:0:1, or as its log has it"):
        asking_candidate(facts(), exempt=["2001:db8::1"])


def test_another_word_is_refused() -> None:
    with pytest.raises(InvalidInput, match="expected unchanged, asked, none"):
        asking_candidate(facts(), "nobody")
