# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The reports of an audit as one page of Markdown: what is wrong in the fleet first, then host by host."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._findings import SEVERITIES
from ansible_collections.postmaster.tls.plugins.plugin_utils._audit_blocks import (
    blocks,
    escaped,
    findings_of,
    settings,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._audit_groups import (
    MOST_GROUPS,
    Group,
    grouped,
    some,
    without_name,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._audit_remedies import (
    instances_of,
    together,
    usual,
)

Data = Mapping[str, t.Any]
_SERVICE_HEAD: t.Final = (
    *("service", "port", "lane", "level", "protocols", "suites"),
    "what is wrong",
)
_CERTIFICATE_HEAD: t.Final = (
    *("certificate", "names", "key", "not after", "days left"),
    "what is wrong",
)
_URGENT: t.Final = SEVERITIES.index("medium")


class Marked(str):
    """Words of the page itself, in which markup may stand; any other text of a cell is escaped."""

    __slots__ = ()


def page(reports: Sequence[Data], *, date: str = "") -> str:
    """The whole page, the worst host first. Text from hosts is escaped: it can neither break a table nor add markup."""
    lines = ["# TLS of the mail servers", ""]
    reports = sorted(reports, key=_badness)
    audited = [one for one in reports if one["audited"]]
    number = f"{len(audited)} of {len(reports)} hosts audited"
    lines += [f"{number}, {escaped(date)}." if date else f"{number}.", ""]
    groups = grouped(audited, _told, row=_overview_row)
    apart = [one for one in reports if not one["audited"]]
    lines += _overview(groups, apart)
    lines += _unaudited(apart)
    lines += _fleet(audited)
    for group in groups[:MOST_GROUPS]:
        lines += _host(group)
    return "\n".join(lines).rstrip() + "\n"


def _badness(report: Data) -> tuple[int, ...]:
    """The most of the worst findings first; hosts that could not be asked last, since nothing is known of them."""
    counts = report["counts"]
    return (0, *(-counts[severity] for severity in SEVERITIES)) if counts else (1,)


def _table(head: Sequence[str], rows: Iterable[Sequence[t.Any]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return [*lines, ""]


def _cell(value: t.Any) -> str:
    return value if isinstance(value, Marked) else escaped(value)


def _overview(groups: Sequence[Group], apart: Sequence[Data]) -> list[str]:
    head = ("host", "MTA", "OpenSSL", *SEVERITIES, "probes")
    rows = [[group.title, *_overview_row(group.first)] for group in groups[:MOST_GROUPS]]
    rest = [report for group in groups[MOST_GROUPS:] for report in group.reports]
    empty = ["" for _each in head[2:]]
    if rest:
        rows.append([f"{len(rest)} more hosts, none worse", "see their JSON files", *empty])
    if apart:
        rows.append([some([one["host"] for one in apart]), "not audited", *empty])
    return _table(head, rows)


def _overview_row(report: Data) -> list[t.Any]:
    instances = instances_of(report["mta_tls"])
    versions = dict.fromkeys(f"{kind} {one['version'] or 'unknown'}" for kind, one in instances)
    libraries = dict.fromkeys(
        one["library"]["version"] or "not determined" for _kind, one in instances
    )
    counts = [report["counts"][severity] or "" for severity in SEVERITIES]
    return [
        ", ".join(versions) or "none found",
        ", ".join(libraries),
        *counts,
        _outside(report["probes"]),
    ]


def _outside(probes: Sequence[Data]) -> str:
    """How many agree of those that reached something; what was not reached disagrees with nothing."""
    reached = [one for one in probes if one["agrees"] or one.get("reached") or "dane" in one]
    parts = [f"{sum(one['agrees'] for one in reached)} of {len(reached)} agree"] if reached else []
    left = len(probes) - len(reached)
    return ", ".join([*parts, *([f"not reached: {left}"] if left else [])])


def _unaudited(reports: Sequence[Data]) -> list[str]:
    if not reports:
        return []
    hosts: dict[str, list[Data]] = {}
    for one in reports:
        hosts.setdefault(without_name(one["reason"], one["host"]), []).append(one)
    rows = [
        (some([one["host"] for one in same]), same[0]["reason"] if len(same) == 1 else reason)
        for reason, same in hosts.items()
    ]
    more = sum(len(same) for same in list(hosts.values())[MOST_GROUPS:])
    left = [(f"{more} more hosts", "see their JSON files")] if more else []
    return ["## Not audited", "", *_table(("host", "reason"), [*rows[:MOST_GROUPS], *left])]


def _fleet(reports: Sequence[Data]) -> list[str]:
    hosts: dict[tuple[str, str, str], dict[str, None]] = {}
    remedies: dict[tuple[str, str, str], dict[str | None, list[str]]] = {}
    for report in reports:
        for finding in findings_of(report):
            kind = finding["severity"], finding["code"], finding["message"]
            hosts.setdefault(kind, {})[report["host"]] = None
            remedies.setdefault(kind, {}).setdefault(finding["kind"], []).append(finding["remedy"])
    if not hosts:
        return ["## Findings", "", "None.", ""]
    rows = [
        (
            *(kind[0], kind[2], kind[1]),
            len(hosts[kind]),
            some(list(hosts[kind])),
            _remedy(kind[1], remedies[kind]),
        )
        for kind in sorted(hosts, key=lambda one: (SEVERITIES.index(one[0]), *one[1:]))
    ]
    head = ("severity", "what", "code", "hosts", "which", "what to do")
    return ["## Findings", "", *_table(head, rows)]


def _remedy(code: str, told: Mapping[str | None, Sequence[str]]) -> str:
    """What to do, for each kind of mail server where that differs; each host has its own below."""
    return together({kind: [usual(code, kind, texts)] for kind, texts in told.items()})


def _told(report: Data) -> list[str]:
    """What is told of a host but for its own certificates and probes."""
    facts = report["mta_tls"]
    lines = blocks(report) + settings(report)
    if not instances_of(facts):
        lines += ["No mail server was found on this host.", ""]
    for kind, instance in instances_of(facts):
        place = instance.get("config_directory") or instance.get("file") or ""
        lines += [f"### {kind} in {escaped(place)}", ""]
        lines += _table(_SERVICE_HEAD, map(_service_row, instance["services"]))
    return lines


def _host(group: Group) -> list[str]:
    report = group.first
    facts = report["mta_tls"]
    lines, of = [f"## {escaped(group.title)}", ""], ""
    if len(group.reports) > 1:
        lines += [f"The same is said of {escaped(group.names)}.", ""]
        of = f" of {escaped(report['host'])}"
    lines += group.text
    certificates = facts.get("certificates") or ()
    if certificates:
        rows = map(_certificate_row, certificates)
        lines += [f"### Certificates{of}", "", *_table(_CERTIFICATE_HEAD, rows)]
    if report["probes"]:
        results = [
            (
                one["label"],
                str(one["message"] or "").removeprefix(f"{one['label']}: ") or "as the facts say",
            )
            for one in report["probes"]
        ]
        lines += [f"### Probes{of}", "", *_table(("service", "result"), results)]
    return lines


def _service_row(service: Data) -> tuple[t.Any, ...]:
    suites, protocols = service["ciphers"], service["protocols"]
    unknown = Marked("*not determined*")
    spoken = " ".join(protocols or ()) or Marked("**none**")
    return (
        service["name"],
        ", ".join(dict.fromkeys(str(one["port"]) for one in service.get("listen") or ())),
        service["lane"],
        service["security_level"] or "unknown",
        unknown if protocols is None else spoken,
        unknown if suites is None else len(suites),
        _wrong(service),
    )


def _wrong(part: Data) -> Marked:
    """The codes of what was found here, the worst first; those that cannot wait are set off."""
    found = sorted(
        {(SEVERITIES.index(one["severity"]), one["code"]) for one in part.get("findings") or ()}
    )
    return Marked(
        ", ".join(
            f"**{escaped(code)}**" if severity < _URGENT else escaped(code)
            for severity, code in found
        )
    )


def _certificate_row(certificate: Data) -> tuple[t.Any, ...]:
    bits = certificate.get("key_bits")
    key = f"{certificate.get('key_type') or 'unknown'} {bits}" if bits else "unknown"
    days = certificate.get("days_left")
    return (
        certificate["file"],
        ", ".join(certificate.get("san") or ()),
        key,
        certificate.get("not_after") or "unknown",
        "unknown" if days is None else days,
        _wrong(certificate),
    )


__all__ = ["page"]
