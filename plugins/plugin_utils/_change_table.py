# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Before and after, service by service, as lines of text for a terminal."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

_HEAD: t.Final = ("service", "", "before", "after")
_WORTH_SAYING: t.Final = ("medium", "high", "critical")
_Cells = tuple[str, str, str]
_Row = tuple[str, str, str, str]
Finding = Mapping[str, t.Any]


def change_table(
    before: Mapping[str, t.Any], after: Mapping[str, t.Any], *, plan: Sequence[Finding] = ()
) -> list[str]:
    """One line for each of protocols, suites and findings of every inbound service, before and after.

    Both arguments are facts of ``mta_tls_facts``; a value that is None was not determined, and is shown so. Services that
    are alike in all of it stand together. Below the table is what is found then and was not found before, and
    below that what is found still, if the change changes anything. ``plan`` are the findings of a plan, which come last.
    """
    return [
        *_aligned(_table(before, after)),
        *_brought(before, after),
        *_left(before, after),
        *_titled("The policy asks for more than this mail server can do:", plan),
    ]


def _table(before: Mapping[str, t.Any], after: Mapping[str, t.Any]) -> list[_Row]:
    old, new = _inbound(before), _inbound(after)
    alike: dict[tuple[_Cells, ...], list[str]] = {}
    for key in [*old, *(key for key in new if key not in old)]:
        alike.setdefault(_rows(old.get(key), new.get(key)), []).append(key)
    rows: list[_Row] = [_HEAD]
    for cells, names in alike.items():
        labels = [", ".join(names), *[""] * (len(cells) - 1)]
        rows.extend((label, *row) for label, row in zip(labels, cells, strict=True))
    return rows


def _brought(before: Mapping[str, t.Any], after: Mapping[str, t.Any]) -> list[str]:
    """What is worth saying, and every other code that stands under after and not under before."""
    known = {_cause(one) for one in _worth_saying(before)}
    told = {(one["code"], one["where"]) for one in before.get("findings") or ()}
    shown = {one["code"] for service in _inbound(after).values() for one in service["findings"]}
    brought = [
        one
        for one in after.get("findings") or ()
        if (one["severity"] in _WORTH_SAYING and _cause(one) not in known)
        or (one["code"] in shown and (one["code"], one["where"]) not in told)
    ]
    return _titled("The change brings with it:", brought)


def _left(before: Mapping[str, t.Any], after: Mapping[str, t.Any]) -> list[str]:
    known = {_cause(one) for one in _worth_saying(before)}
    left = [one for one in _worth_saying(after) if _cause(one) in known]
    changed = _inbound(before) != _inbound(after) or _digests(before) != _digests(after)
    return _titled("The change does not mend this:", left) if changed else []


def _digests(facts: Mapping[str, t.Any]) -> set[t.Any]:
    return {one.get("sha256") for one in facts.get("certificates") or ()}


def _worth_saying(facts: Mapping[str, t.Any]) -> list[Finding]:
    return [one for one in facts.get("findings") or () if one["severity"] in _WORTH_SAYING]


def _cause(finding: Finding) -> tuple[str, ...]:
    return tuple(str(finding[key]) for key in ("severity", "message", "code", "evidence", "where"))


def _titled(title: str, findings: Sequence[Finding]) -> list[str]:
    """One line for each cause, with all the places where it was found."""
    places: dict[tuple[str, ...], list[str]] = {}
    for one in findings:
        *cause, where = _cause(one)
        places.setdefault(tuple(cause), []).append(where)
    lines = [
        f"  {severity:8}  {message} ({code}, {', '.join(dict.fromkeys(wheres))}): {evidence}"
        for (severity, message, code, evidence), wheres in places.items()
    ]
    return ["", title, *lines] if lines else []


def _inbound(facts: Mapping[str, t.Any]) -> dict[str, Mapping[str, t.Any]]:
    instances = [*(facts.get("postfix") or ()), *(facts.get("sendmail") or ())]
    prefix = len(instances) > 1
    return {
        f"{instance['config_directory']} {service['name']}" if prefix else service["name"]: service
        for instance in instances
        for service in instance["services"]
        if service["direction"] == "inbound"
    }


def _rows(old: Mapping[str, t.Any] | None, new: Mapping[str, t.Any] | None) -> tuple[_Cells, ...]:
    return (
        ("protocols", _protocols(old), _protocols(new)),
        ("suites", _suites(old), _suites(new)),
        ("findings", _findings(old), _findings(new)),
    )


def _protocols(service: Mapping[str, t.Any] | None) -> str:
    if service is None:
        return "no such service"
    protocols = service.get("protocols")
    return "not determined" if protocols is None else " ".join(protocols) or "none"


def _suites(service: Mapping[str, t.Any] | None) -> str:
    if service is None:
        return ""
    suites = service.get("ciphers")
    if suites is None:
        return "not determined"
    names = [suite["name"] for suite in suites]
    return (
        f"{len(names)}: {', '.join(names[:2])}{', …' if len(names) > 2 else ''}"
        if names
        else "none"
    )


def _findings(service: Mapping[str, t.Any] | None) -> str:
    if service is None:
        return ""
    codes: Iterable[str] = dict.fromkeys(item["code"] for item in service.get("findings") or ())
    return " ".join(codes) or "none"


def _aligned(rows: Sequence[_Row]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]
        ).rstrip()
        for row in rows
    ]


__all__ = ["change_table"]
