# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The report on one audited host, and the reports of all of them as JSON or as one page of Markdown."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import SEVERITIES
from ansible_collections.postmaster.tls.plugins.plugin_utils._audit_page import page
from ansible_collections.postmaster.tls.plugins.plugin_utils._verdict import probe_verdict

Data = dict[str, t.Any]
REPORT: t.Final = "audit_mta_report"
FORMATS: t.Final = ("json", "markdown")
_URGENT: t.Final = ("critical", "high")
#: The states in which senders that validate DANE deliver.
_DELIVERED: t.Final = ("absent", "insecure", "ok", "rollover-safe", "wait")


def host_report(
    result: Mapping[str, t.Any],
    *,
    host: str,
    probes: Iterable[Mapping[str, t.Any]] = (),
    dane: Iterable[Mapping[str, t.Any]] = (),
) -> Data:
    """What an audit keeps of one host: the result of ``mta_tls_facts``, those of ``starttls_probe`` and of ``tlsa_info``.

    ``counts`` are kinds of findings, as the page numbers them, in however many services each was found.
    A host that could not be asked has ``audited`` false, a ``reason``, and no facts.
    """
    facts = (result.get("ansible_facts") or {}).get("mta_tls")
    report: Data = {"host": host, "audited": facts is not None, "reason": None, "mta_tls": facts}
    if facts is None:
        report["reason"] = _one_line(result.get("msg") or "the module did not run")
    probed = [*(_probed(one) for one in probes), *(_validated(one) for one in dane)]
    findings = [*(facts or {}).get("findings", ()), *(f for one in probed for f in one["findings"])]
    report["probes"] = probed
    kinds = {(one["severity"], one["code"]) for one in findings}
    counts = {severity: sum(kind[0] == severity for kind in kinds) for severity in SEVERITIES}
    report["counts"] = counts if report["audited"] else None
    return report


def _probed(result: Mapping[str, t.Any]) -> Data:
    verdict = probe_verdict(result)
    parts = ("protocols", "ciphers", "preference", "groups", "certificates")
    return {
        **verdict,
        "reached": result.get("reached"),
        **{part: result.get(part) for part in parts},
        "findings": [one for one in result.get("findings") or () if not _of_no_sender(one, result)],
    }


def _of_no_sender(finding: Mapping[str, t.Any], result: Mapping[str, t.Any]) -> bool:
    """Whether it says of a port that only its own host reaches how mail arrives from others."""
    target = result.get(result.get("ansible_loop_var") or "") or {}
    return finding["code"] == "starttls-not-offered" and target.get("from_host") is True


def _validated(result: Mapping[str, t.Any]) -> Data:
    """What a sender that validates DANE finds, beside the probes; it agrees where nothing keeps such a sender from delivering."""
    findings = list(result.get("findings") or ())
    state = result.get("state")
    said = result.get("reason") or result.get("msg")
    parts = ("name", "port", "state", "secure", "records", "matches", "chains", "publish", "lookup")
    return {
        "label": f"DANE of {result.get('name') or result.get('audit_mta_name') or 'a name'}",
        "agrees": state in _DELIVERED and not any(one["severity"] in _URGENT for one in findings),
        "message": f"{state or 'not determined'}{': ' if said else ''}{_one_line(said or '')}",
        "reached": bool(result.get("chains")),
        "dane": {part: result.get(part) for part in parts},
        "findings": findings,
    }


def _one_line(text: t.Any) -> str:
    return " ".join(str(text).split())


def reports_of(hostvars: Mapping[str, t.Any], hosts: Sequence[str] | None = None) -> list[Data]:
    """The report of each host in the order of ``hosts``; by default of every host that has one, or at least facts."""
    found = []
    for host in hostvars if hosts is None else hosts:
        variables = hostvars[host]
        report = variables.get(REPORT)
        facts = variables.get("ansible_facts") or {}
        if report is not None:
            found.append(dict(report))
        elif "mta_tls" in facts:
            found.append(host_report({"ansible_facts": facts}, host=host))
        elif hosts is not None:
            found.append(host_report({"msg": "no facts were gathered"}, host=host))
    return found


def audit_report(
    hostvars: Mapping[str, t.Any],
    form: str = "markdown",
    *,
    hosts: Sequence[str] | None = None,
    date: str = "",
) -> str:
    """All reports as one text. Raises InvalidInput for an unknown form."""
    reports = reports_of(hostvars, hosts)
    if form == "json":
        return json.dumps(reports, indent=2, sort_keys=True, default=str) + "\n"
    if form == "markdown":
        return page(reports, date=date)
    raise InvalidInput(
        f"audit_report: there is no format {form}: expected one of {', '.join(FORMATS)}."
    )


__all__ = ["FORMATS", "REPORT", "Data", "audit_report", "host_report", "reports_of"]
