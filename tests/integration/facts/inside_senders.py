# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a mail host: what the library answers to senders, and what a probe as these senders sees, as JSON."""

from __future__ import annotations

import json
import sys
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils import _host_facts
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._run import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._run import run

TOLD = ("connects", "protocol", "cipher", "reason")


def seen(port: int, senders: tuple[str, ...]) -> dict[str, dict[str, t.Any]]:
    target = Target("127.0.0.1", port, checks=("handshake", "senders"), senders=senders)
    got = report(probe(target))["senders"]
    return {one["name"]: {key: one[key] for key in TOLD} for one in got}


def main() -> None:
    """Answer the question on standard input, C(why) with the hellos of the senders, for the ports that it names."""
    asked = json.load(sys.stdin)
    options = _host_facts.HostOptions(frozenset({"postfix"}), why=tuple(asked["why"]))
    heard = _host_facts.host_facts(options, run=run).heard
    senders = tuple(one["sender"] for one in asked["why"])
    places = {f"{port}/inet": port for port in asked["ports"]}
    heard = [one for one in heard if one["service"] in places]
    probed = {name: seen(port, senders) for name, port in places.items()}
    json.dump({"heard": heard, "seen": probed}, sys.stdout)


if __name__ == "__main__":
    main()
