# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a mail host: what the facts predict of each inbound service, beside what a probe of it sees, as JSON."""

from __future__ import annotations

import json
import sys
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._host_facts import (
    HostOptions,
    host_facts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._run import run

CHECKS = ("handshake", "protocols", "ciphers", "groups")


def predicted(service: dict[str, t.Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for suite in service["ciphers"]:
        for protocol in suite["protocols"]:
            found.setdefault(protocol, []).append(suite["name"])
    return found


def seen(service: dict[str, t.Any]) -> dict[str, t.Any]:
    port = service["listen"][0]["port"]
    implicit = service["parameters"].get("smtpd_tls_wrappermode") == "yes"
    target = Target("127.0.0.1", port, implicit=implicit, checks=CHECKS, connections=2)
    return report(probe(target))


def compare(service: dict[str, t.Any]) -> dict[str, t.Any]:
    got = seen(service)
    return {
        "name": service["name"],
        "ordered": service["parameters"]["tls_preempt_cipherlist"] == "yes",
        "predicted": predicted(service),
        "seen": {
            protocol: [suite["name"] for suite in suites]
            for protocol, suites in (got.get("ciphers") or {}).items()
            if suites
        },
        "predicted_groups": service["groups"],
        "seen_groups": [one["name"] for one in got.get("groups") or () if one["accepted"]],
        "findings": [one["code"] for one in service["findings"]],
    }


def whole(instance: dict[str, t.Any], service: dict[str, t.Any], key: str) -> t.Any:
    """What a service has, or, where its facts were shortened, the earlier service that it names."""
    by_place = {
        f"{instance['config_directory']} {one['name']}": one for one in instance["services"]
    }
    return by_place[service[f"{key}_as"]][key] if f"{key}_as" in service else service.get(key)


def main() -> None:
    options = HostOptions(frozenset({"postfix"}))
    (instance,) = host_facts(options, run=run).facts["postfix"]
    services = instance["services"]
    told = {
        "version": instance["version"],
        "services": [
            {**compare(one), "server_names": whole(instance, one, "server_names")}
            for one in services
            if one["listen"]
        ],
        "policies": {
            one["name"]: whole(instance, one, "policies") for one in services if "policies" in one
        },
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
