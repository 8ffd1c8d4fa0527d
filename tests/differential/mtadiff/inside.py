# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a mail host: what the facts say of each inbound service, beside what a probe of it sees, as JSON."""

from __future__ import annotations

import json
import sys
import time
import typing as t
from unittest import mock

from ansible_collections.postmaster.tls.plugins.module_utils import _host_facts
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target

from mtadiff import features
from mtadiff.patience import WHOLE_PROBE, patient, run

CHECKS = ("handshake", "protocols", "ciphers", "groups", "certificates")
TRIES = 4
PAUSE = 0.5
FACTS = (
    "name",
    "cipher_string",
    "parameters",
    "protocols",
    "ciphers",
    "dropped",
    "groups",
    "findings",
    *features.FACTS,
)


def seen(service: dict[str, t.Any], *, deep: bool) -> dict[str, t.Any]:
    """Probe a service of Postfix."""
    implicit = service["parameters"]["smtpd_tls_wrappermode"] == "yes"
    return probed(service["listen"][0]["port"], implicit=implicit, deep=deep)


def probed(port: int, *, implicit: bool, deep: bool = True) -> dict[str, t.Any]:
    """Probe a port of this host; what was not determined is asked for again. A deep look is for features too."""
    checks = (*CHECKS, *features.CHECKS) if deep else CHECKS
    options = {"implicit": implicit, "timeout": WHOLE_PROBE, "connections": 2}
    target = Target("127.0.0.1", port, checks=checks, **options)
    got: dict[str, t.Any] = {}
    for number in range(TRIES):
        time.sleep(PAUSE * number)
        got = report(probe(target))
        if not doubtful(got):
            break
    return {
        "reached": got["reached"],
        "starttls": got["smtp"]["starttls"],
        "message": got["message"],
        "cut": (got["handshake"] or {}).get("reason"),
        "undetermined": {name: len(suites) for name, suites in got["undetermined"].items()},
        "protocols": {one["name"]: one["accepted"] for one in got["protocols"]},
        "ciphers": got["ciphers"],
        "preference": got["preference"],
        "groups": [one["name"] for one in got["groups"] if one["accepted"]],
        "doubtful groups": [one["name"] for one in got["groups"] if one["accepted"] is None],
        "features": features.seen(got) if deep else None,
    }


def doubtful(got: dict[str, t.Any]) -> bool:
    """Tell whether a busy machine may have kept something from the probe."""
    return not got["reached"] or bool(got["throttled"] or got["undetermined"])


def main() -> None:
    """Print one entry for each port that the first argument asks for: `FIRST-LAST`; the second is `deep` or `suites`.

    However many they are, their facts are not shortened.
    """
    first, _dash, last = sys.argv[1].partition("-")
    wanted = range(int(first), int(last) + 1)
    options = _host_facts.HostOptions(frozenset({"postfix"}))
    with mock.patch.object(_host_facts, "compact"):
        (instance,) = _host_facts.host_facts(options, run=run).facts["postfix"]
    found = {}
    for service in instance["services"]:
        ports = [one["port"] for one in service["listen"]]
        if service["direction"] == "inbound" and set(ports) & set(wanted):
            told = {name: service[name] for name in FACTS}
            found[ports[0]] = {"predicted": told, "seen": seen(service, deep=sys.argv[2] == "deep")}
    json.dump({"version": instance["version"], "ports": found}, sys.stdout)


if __name__ == "__main__":
    with patient():
        main()
