# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._targets import (
    inbound_services,
    is_wrapped,
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


@pytest.mark.parametrize(
    ("parameters", "level", "wrapped"),
    [
        ({"smtpd_tls_wrappermode": "YES"}, "may", True),
        ({"smtpd_tls_wrappermode": True}, "may", True),
        ({"smtpd_tls_wrappermode": "true"}, "may", True),
        ({"smtpd_tls_wrappermode": "no"}, "encrypt", False),
        ({"DaemonPortOptions": "Name=TLSMTA, M=s"}, "encrypt", True),
        ({"DaemonPortOptions": "Name=MTA"}, "may", False),
        ({"DaemonPortOptions": "Name=MTA", "smtpd_tls_wrappermode": "yes"}, "may", False),
        (None, "encrypt", False),
    ],
)
def test_only_what_says_so_speaks_tls_from_the_first_byte(
    parameters: dict[str, object] | None, level: str, wrapped: bool
) -> None:
    """Modifier s of DaemonPortOptions is SMTPS (sendmail's op.me); smtpd_tls_wrappermode is that of postconf(5)."""
    told = {**service("any", ("", 465)), "parameters": parameters, "security_level": level}
    assert is_wrapped(told) is wrapped
    (target,) = probe_targets([told], address="198.51.100.11")
    assert target["tls_mode"] == ("implicit" if wrapped else "starttls")


def test_a_service_that_listens_nowhere_is_no_target() -> None:
    silent = {**service("lmtp/unix"), "listen": None}
    assert probe_targets([silent, service("smtp/inet")], address="198.51.100.11") == []


def test_a_target_says_what_it_is() -> None:
    seen = service("smtp/inet", ("2001:db8::5", 25))
    (target,) = probe_targets([seen], address="198.51.100.11", certificates=[{"file": "a"}])
    assert target["label"] == "smtp/inet at 2001:db8::5 port 25"
    assert (target["service"], target["certificates"]) == (seen, [{"file": "a"}])


def test_the_same_address_and_port_is_probed_once() -> None:
    twice = service("smtp/inet", ("", 25), ("0.0.0.0", 25), ("::", 25))
    assert len(probe_targets([twice], address="198.51.100.11")) == 1


def test_a_listen_address_that_is_none_is_refused_in_one_sentence() -> None:
    with pytest.raises(
        InvalidInput, match=r"smtp/inet listens at 'mx\.example\.test', which is no IP"
    ):
        probe_targets([service("smtp/inet", ("mx.example.test", 25))], address="198.51.100.11")


def test_what_the_host_said_of_a_name_is_passed_on() -> None:
    """The words are those of the findings of sendmail's services."""
    doubt = "mx.example.test has 192.0.2.1, 192.0.2.2; sendmail took the first that it was told"
    findings = [
        {"code": "not-determined", "evidence": "something else"},
        {"code": "not-determined", "evidence": f"where it listens: {doubt}"},
    ]
    named = {**service("MTA", ("mx.example.test", 25)), "findings": findings}
    with pytest.raises(InvalidInput) as caught:
        probe_targets([named], address="198.51.100.11")
    assert f"and at which address is not known ({doubt})" in str(caught.value)


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


@pytest.mark.parametrize("mta", ["Postfix", "exim"])
def test_a_mail_server_that_nobody_knows_has_no_services_to_be_silent_about(mta: str) -> None:
    with pytest.raises(InvalidInput, match=f"no mail server '{mta}' in the facts: give postfix or"):
        inbound_services(FACTS, mta)
