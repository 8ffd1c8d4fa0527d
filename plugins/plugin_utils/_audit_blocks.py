# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is wrong with one audited host, for whom, why, and what to do: one block of Markdown for each kind of finding."""

from __future__ import annotations

import re
import shlex
import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.module_utils._findings import CATALOGUE, SEVERITIES
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._reply import printable
from ansible_collections.postmaster.tls.plugins.plugin_utils._audit_remedies import (
    in_words_of,
    instances_of,
    kind_of,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan import policy_plan

Data = Mapping[str, t.Any]
POLICY: t.Final = "intermediate"
_FILES: t.Final = ("main.cf", "master.cf")
_USUAL: t.Final = "/etc/postfix"
_URGENT: t.Final = SEVERITIES[:2]
_INBOUND: t.Final = ("mx", "submission")
_SPECIAL: t.Final = re.compile(r"([\\`*{}\[\]<>|#~&]|(?<![^\W_])_|_(?![^\W_]))")


def escaped(value: t.Any) -> str:
    """One line of text that adds no markup to a page."""
    return _SPECIAL.sub(r"\\\1", printable(" ".join(str(value).split())))


def findings_of(report: Data) -> list[Data]:
    """What the facts and the probes of a host found, the facts first; each with ``kind``, and what to do in the words of that kind."""
    facts = report["mta_tls"] or {}
    own = facts.get("findings") or ()
    found = [*own, *(finding for probe in report["probes"] for finding in probe["findings"])]
    kinds = [kind_of(one, facts) for one in found]
    return [
        {**one, "kind": kind, "remedy": in_words_of(kind, one)}
        for one, kind in zip(found, kinds, strict=True)
    ]


def blocks(report: Data) -> list[str]:
    """The lines that tell everything that was found wrong with a host, the worst first; none for a sound one."""
    kinds: dict[tuple[str, str], list[Data]] = {}
    for finding in findings_of(report):
        kinds.setdefault((finding["severity"], finding["code"]), []).append(finding)
    ordered = sorted(kinds, key=lambda one: SEVERITIES.index(one[0]))
    lines: list[str] = []
    for number, kind in enumerate(ordered, 1):
        lines += _block(number, kinds[kind])
    return ["### What is wrong, and what to do", "", *lines] if lines else []


def _block(number: int, findings: Sequence[Data]) -> list[str]:
    """What the probe saw of the same stands with what the facts say; its remedy is to look at the facts."""
    first = findings[0]
    told = [one for one in findings if one["where"].startswith("/")]
    remedies: dict[str, dict[str, list[str]]] = {}
    for one in findings:
        same = [other for other in told if other["kind"] == one["kind"]]
        remedy = one["remedy"] if one in told or not same else same[0]["remedy"]
        evidence = remedies.setdefault(escaped(remedy), {})
        evidence.setdefault(escaped(one["evidence"]), []).append(escaped(one["where"]))
    lines = [
        f"{number}. **{first['severity']}: {escaped(first['message'])}** ({first['code']})",
        "",
    ]
    if first["code"] in CATALOGUE:
        lines += [f"   {escaped(CATALOGUE[first['code']].explanation)}", ""]
    for remedy, evidence in remedies.items():
        for text, places in evidence.items():
            lines.append(f"   - {', '.join(dict.fromkeys(places))}: {text}")
        lines.append(f"   - **do**: {remedy}")
    return [*lines, ""]


def settings(report: Data) -> list[str]:
    """The lines with the exact settings that a policy would give a host on which something urgent was found."""
    facts = report["mta_tls"]
    lanes = sorted(_troubled(facts))
    if not lanes:
        return []
    try:
        plan = policy_plan(facts, **dict.fromkeys(lanes, POLICY))
    except PostmasterTlsError:
        return []
    changes = [one for one in plan["changes"] if one.get("file") in _FILES]
    if not changes:
        return []
    text = (
        f"What the policy {POLICY} says for this version, library and certificate. The playbook `harden_mta` makes the"
        " change, proves it and takes it back if it cannot; with `--check --diff` it shows it first. It does not mend certificates"
        " nor what has nothing to do with protocols and suites. By hand:"
    )
    versions = {one["config_directory"]: one["version"] for _kind, one in instances_of(facts)}
    commands = [
        line
        for one in changes
        for line in _commands(one, versions.get(one.get("instance") or _USUAL))
    ]
    places = dict.fromkeys(one.get("instance") or _USUAL for one in changes)
    reloads = [f"    postfix {_with_directory(place)}reload" for place in places]
    return [f"### Settings of the policy {POLICY}", "", text, "", *commands, *reloads, ""]


def _troubled(facts: Data) -> set[str]:
    """The lanes of the inbound services that have an urgent finding."""
    return {
        service["lane"]
        for _kind, instance in instances_of(facts)
        for service in instance["services"]
        if service["lane"] in _INBOUND
        and any(one["severity"] in _URGENT for one in service.get("findings") or ())
    }


def _plain(value: t.Any) -> str:
    return printable(" ".join(str(value).split()))


def _commands(change: Data, version: str | None) -> list[str]:
    """Lines of an indented block, in which nothing is markup; for an editor where the postconf of this version cannot do it."""
    name, before, after = change["parameter"], change["before"], change["after"]
    was = "not set" if before is None else _plain(before)
    option, target = ("-P", f"{change['service']}/{name}") if change["service"] else ("-e", name)
    removal = "-PX" if change["service"] else "-X"
    value = f"{target} = {_plain(after)}" if after else f"{target} ="
    setting = (
        f"{removal} {shlex.quote(target)}" if after is None else f"{option} {shlex.quote(value)}"
    )
    place = _with_directory(change.get("instance") or _USUAL)
    service = change["service"]
    if (service or after is None) and not _knows(version):
        where = f"the overrides (-o) of {_plain(service)} in master.cf" if service else "main.cf"
        what = (
            f"take {name} out of {where}"
            if after is None
            else f"set {name}={_plain(after)} in {where}"
        )
        return [f"    # was {was}: {_plain(change['reason'])}", f"    # {what}"]
    return [f"    # was {was}: {_plain(change['reason'])}", f"    postconf {place}{setting}"]


def _knows(version: str | None) -> bool:
    """Whether postconf(1) has -P and -X: from 2.11 on, -X for main.cf already in 2.10."""
    numbers = re.match(r"(\d{1,9})\.(\d{1,9})", version or "")
    return numbers is None or (int(numbers[1]), int(numbers[2])) >= (2, 11)


def _with_directory(place: str) -> str:
    return "" if place == _USUAL else f"-c {shlex.quote(_plain(place))} "


__all__ = ["POLICY", "blocks", "escaped", "findings_of", "settings"]
