# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import typing as t
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.postmaster.tls.plugins.action import tlsa_info
from ansible_collections.postmaster.tls.plugins.action.tlsa_info import (
    coming,
    given,
    published,
    served,
    targets,
    unasked,
)
from ansible_collections.postmaster.tls.plugins.doc_fragments import _dane
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.modules import tlsa_info as documentation
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import ByResolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import whole
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Resolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._state import Published
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey, survey
from ansible_collections.postmaster.tls.tests.support.authority import NOW, sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import MX
from ansible_collections.postmaster.tls.tests.support.signed_zones import Resolving, family
from ansible_collections.postmaster.tls.tests.support.waiting import at_most
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LEAF = sign(MX, names=[MX])
KEY = LEAF.key.public_key()
KEY_PEM = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
Data = dict[str, t.Any]


def options(**given_options: t.Any) -> Data:
    checked = ArgumentSpecValidator(tlsa_info._SPEC).validate({"name": MX, **given_options})
    assert checked.error_messages == []
    return t.cast(Data, checked.validated_parameters)


def surveyed(name: str = MX) -> Survey:
    resolver = Resolver([Server("127.0.0.1")], transport=Resolving(*family(), secure=True))
    return survey(ByResolver(resolver, trusted=True), name, 25)


def test_every_option_is_documented_and_nothing_else() -> None:
    own = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    shared = yaml.safe_load(_dane.ModuleDocFragment.DOCUMENTATION)["options"]
    assert set(tlsa_info._SPEC) == {*own, *shared}
    for name, entry in {**own, **shared}.items():
        spec = tlsa_info._SPEC[name]
        told = {key: entry[key] for key in ("type", "default", "choices", "required", "elements") if key in entry}  # fmt: skip
        assert told == {"type": "str", **spec}, name


def test_all_that_is_returned_is_documented_and_nothing_else() -> None:
    returned = whole(surveyed(), (), now=NOW)
    documented = yaml.safe_load(documentation.RETURN)
    assert {"name", "port", *returned} == set(documented)
    fields = documented["records"]["contains"]
    assert set(returned["records"][0]) == set(fields)


def test_a_certificate_is_given_as_text_or_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "chain.pem"
    path.write_text(LEAF.pem * 2)
    for one in ({"certificate": LEAF.pem * 2}, {"certificate_path": str(path)}):
        seen = given(options(**one))
        assert seen is not None
        assert [certificate.der for certificate in seen.chains[0].certificates] == [LEAF.der] * 2
    assert given(options()) is None


def test_a_pipe_is_not_waited_at(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with at_most(60), pytest.raises(InvalidInput, match="not a regular file"):
        given(options(certificate_path=str(path)))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        ({"certificate": "no PEM"}, "no certificate in PEM form in certificate"),
        ({"certificate_path": "/nowhere"}, "/nowhere cannot be read"),
        ({"certificate": KEY_PEM}, "no certificate in PEM form"),
    ],
)
def test_what_is_no_certificate_is_one_sentence(one: Data, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        given(options(**one))


def test_the_next_certificate_or_its_key() -> None:
    by_key = coming(options(next_public_key=KEY_PEM))
    by_chain = coming(options(next_certificate=LEAF.pem))
    assert by_key is not None
    assert by_chain is not None
    assert by_key.keys == by_chain.keys
    assert coming(options()) is None
    with pytest.raises(InvalidInput, match="openssl pkey -pubout"):
        coming(options(next_public_key=LEAF.pem))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-21T12:00:00Z", NOW),
        ("2026-11-21T13:00:00+01:00", NOW),
        ("2026-11-21T12:00:00", NOW),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
    ],
)
def test_since_when_records_are_published(text: str, at: datetime) -> None:
    assert published(options(published_at=text, previous_ttl=60)) == Published(at, 60)


def test_a_time_that_is_none_is_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="published_at is 'yesterday'"):
        published(options(published_at="yesterday"))


def test_every_address_is_asked_by_the_name_that_aliases_lead_to() -> None:
    [target] = targets(options(name="alias.example.test."), surveyed("alias.example.test"))
    assert (target["host"], target["sni"], target["address"]) == (
        "alias.example.test",
        MX,
        "203.0.113.11",
    )
    asked = targets(options(addresses=["203.0.113.7", "2001:db8::7"]), surveyed())
    assert [one["address"] for one in asked] == ["203.0.113.7", "2001:db8::7"]


def test_a_name_without_an_address_in_the_dns_is_left_to_the_probe() -> None:
    found = surveyed("nothere.example.test")
    [target] = targets(options(), found)
    assert target["every_address"] is True
    assert "address" not in target
    assert unasked(options(), found) == ()


def test_a_name_without_an_address_by_the_resolver_that_was_given_is_not_looked_for_elsewhere() -> (
    None
):
    found = surveyed("nothere.example.test")
    asked = options(resolver=["203.0.113.53"])
    assert targets(asked, found) == []
    assert "nothere.example.test does not exist" in unasked(asked, found)[0]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "255.255.255.255"])
def test_where_the_dns_has_no_address_of_a_server_nobody_else_is_asked(address: str) -> None:
    """The system's resolver would lead the probe to the same address, and so to the machine that probes."""
    found = replace(surveyed(), addresses=(address,))
    assert targets(options(), found) == []
    assert unasked(options(), found) == (f"{address} cannot be the address of a server: not asked",)


def test_a_name_that_leads_to_the_machine_that_asks_is_told_unless_the_task_says_so() -> None:
    results = [seen_at("127.0.0.1", [LEAF.pem]), seen_at("203.0.113.7", [LEAF.pem])]
    led = served([{**one, "host": MX} for one in results])
    assert (len(led.chains), led.unseen) == (2, ())
    assert [one["where"] for one in led.findings] == ["127.0.0.1:25"]
    assert served(results, named=True).findings == ()


def seen_at(address: str, *chains: list[str], doubt: str | None = None) -> Data:
    """What the probe found at an address."""
    findings = [{"code": "not-determined", "evidence": doubt}] if doubt else []
    return {"address": address, "port": 25, "_chains": [*chains], "findings": findings}


def test_what_an_address_showed_and_why_another_showed_nothing() -> None:
    seen = served(
        [
            seen_at("203.0.113.7", [LEAF.pem], [LEAF.pem]),
            {**seen_at("2001:db8::7"), "message": "connection refused"},
        ]
    )
    assert [chain.source for chain in seen.chains] == ["203.0.113.7:25"] * 2
    assert seen.unseen == ("[2001:db8::7]:25 showed no certificate: connection refused",)


def test_a_kind_of_key_that_the_probe_got_no_answer_about_may_have_another_certificate() -> None:
    """The record of that certificate is not one that nothing needs."""
    seen = served([seen_at("203.0.113.7", [LEAF.pem], doubt="no answer within 10 seconds")])
    assert len(seen.chains) == 1
    assert seen.unseen == (
        "203.0.113.7:25 may have another certificate: no answer within 10 seconds",
    )


def test_addresses_beyond_those_that_are_asked_are_not_seen() -> None:
    many = tuple(f"203.0.113.{last}" for last in range(34))
    found = replace(surveyed(), addresses=many)
    assert len(targets(options(), found)) == 32
    [why] = unasked(options(), found)
    assert "2 of the 34 addresses were not asked" in why
    assert served([seen_at("203.0.113.0", [LEAF.pem])], [why]).unseen == (why,)
    every = options(addresses=list(many))
    assert (len(targets(every, found)), unasked(every, found)) == (34, ())
    assert unasked(options(), replace(found, addresses=many[:32])) == ()
