# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._targets import (
    inbound_services,
    probe_targets,
)


def service(name: str, *listen: tuple[str | None, int], **parameters: str) -> dict[str, object]:
    return {
        "name": name,
        "listen": [{"address": address, "port": port} for address, port in listen],
        "parameters": parameters,
    }


@pytest.mark.parametrize("everywhere", ["", None, "all", "0.0.0.0", "::", "[::]"])
def test_a_service_on_all_addresses_is_probed_at_the_address_given(everywhere: str | None) -> None:
    (target,) = probe_targets([service("smtp/inet", (everywhere, 25))], address="198.51.100.11")
    assert (target["host"], target["port"], target["from_host"]) == ("198.51.100.11", 25, False)


@pytest.mark.parametrize("loopback", ["127.0.0.1", "127.0.0.9", "::1", "[::1]", "localhost"])
def test_loopback_can_be_seen_from_the_host_only(loopback: str) -> None:
    (target,) = probe_targets([service("smtp/inet", (loopback, 25))], address="198.51.100.11")
    assert target["from_host"] is True
    assert target["host"] == loopback.strip("[]")


def test_a_bound_address_is_probed_there() -> None:
    (target,) = probe_targets([service("smtp/inet", ("203.0.113.5", 25))], address="198.51.100.11")
    assert (target["host"], target["from_host"]) == ("203.0.113.5", False)


def test_wrapper_mode_is_implicit_tls() -> None:
    (target,) = probe_targets(
        [service("smtps/inet", ("", 465), smtpd_tls_wrappermode="yes")], address="198.51.100.11"
    )
    assert target["tls_mode"] == "implicit"


def test_the_same_address_and_port_is_probed_once() -> None:
    twice = service("smtp/inet", ("", 25), ("0.0.0.0", 25), ("::", 25))
    assert len(probe_targets([twice], address="198.51.100.11")) == 1


def test_a_listen_address_that_is_none_is_refused_in_one_sentence() -> None:
    with pytest.raises(
        InvalidInput, match=r"smtp/inet listens at 'mx\.example\.test', which is no IP"
    ):
        probe_targets([service("smtp/inet", ("mx.example.test", 25))], address="198.51.100.11")


FACTS = {
    "postfix": [
        {
            "services": [
                {"name": "a", "direction": "inbound"},
                {"name": "b", "direction": "outbound"},
            ]
        },
        {"services": [{"name": "c", "direction": "inbound"}]},
    ],
    "sendmail": [{"services": [{"name": "d", "direction": "inbound"}]}],
}


@pytest.mark.parametrize(
    ("facts", "mta", "names"),
    [
        (FACTS, None, "acd"),
        (FACTS, "postfix", "ac"),
        (FACTS, "sendmail", "d"),
        ({"postfix": FACTS["postfix"]}, None, "ac"),
        ({"sendmail": None}, "sendmail", ""),
        ({}, None, ""),
    ],
)
def test_the_services_that_take_mail_are_those_of_every_instance(
    facts: dict[str, list[dict[str, object]]], mta: str | None, names: str
) -> None:
    assert [one["name"] for one in inbound_services(facts, mta)] == list(names)
