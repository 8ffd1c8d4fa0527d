# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._collect import (
    parse_parameters,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._macros import Macros
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._master import parse_master
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import (
    TlsService,
    client_level,
    host_addresses,
    server_level,
    tls_services,
)
from ansible_collections.postmaster.tls.tests.support.scripted_commands import text_of

ALL_INTERFACES = {"inet_interfaces": "all", "inet_protocols": "all"}


def recorded(version: str = "3.11.7") -> dict[str, TlsService]:
    parameters = parse_parameters(text_of(version, "all.txt"))
    return {
        one.name: one for one in tls_services(parse_master(text_of(version, "M.txt")), parameters)
    }


def only(line: str, **parameters: str) -> TlsService:
    (service,) = tls_services(parse_master(line), {**ALL_INTERFACES, **parameters})
    return service


@pytest.mark.parametrize("version", ["3.5.25", "3.11.7"])
def test_every_service_that_does_tls_is_found_in_order(version: str) -> None:
    found = recorded(version)
    assert [(one.name, one.direction, one.lane) for one in found.values()] == [
        ("smtp/inet", "inbound", "mx"),
        ("smtp/unix", "outbound", "outbound"),
        ("relay/unix", "outbound", "outbound"),
        ("submission/inet", "inbound", "submission"),
        ("198.51.100.11:2525/inet", "inbound", "mx"),
        ("24/inet", "inbound", "mx"),
        ("smtpd/pass", "inbound", "mx"),
        ("[::1]:26/inet", "inbound", "submission"),
    ]


def test_an_override_reaches_what_refers_to_it() -> None:
    found = recorded()
    name = "smtpd_tls_mandatory_exclude_ciphers"
    assert found["smtp/inet"].macros.value(name) == "SHA1 CAMELLIA"
    assert found["[::1]:26/inet"].macros.value(name) == "SHA1 CAMELLIA"
    assert found["submission/inet"].macros.value(name) == "aNULL, kRSA"
    assert found["submission/inet"].macros.value("mua_excludes") == "SHA1 AESGCM"


def test_postscreen_and_tlsproxy_are_one_service() -> None:
    service = recorded()["24/inet"]
    assert service.daemons == ("postscreen", "tlsproxy")
    assert service.macros.value("tlsproxy_tls_exclude_ciphers") == "RC4"
    assert service.overrides == {"tlsproxy_tls_exclude_ciphers": "RC4"}


def test_postscreen_without_tlsproxy_has_no_tls() -> None:
    service = only("24 inet n - n - 1 postscreen", postscreen_tls_security_level="may")
    assert (service.daemons, service.level) == (("postscreen",), "none")


@pytest.mark.parametrize(
    ("line", "interfaces", "protocols", "expected"),
    [
        ("smtp inet n - y - - smtpd", "all", "all", [("0.0.0.0", 25), ("::", 25)]),
        ("smtp inet n - y - - smtpd", "all", "ipv4", [("0.0.0.0", 25)]),
        (
            "587 inet n - y - - smtpd",
            "loopback-only",
            "ipv4, ipv6",
            [("127.0.0.1", 587), ("::1", 587)],
        ),
        (
            "smtp inet n - y - - smtpd",
            "192.0.2.1, [2001:db8::1]",
            "all",
            [("192.0.2.1", 25), ("2001:db8::1", 25)],
        ),
        ("198.51.100.11:smtp inet n - y - - smtpd", "all", "all", [("198.51.100.11", 25)]),
        ("[2001:db8::2]:465 inet n - y - - smtpd", "all", "all", [("2001:db8::2", 465)]),
        ("nosuchport inet n - y - - smtpd", "all", "all", []),
        ("smtpd pass - - n - - smtpd", "all", "all", []),
    ],
)
def test_where_a_service_listens(
    line: str, interfaces: str, protocols: str, expected: list[tuple[str, int]]
) -> None:
    service = only(line, inet_interfaces=interfaces, inet_protocols=protocols)
    assert [(one.address, one.port) for one in service.listen] == expected


@pytest.mark.parametrize(
    ("line", "lane"),
    [
        ("smtp inet n - y - - smtpd", "mx"),
        (
            "25 inet n - y - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes",
            "mx",
        ),
        ("submission inet n - y - - smtpd", "submission"),
        ("465 inet n - y - - smtpd", "submission"),
        ("4650 inet n - y - - smtpd -o smtpd_tls_wrappermode=yes", "submission"),
        (
            "2587 inet n - y - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes",
            "submission",
        ),
        ("10025 inet n - y - - smtpd", "mx"),
    ],
)
def test_the_lane_of_a_listener(line: str, lane: str) -> None:
    assert only(line).lane == lane


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ({}, "none"),
        ({"smtpd_tls_security_level": "may"}, "may"),
        ({"smtpd_tls_security_level": "ENCRYPT"}, "encrypt"),
        ({"smtpd_tls_security_level": "secure"}, "encrypt"),
        ({"smtpd_tls_security_level": "none", "smtpd_enforce_tls": "yes"}, "none"),
        ({"smtpd_tls_security_level": "none", "smtpd_tls_wrappermode": "yes"}, "encrypt"),
        ({"smtpd_enforce_tls": "yes"}, "encrypt"),
        ({"smtpd_use_tls": "yes"}, "may"),
        ({"smtpd_tls_security_level": "mey"}, None),
    ],
)
def test_the_level_of_a_server(values: dict[str, str], level: str | None) -> None:
    assert server_level(Macros(values), prefix="smtpd_tls") == level


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ({}, "none"),
        ({"smtp_tls_security_level": "Dane"}, "dane"),
        ({"smtp_use_tls": "yes"}, "may"),
        ({"smtp_enforce_tls": "yes"}, "encrypt"),
        ({"smtp_enforce_tls": "yes", "smtp_tls_enforce_peername": "yes"}, "verify"),
    ],
)
def test_the_level_of_a_client(values: dict[str, str], level: str) -> None:
    assert client_level(Macros(values)) == level


ADDRESSES = {"mx.example.test": {"ipv4": "198.51.100.11", "ipv6": "2001:db8::11"}}


def addresses_of(name: str, families: t.Collection[str]) -> list[str]:
    return [address for family, address in ADDRESSES.get(name, {}).items() if family in families]


def listening(line: str, **parameters: str) -> list[str]:
    values = {**ALL_INTERFACES, "myhostname": "mx.example.test", **parameters}
    (service,) = tls_services(parse_master(line), values, addresses_of)
    return [one.address for one in service.listen]


@pytest.mark.parametrize(
    ("line", "interfaces", "protocols", "addresses"),
    [
        ("smtp", "$myhostname", "all", ["198.51.100.11", "2001:db8::11"]),
        ("smtp", "$myhostname", "ipv4", ["198.51.100.11"]),
        ("smtp", "mx.example.test, 127.0.0.1", "ipv6", ["2001:db8::11", "127.0.0.1"]),
        ("smtp", "other.example.test", "all", ["other.example.test"]),
        ("mx.example.test:2525", "127.0.0.1", "ipv4", ["198.51.100.11"]),
        ("localhost:10025", "all", "all", ["localhost"]),
        ("[::1]:10025", "all", "all", ["::1"]),
    ],
)
def test_a_name_means_the_addresses_that_it_has_on_the_host(
    line: str, interfaces: str, protocols: str, addresses: list[str]
) -> None:
    words = {"inet_interfaces": interfaces, "inet_protocols": protocols}
    assert listening(f"{line} inet n - n - - smtpd", **words) == addresses


def test_the_host_itself_says_which_addresses_a_name_has() -> None:
    assert host_addresses("localhost", ["ipv4"]) == ["127.0.0.1"]
    assert host_addresses("127.0.0.1", ["ipv6"]) == []
    assert host_addresses("no-such-host.invalid", ["ipv4", "ipv6"]) == []
    assert host_addresses("x" * 80 + ".example.test", ["ipv4"]) == []


@pytest.mark.parametrize(
    ("address", "local"), [("127.0.0.1", True), ("198.51.100.11", False), ("localhost", True)]
)
def test_what_listens_for_the_host_itself_alone_is_local(address: str, local: bool) -> None:
    assert only(f"{address}:10025 inet n - n - - smtpd").local is local
