# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plan promises, on hosts that Hypothesis makes up; the host evaluates its parameters without our code."""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace

from ansible_collections.postmaster.tls.plugins.module_utils._postfix._protocol_list import (
    understand,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.plugin_utils._library import LibraryRelease
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan import policy_plan
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import Policy, load_policy
from ansible_collections.postmaster.tls.tests.support.postfix_host import (
    CLIENT,
    MX,
    POLICIES,
    POSTSCREEN,
    RELAY,
    RELEASES,
    SMTPS,
    SUBMISSION,
    Entry,
    Host,
    defaults,
    release,
)
from hypothesis import given, settings
from hypothesis import strategies as st

LIBRARIES = ["0.9.8zh", "1.0.1e", "1.0.2p", "1.1.1w", "3.0.17", "3.5.4"]
LISTS = [
    "",
    "!SSLv2, !SSLv3",
    "TLSv1",
    "!SSLv2,!SSLv3,!TLSv1",
    "TLSv1.2, !SSLv3",
    ">=TLSv1.2",
    "$smtpd_tls_protocols",
]
VALUES: dict[str, list[str]] = {
    "protocols": LISTS,
    "mandatory_protocols": LISTS,
    "ciphers": ["export", "medium", "high"],
    "mandatory_ciphers": ["medium", "high"],
    "exclude_ciphers": ["", "aNULL, MD5", "RSA+AES"],
    "mandatory_exclude_ciphers": ["", "aNULL"],
    "security_level": ["", "none", "may", "encrypt"],
    "eecdh_grade": ["none", "strong", "auto"],
}
SHARED: dict[str, list[str]] = {
    "tls_high_cipherlist": ["HIGH:@STRENGTH", "ECDHE-RSA-AES128-GCM-SHA256"],
    "tls_medium_cipherlist": ["HIGH:MEDIUM:!aNULL"],
    "tls_preempt_cipherlist": ["yes", "no"],
    "tls_eecdh_auto_curves": ["prime256v1", "X25519 prime256v1"],
    "tls_ffdhe_auto_groups": ["", "ffdhe2048"],
}


@st.composite
def settings_of(draw: st.DrawFn, prefix: str, version: str) -> dict[str, str]:
    """Some parameters of a prefix and some shared ones, all of which the version has."""
    known = defaults(version)
    candidates = {f"{prefix}{suffix}": values for suffix, values in VALUES.items()} | SHARED
    names = draw(st.lists(st.sampled_from(sorted(candidates)), max_size=4, unique=True))
    blanks = release(version) >= (3, 0) or not prefix
    found = {name: draw(st.sampled_from(candidates[name])) for name in names if name in known}
    if release(version) < (3, 6):
        found = {name: value.replace(">=TLSv1.2", "!SSLv2") for name, value in found.items()}
    return {
        name: value if blanks else value.replace(", ", ",").replace(" ", ",")
        for name, value in found.items()
    }


@st.composite
def hosts(draw: st.DrawFn) -> Host:
    version = draw(st.sampled_from(RELEASES))
    entries: list[Entry] = [*draw(st.sampled_from([(MX,), POSTSCREEN]))]
    if release(version) < (2, 8):
        entries = [MX]
    entries += [SUBMISSION, CLIENT]
    entries += draw(st.sampled_from([[], [SMTPS], [RELAY], [SMTPS, RELAY]]))
    main = {
        **draw(settings_of("smtpd_tls_", version)),
        **draw(settings_of("smtp_tls_", version)),
    }
    main = {
        name: value
        for name, value in main.items()
        if value != "$smtpd_tls_protocols" or "smtpd" in name
    }
    main.pop("smtpd_tls_protocols", None) if main.get("smtpd_tls_protocols", "").startswith(
        "$"
    ) else None
    changed = [
        replace(
            entry,
            overrides=_without_macros(
                {**draw(settings_of(entry.prefix, version)), **entry.overrides}
            ),
        )
        if entry.command not in ("postscreen", "tlsproxy")
        else entry
        for entry in entries
    ]
    if draw(st.booleans()):
        main["smtp_tls_policy_maps"] = "hash:/etc/postfix/tls_policy"
    return Host(
        version=version,
        library=draw(st.sampled_from(LIBRARIES)),
        main=main,
        entries=tuple(changed),
        certificates=draw(st.sampled_from([("RSA",), ("ECDSA",), ("RSA", "ECDSA")])),
    )


def _without_macros(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if not value.startswith("$")}


dials = st.fixed_dictionaries(
    {lane: st.sampled_from([None, *POLICIES]) for lane in ("mx", "submission", "outbound")}
)


def planned(host: Host, lanes: dict[str, t.Any]) -> dict[str, t.Any]:
    return policy_plan(host.facts(), **lanes)


@settings(max_examples=40, deadline=None)
@given(hosts(), dials)
def test_a_lane_without_a_policy_keeps_every_value_that_it_reads(
    host: Host, lanes: dict[str, t.Any]
) -> None:
    after = host.with_plan(planned(host, lanes))
    for before_entry, after_entry in zip(host.entries, after.entries, strict=True):
        if lanes[before_entry.lane] is None:
            then = {k: _words(v) for k, v in host.read_values(before_entry).items()}
            now = {k: _words(v) for k, v in after.read_values(after_entry).items()}
            assert now == then, before_entry.name


def _words(value: str) -> list[str]:
    return [word for word in re.split(r"[\s,:]+", value) if word]


@settings(max_examples=40, deadline=None)
@given(hosts(), dials)
def test_a_plan_on_the_planned_state_is_empty(host: Host, lanes: dict[str, t.Any]) -> None:
    first = planned(host, lanes)
    again = planned(host.with_plan(first), lanes)
    assert again["parameters"] == {}
    assert again["services"] == {}
    assert again["changes"] == []


@settings(max_examples=40, deadline=None)
@given(hosts(), dials)
def test_a_lane_with_a_policy_gets_its_protocols_and_suites(
    host: Host, lanes: dict[str, t.Any]
) -> None:
    plan = planned(host, lanes)
    untold = {finding["evidence"].partition(":")[0] for finding in plan["findings"]}
    after = host.with_plan(plan)
    for before, entry in zip(host.entries, after.entries, strict=True):
        if lanes[entry.lane] is None or entry.command == "postscreen":
            continue
        policy = load_policy(lanes[entry.lane])
        assert after.level(entry) not in ("none", "") or not host.certificates
        if policy.groups is None and not policy.defaults and host.modes(before):
            curves = host.value(before, "tls_eecdh_auto_curves")
            assert _words(after.value(entry, "tls_eecdh_auto_curves")) == _words(curves)
        for infix in after.modes(entry):
            _assert_protocols(after, entry, infix, policy)
            _assert_ciphers(after, entry, infix, policy, untold)


def _assert_protocols(host: Host, entry: Entry, infix: str, policy: Policy) -> None:
    value = host.value(entry, f"{entry.prefix}{infix}protocols")
    library = LibraryRelease.parse(host.library).protocols or frozenset()
    version = PostfixVersion.parse(host.version)
    meaning = understand(value, version, library=library)
    assert meaning.invalid is None
    if policy.defaults:
        default = _default(host, entry, f"{infix}protocols")
        assert meaning.protocols == understand(default, version, library=library).protocols
        return
    assert meaning.protocols >= policy.protocols & library
    if release(host.version) >= (3, 4):
        assert meaning.protocols == policy.protocols & library


def _default(host: Host, entry: Entry, suffix: str) -> str:
    known = defaults(host.version)
    prefix = "smtpd_tls_" if entry.lane != "outbound" else "smtp_tls_"
    return known[f"{prefix}{suffix}"]


def _assert_ciphers(host: Host, entry: Entry, infix: str, policy: Policy, untold: set[str]) -> None:
    if policy.ciphers == ():
        return
    base, excluded = host.cipher_list(entry, infix)
    assert excluded == ()
    if policy.cipher_list and (infix or policy.opportunistic_ciphers):
        assert base == policy.cipher_list
    else:
        grade = host.value(entry, f"{entry.prefix}{infix}ciphers")
        assert grade == _default(host, entry, f"{infix}ciphers")
        if grade != "export" and f"tls_{grade}_cipherlist" not in untold:
            assert base == defaults(host.version)[f"tls_{grade}_cipherlist"]


@settings(max_examples=40, deadline=None)
@given(hosts(), dials)
def test_levels_are_never_lowered(host: Host, lanes: dict[str, t.Any]) -> None:
    order = ["none", "may", "encrypt"]
    after = host.with_plan(planned(host, lanes))
    for before_entry, after_entry in zip(host.entries, after.entries, strict=True):
        then, now = host.level(before_entry), after.level(after_entry)
        assert order.index(now) >= order.index(then), before_entry.name
        if lanes["submission"] and before_entry.lane == "submission":
            assert now == "encrypt"


@settings(max_examples=40, deadline=None)
@given(hosts(), dials)
def test_every_planned_parameter_exists_and_overrides_have_no_blanks(
    host: Host, lanes: dict[str, t.Any]
) -> None:
    plan, known = planned(host, lanes), defaults(host.version)
    for values in (plan["parameters"], *plan["services"].values()):
        assert set(values) <= set(known)
    for values in plan["services"].values():
        assert not any(re.search(r"\s", value) for value in values.values() if value)


@settings(max_examples=40, deadline=None)
@given(hosts(), dials)
def test_the_changes_are_the_plan_and_nothing_else(host: Host, lanes: dict[str, t.Any]) -> None:
    plan = planned(host, lanes)
    told = {(c["service"], c["parameter"]): (c["before"], c["after"]) for c in plan["changes"]}
    wanted = {(None, name): value for name, value in plan["parameters"].items()}
    for service, values in plan["services"].items():
        wanted |= {(service, name): value for name, value in values.items()}
    assert {key: after for key, (_before, after) in told.items()} == wanted
    assert all(before != after for before, after in told.values())
    assert all(change["lane"] in lanes and change["reason"] for change in plan["changes"])
