# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic updates of a real zone: what they change, what they leave alone, and what they refuse."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.action import tlsa_update
from ansible_collections.postmaster.tls.plugins.module_utils._errors import CommandFailed
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._authority import (
    NameServer,
    served,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import Record, parsed
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Resolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._update import (
    Change,
    apply,
    key_in,
    key_of,
)
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab

pytestmark = pytest.mark.lab
NAME = "updated.example.test"
OWNER = f"_25._tcp.{NAME}."
ONE, TWO = (f"3 1 1 {digits * 32}" for digits in ("aa", "bb"))
DEFAULTS: dict[str, t.Any] = {
    "name": NAME,
    "port": 25,
    "owner": None,
    "state": "present",
    "ttl": None,
    "server": None,
    "zone": None,
    "key_file": None,
    "key_name": None,
    "key_secret": None,
    "key_algorithm": "hmac-sha256",
}


@pytest.fixture
def clean(lab: DaneLab) -> DaneLab:
    lab.publish(owner=OWNER)
    return lab


def publish(lab: DaneLab, *records: str, dry: bool = False, **more: t.Any) -> dict[str, t.Any]:
    known = lab.variables
    options = {
        **DEFAULTS,
        "records": list(records),
        "resolver": [known["lab_resolver"]],
        "key_file": known["lab_tsig_key_file"],
        **more,
    }
    return tlsa_update.published(options, dry=dry)


def test_records_are_added_and_the_others_stay(clean: DaneLab) -> None:
    assert publish(clean, ONE)["lines"] == [f"{OWNER} 3600 IN TLSA {ONE}"]
    second = publish(clean, TWO)
    assert (second["changed"], second["before"], second["before_ttl"]) == (True, [ONE], 3600)
    assert clean.published("ns1", OWNER) == [ONE, TWO]
    assert publish(clean, TWO)["changed"] is False


def test_an_exact_set_leaves_no_others(clean: DaneLab) -> None:
    publish(clean, ONE, ttl=60)
    publish(clean, TWO, state="exact")
    assert clean.published("ns1", OWNER) == [TWO]
    assert publish(clean, TWO, ttl=60)["changed"] is False
    assert publish(clean, state="exact")["after"] == []
    assert clean.published("ns1", OWNER) == []


def test_a_dry_run_says_what_it_would_do(clean: DaneLab) -> None:
    would = publish(clean, ONE, dry=True)
    assert would["changed"] is True
    assert would["diff"]["after"] == f"{OWNER} 3600 IN TLSA {ONE}\n"
    assert clean.published("ns1", OWNER) == []


def test_a_record_that_is_malformed_is_removed_like_any_other(clean: DaneLab) -> None:
    known = clean.variables
    truncated = Change("example.test.", OWNER, (), (Record(bytes((3, 1))),), 5)
    apply(truncated, Server(known["lab_nameservers"][0]), key_in(known["lab_tsig_key_file"]))
    assert publish(clean, ONE, dry=True)["before"] == ["\\# 2 0301"]
    publish(clean, ONE, state="exact")
    assert clean.published("ns1", OWNER) == [ONE]


def test_who_reads_and_then_writes_cannot_undo_what_came_in_between(clean: DaneLab) -> None:
    known = clean.variables
    server = Server(known["lab_nameservers"][0])
    [read] = served(OWNER, [NameServer("ns1", (server,))], Resolver)
    clean.publish(ONE, owner=OWNER)
    change = Change("example.test.", OWNER, read.records or (), (parsed(TWO),), 5)
    with pytest.raises(CommandFailed, match="somebody else changed these records"):
        apply(change, server, key_in(known["lab_tsig_key_file"]))
    assert clean.published("ns1", OWNER) == [ONE]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"key_file": None}, "sent without a TSIG key: set 'key_file'"),
        ({"key_file": None, "key_name": "lab-update", "key_secret": "YWFh"}, "does not accept"),
        ({"server": "MX1"}, "Connection refused|does not answer"),
        ({"name": "mx.refused.test"}, "mx.refused.test"),
        ({"owner": "_25._tcp.tlsa-alias.example.test"}, "is an alias of _25._tcp.mx1.example.test"),
    ],
)
def test_what_cannot_be_updated_is_one_sentence(
    clean: DaneLab, options: dict[str, t.Any], says: str
) -> None:
    if options.get("server"):
        options = {"server": clean.on("mx1", "hostname", "-I").split()[0], "zone": "example.test"}
    with pytest.raises(CommandFailed, match=says):
        publish(clean, ONE, **options)


def test_a_key_that_the_server_does_not_know_is_named(clean: DaneLab) -> None:
    change = Change("example.test.", OWNER, (), (parsed(ONE),), 5)
    key = key_of("nobody", "hmac-sha256", "YWFhYWFhYWE=")
    with pytest.raises(CommandFailed):
        apply(change, Server(clean.variables["lab_nameservers"][0]), key)
    assert clean.published("ns1", OWNER) == []
