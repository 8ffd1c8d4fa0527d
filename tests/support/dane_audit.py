# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit of the mail server of a lab with DNS."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab


def audited(lab: DaneLab, directory: Path) -> tuple[dict[str, t.Any], str]:
    """What audit_mta reports of the mail server, and its summary for people."""
    known = lab.variables
    variables = {
        "audit_mta_hosts": lab.server.host,
        "audit_mta_directory": str(directory),
        "audit_mta_names": [lab.server.name],
        "audit_mta_resolver": [known["lab_resolver"]],
        "audit_mta_validate": "self",
        "audit_mta_trust_anchor": known["lab_trust_anchor_file"],
    }
    done = lab.playbook("audit_mta", "-e", json.dumps(variables))
    assert done.returncode == 0, done.stdout
    report = json.loads((directory / f"{lab.server.host}.json").read_text())
    return report, (directory / "summary.md").read_text()


def stale(findings: t.Sequence[dict[str, str]]) -> list[str]:
    """The evidence of each finding of a stale record."""
    return [one["evidence"] for one in findings if one["code"] == "stale-tlsa"]


__all__ = ["audited", "stale"]
