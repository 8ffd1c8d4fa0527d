# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the engine, in a process of its own, about servers that play scripts."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support import engine_child
from ansible_collections.postmaster.tls.tests.support.hostile_server import Script, hosted

#: In seconds: for servers that keep a probe waiting, and for those that do not, which may take longer on a busy machine.
SHORT, LONG = 5.0, 60.0
WAITING = ("timeout", "no-banner", "throttled")
Data = dict[str, t.Any]


def run_engine(targets: list[Data], *, together: bool = False) -> list[Data]:
    """What the engine says of the targets, in a process of its own."""
    order = json.dumps({"targets": targets, "together": together})
    command = [sys.executable, str(Path(engine_child.__file__))]
    done = subprocess.run(
        command, input=order, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return t.cast(list[Data], json.loads(done.stdout))


def target(host: str, port: int, **fields: t.Any) -> Data:
    return {
        "host": host,
        "port": port,
        "timeout": SHORT,
        "checks": ["handshake"],
        "ehlo_name": "probe.example.test",
        **fields,
    }


def no_verdict(result: Data) -> None:
    """Nothing in the result says accepted or refused."""
    assert result["handshake"] is None or result["handshake"]["accepted"] is None
    assert all(item["accepted"] is None for item in result["protocols"])
    assert not any(result["ciphers"].values())


@dataclass(frozen=True)
class Heard:
    """What the engine said of a server, and what the server says of the engine."""

    result: Data
    faults: list[str]


def ask(
    scripts: t.Mapping[str, Script],
    *,
    together: bool,
    waiting: t.Container[str] = (),
    **fields: t.Any,
) -> dict[str, Heard]:
    """What comes of servers with these scripts, asked in one call or one by one; fields as of a Target.

    Those whose names are `waiting` have a short timeout, the others a long one.
    """
    with hosted(scripts, strict=False) as servers:
        targets = [
            target(*place, **{"timeout": SHORT if name in waiting else LONG, **fields})
            for name, place in servers.places.items()
        ]
        results = run_engine(targets, together=together)
    return {
        name: Heard(result, servers.against(name))
        for name, result in zip(servers.places, results, strict=True)
    }


__all__ = ["LONG", "SHORT", "WAITING", "Data", "Heard", "ask", "no_verdict"]
