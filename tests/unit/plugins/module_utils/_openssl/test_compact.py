# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._compact import compact

MODERN, RARE = "0xC02F", "0x0005"


def dropped(setting: str) -> list[dict[str, t.Any]]:
    return [
        {"suite": {"code": code}, "reason": "excluded by X", "setting": setting}
        for code in (MODERN, RARE)
    ]


def host(*settings: str) -> list[dict[str, t.Any]]:
    services = [
        {"name": f"{number}/inet", "dropped": dropped(setting)}
        for number, setting in enumerate(settings)
    ]
    return [{"config_directory": "/etc/postfix", "services": services}]


def test_what_fits_stays_as_it_is() -> None:
    found = host("a", "a")
    before = copy.deepcopy(found)
    compact(found)
    assert found == before


def test_first_what_is_said_twice_goes() -> None:
    found = host("a", "b", "a")
    compact(found, most=500)
    first, second, third = found[0]["services"]
    assert (first["dropped"], second["dropped"]) == (dropped("a"), dropped("b"))
    assert (third["dropped"], third["dropped_as"]) == (None, "/etc/postfix 0/inet")
    assert "dropped_more" not in first


def test_then_what_no_sender_offers() -> None:
    found = host("a", "a")
    compact(found, most=10)
    first, second = found[0]["services"]
    assert ([one["suite"]["code"] for one in first["dropped"]], first["dropped_more"]) == (
        [MODERN],
        1,
    )
    assert second["dropped_as"] == "/etc/postfix 0/inet"
    assert "dropped_more" not in second


def test_server_names_and_policies_that_are_said_twice_go_too() -> None:
    found = host("a", "b")
    names, policy = [{"name": "mx.example.test"}], [{"destination": "example.test"}]
    for service in found[0]["services"]:
        service.update(server_names=list(names), policies=list(policy))
    compact(found, most=10)
    first, second = found[0]["services"]
    assert (first["server_names"], first["policies"]) == (names, policy)
    assert (second["server_names"], second["server_names_as"]) == (None, "/etc/postfix 0/inet")
    assert (second["policies"], second["policies_as"]) == (None, "/etc/postfix 0/inet")


def test_certificates_take_their_share() -> None:
    found = host("a", "a")
    compact(found, most=10_000, certificates=6)
    assert found[0]["services"][1]["dropped_as"]
