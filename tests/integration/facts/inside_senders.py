# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a mail host: what the library answers to senders, and what a probe as these senders sees, as JSON."""

from __future__ import annotations

import json
import sys
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils import _host_facts
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._heard import callers_of
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._run import run
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._facts import sendmail_facts

TOLD = ("connects", "protocol", "cipher", "reason")


def seen(port: int, senders: tuple[str, ...]) -> dict[str, dict[str, t.Any]]:
    """What each sender gets; the probe asks nothing of a server that offers no STARTTLS."""
    target = Target("127.0.0.1", port, checks=("handshake", "senders"), senders=senders)
    got = report(probe(target))
    if got["smtp"]["starttls"] is False:
        nothing = {**dict.fromkeys(TOLD), "connects": False, "reason": "no-tls"}
        return dict.fromkeys(senders, nothing)
    return {one["name"]: {key: one[key] for key in TOLD} for one in got["senders"]}


def heard(asked: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """What the services of Postfix on these ports answer, or the daemons of these files of sendmail."""
    why = tuple(asked["why"])
    if "files" in asked:
        callers = callers_of(why)
        program, files = asked["program"], asked["files"]
        return sendmail_facts(program, files=files, run=run, callers=callers).heard
    options = _host_facts.HostOptions(frozenset({"postfix"}), why=why)
    return [
        one
        for one in _host_facts.host_facts(options, run=run).heard
        if one["service"] in asked["ports"]
    ]


def main() -> None:
    """Answer the question on standard input, C(why) with the hellos of the senders, for the ports that it names by service."""
    asked = json.load(sys.stdin)
    senders = tuple(one["sender"] for one in asked["why"])
    probed = {name: seen(port, senders) for name, port in asked["ports"].items()}
    json.dump({"heard": heard(asked), "seen": probed}, sys.stdout)


if __name__ == "__main__":
    main()
