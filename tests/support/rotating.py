# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that rotates a certificate, as its tests run it: to its end, or until it is killed."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import typing as t
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab
from ansible_collections.postmaster.tls.tests.support.standing_still import killed
from ansible_collections.postmaster.tls.tests.support.waiting import until

LOAD = "while :; do printf 'Subject: load\\n\\nload\\n' | sendmail postmaster@{domain}; sleep 0.5; done"
_VERIFIED = "Verified TLS connection"
_NO_ANSWER = r"Name service error for name=\S+ type=(MX|A|AAAA): Host not found, try again"
_NOT_DETERMINED = rf"{_NO_ANSWER}|TLSA lookup error for"


def pair(lab: DaneLab, name: str) -> tuple[Path, Path]:
    """Return certificate and key of a name in the directory of the lab's authority."""
    stem = Path(lab.variables["lab_state_directory"]) / "ca" / name
    return stem.with_name(f"{name}.crt"), stem.with_name(f"{name}.key")


def options(lab: DaneLab, certificate: Path, key: Path, **more: t.Any) -> list[str]:
    """Return the arguments with which the playbook gives the lab's mail server a certificate."""
    known = lab.variables
    values = {
        "name": lab.server.name,
        "certificate": str(certificate),
        "key": str(key),
        "publish": "update",
        "tsig_key_file": known["lab_tsig_key_file"],
        "resolver": [known["lab_resolver"]],
        "validate": "self",
        "trust_anchor": known["lab_trust_anchor_file"],
        "patience": 60,
        "timeout": 900,
        **more,
    }
    return ["-e", json.dumps({f"dane_rollover_{name}": value for name, value in values.items()})]


def rotate(
    lab: DaneLab, certificate: Path, key: Path, **more: t.Any
) -> subprocess.CompletedProcess[str]:
    """Run the playbook to its end."""
    return lab.playbook("rotate_certificate", *options(lab, certificate, key, **more))


def kill_at(lab: DaneLab, task: str, *arguments: str) -> None:
    """Start the playbook, and kill it where it would begin with a task: all before it was done, and nothing of it."""
    with lab.stopped_at(task, "rotate_certificate", *arguments) as playbook:
        killed(playbook)


def verified(lab: DaneLab) -> bool:
    """Whether a sender that validates DANE gets what is published."""
    return _VERIFIED in lab.finger(lab.server.domain)


def found_verified(lab: DaneLab, after: str, *, besides: str = "") -> None:
    """Fail at once where a sender that validates DANE would not deliver.

    It is asked again where it could not look, as no resolver answered, or for what `besides` matches.
    """
    asked_again = re.compile("|".join(filter(None, (_NOT_DETERMINED, besides))))

    def determined() -> str:
        seen = lab.finger(lab.server.domain)
        return seen if _VERIFIED in seen or not asked_again.search(seen) else ""

    seen = until(determined, what=f"a sender finds out {after}")
    assert _VERIFIED in seen, f"{after}: {seen}"


@contextlib.contextmanager
def under_load(lab: DaneLab) -> t.Iterator[str]:
    """Mail for the server flows, each message over a connection of its own, since an epoch; in the end all is delivered."""
    lab.on("sender-dane", "postconf", "-e", "smtp_connection_cache_on_demand=no")
    since = lab.now("sender-dane")
    load = LOAD.format(domain=lab.server.domain)
    lab.on("sender-dane", "systemd-run", "--quiet", "--unit=load", "sh", "-c", load)
    try:
        yield since
    finally:
        lab.on("sender-dane", "systemctl", "stop", "load")
    until(lambda: "is empty" in lab.on("sender-dane", "postqueue", "-p"), what="all delivered")


def killed_at_each(
    lab: DaneLab,
    tasks: t.Sequence[str],
    *arguments: str,
    unconfirmed: t.Container[str],
    besides: str = "",
) -> None:
    """Kill the playbook at each of these tasks, one run after the other; after each, a sender verifies what it gets.

    After those between apply and confirm, what they did is taken back, as the next run says.
    """
    for task in tasks:
        kill_at(lab, task, *arguments)
        found_verified(lab, f"after a kill at {task!r}", besides=besides)
        if task in unconfirmed:
            restore(lab)
            found_verified(lab, f"after a kill at {task!r} and restoring", besides=besides)


def restore(lab: DaneLab) -> None:
    """What the next run says to do after a run that was interrupted between arming and confirming; there must be something to restore."""
    arguments = f"state=restored name={lab.server.mta}"
    host = lab.server.host
    answer = lab.asked(host, "postmaster.tls.config_checkpoint", "-a", arguments)[host]
    assert answer["changed"], f"no checkpoint was pending: {answer}"


def deferrals(log: str, *, besides: str = "") -> list[str]:
    """Return the lines of messages that had to wait, unless for a resolver that was too busy to answer, or for what `besides` matches."""
    excused = re.compile("|".join(filter(None, (_NO_ANSWER, besides))))
    return [
        line for line in log.splitlines() if "status=deferred" in line and not excused.search(line)
    ]


def changed(lab: DaneLab, playbook: subprocess.CompletedProcess[str]) -> int:
    """Return how many tasks changed something on the mail server."""
    found = re.search(rf"{lab.server.host} +: ok=\d+ +changed=(\d+)", playbook.stdout)
    assert found is not None, playbook.stdout
    return int(found[1])


__all__ = [
    "changed",
    "deferrals",
    "killed_at_each",
    "options",
    "pair",
    "rotate",
    "under_load",
    "verified",
]
