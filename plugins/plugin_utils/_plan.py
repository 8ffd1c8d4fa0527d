# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The plan: what has to change on a host so that each lane follows its policy, and nothing else changes."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import SEVERITIES
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_draft import MAIN, Draft, Wish
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_facts import (
    Instance,
    read_instances,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_findings import (
    impossible_findings,
    instance_findings,
    unknown_findings,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_sendmail import (
    plan_host,
    read_hosts,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_wants import (
    keeps,
    silent,
    wants,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import Policy, load_policy

Dial = str | Mapping[str, t.Any] | None
Values = dict[str, str | None]


def policy_plan(
    facts: Mapping[str, t.Any],
    mx: Dial = None,
    submission: Dial = None,
    outbound: Dial = None,
    mta: str | None = None,
) -> dict[str, t.Any]:
    """``{parameters, services, instances, changes, findings}`` for ``ansible_facts.mta_tls`` and a policy per lane.

    A lane without a policy keeps its values. Everything but ``findings`` holds real differences only, so the plan of
    a host that conforms is empty. The plan is for Postfix if the facts have one, else for sendmail, unless ``mta`` says.
    Raises InvalidInput for facts or policies that are not usable.
    """
    dials = {"mx": mx, "submission": submission, "outbound": outbound}
    policies = {lane: load_policy(dial) for lane, dial in dials.items() if dial is not None}
    if _is_for_sendmail(facts, mta):
        return _of_sendmail(facts, policies)
    instances = read_instances(facts)
    plans = [_plan_instance(instance, policies) for instance in instances]
    findings = [item.as_dict() for item in unknown_findings(facts)]
    findings += [finding for plan in plans for finding in plan["findings"]]
    findings.sort(key=lambda finding: SEVERITIES.index(finding["severity"]))
    first = plans[0] if plans else {"parameters": {}, "services": {}}
    return {
        "parameters": first["parameters"],
        "services": first["services"],
        "instances": {
            instance.config_directory: {
                "parameters": plan["parameters"],
                "services": plan["services"],
            }
            for instance, plan in zip(instances, plans, strict=True)
        },
        "changes": [change for plan in plans for change in plan["changes"]],
        "findings": findings,
    }


def _is_for_sendmail(facts: t.Any, mta: str | None) -> bool:
    if mta not in (None, "postfix", "sendmail"):
        raise InvalidInput(f"policy_plan: mta is {mta!r}: expected postfix or sendmail.")
    has_one = isinstance(facts, Mapping) and bool(facts.get("sendmail"))
    if mta == "sendmail" and not has_one:
        raise InvalidInput(
            "policy_plan: the facts have no sendmail: gather them with mta_tls_facts on a host with sendmail."
        )
    return has_one and (mta == "sendmail" or (mta is None and not facts.get("postfix")))


def _of_sendmail(facts: Mapping[str, t.Any], policies: Mapping[str, Policy]) -> dict[str, t.Any]:
    hosts = read_hosts(facts)
    plans = [plan_host(host, policies) for host in hosts]
    findings = [one for plan in plans for one in plan["findings"]]
    findings.sort(key=lambda one: SEVERITIES.index(one["severity"]))
    parts = {
        host.cf: {
            "parameters": plan["parameters"],
            "options": plan["parameters"],
            "services": plan["services"],
        }
        for host, plan in zip(hosts, plans, strict=True)
    }
    nothing: dict[str, t.Any] = {"parameters": {}, "options": {}, "services": {}}
    return {
        **next(iter(parts.values()), nothing),
        "instances": parts,
        "changes": [change for plan in plans for change in plan["changes"]],
        "findings": findings,
    }


def _wishes(instance: Instance, policies: Mapping[str, Policy]) -> dict[str, list[Wish]]:
    """Who wants what, by parameter; the order is that of the first program that names it."""
    found: dict[str, list[Wish]] = {}
    for reader in instance.readers:
        policy = policies.get(reader.lane)
        wanted = keeps(instance, reader)
        if policy:
            wanted = {**silent(policy, wanted), **wants(policy, instance, reader)}
        for parameter, want in wanted.items():
            found.setdefault(parameter, []).append((reader, want))
    return found


def _plan_instance(instance: Instance, policies: Mapping[str, Policy]) -> dict[str, t.Any]:
    wishes = _wishes(instance, policies)
    draft = Draft(instance, tuple(wishes))
    if policies:
        for parameter, wanted in wishes.items():
            draft.settle(parameter, wanted)
        for parameter, wanted in wishes.items():
            draft.settle(parameter, wanted)
    differences = _differences(draft)
    return {
        "parameters": differences.pop(MAIN, {}),
        "services": differences,
        "changes": list(_changes(draft, policies)),
        "findings": [
            finding.as_dict()
            for finding in (
                *instance_findings(instance, policies),
                *impossible_findings(instance, draft.impossible),
            )
        ],
    }


def _differences(draft: Draft) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for entry, after in draft.after.items():
        before = draft.before[entry]
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        removed = dict.fromkeys(name for name in before if name not in after)
        if changed or removed:
            found[entry] = {**changed, **removed}
    return found


def _changes(draft: Draft, policies: Mapping[str, Policy]) -> list[dict[str, t.Any]]:
    changes = []
    for entry, values in _differences(draft).items():
        for parameter, value in values.items():
            cause = draft.causes[(entry, parameter)]
            policy = policies.get(cause.lane)
            changes.append(
                {
                    "instance": draft.instance.config_directory,
                    "file": "master.cf" if entry else "main.cf",
                    "service": entry or None,
                    "parameter": parameter,
                    "before": draft.before[entry].get(parameter),
                    "after": value,
                    "lane": cause.lane,
                    "policy": policy.name if policy else None,
                    "reason": cause.reason,
                }
            )
    return changes


__all__ = ["Dial", "policy_plan"]
