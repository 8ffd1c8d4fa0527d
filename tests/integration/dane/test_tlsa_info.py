# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tlsa_info and the check dane against real name servers, a real resolver, and a real Postfix with two certificates."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._options import lookup_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import survey
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab

pytestmark = pytest.mark.lab
BIN = Path(sys.executable).parent
Data = dict[str, t.Any]

#: State, findings and status of the TLSA records of each name.
NAMES: dict[str, tuple[str | None, list[str], str]] = {
    "mx1.example.test": ("ok", [], "found"),
    "tlsa-alias.example.test": ("ok", [], "found"),
    "alias.example.test": ("ok", [], "found"),
    "stale.example.test": ("stale", ["stale-tlsa"] * 4, "found"),
    "half.example.test": ("stale", ["stale-tlsa"] * 2, "found"),
    "pkix.example.test": ("broken", ["tlsa-unusable"], "found"),
    "issuer.example.test": ("broken", ["tlsa-unfit"] * 4, "found"),
    "absent.example.test": ("absent", [], "nxdomain"),
    "tlsa-loop.example.test": (None, ["dane-lookup-failed"], "servfail"),
    "tlsa-insecure-alias.example.test": ("insecure", ["tlsa-without-dnssec"], "found"),
    "tlsa-silent.example.test": (None, ["not-determined"], "timeout"),
    "short.malformed.test": ("broken", ["tlsa-unusable"], "found"),
    "long.malformed.test": ("broken", ["tlsa-unusable"], "found"),
    "sha512-short.malformed.test": ("broken", ["tlsa-unusable"], "found"),
    "usage9.malformed.test": ("broken", ["tlsa-unusable"], "found"),
    "selector9.malformed.test": ("broken", ["tlsa-unusable"], "found"),
    "matching9.malformed.test": ("broken", ["tlsa-unusable"], "found"),
    "empty.malformed.test": ("broken", ["tlsa-unusable"], "found"),
    "truncated.malformed.test": ("broken", ["tlsa-unusable"], "found"),
    "mixed.malformed.test": ("ok", ["tlsa-malformed"], "found"),
    "mx.nsec3.test": ("ok", [], "found"),
    "mx.insecure.test": ("insecure", ["tlsa-without-dnssec"], "found"),
    "mx.unknown.test": ("insecure", ["tlsa-without-dnssec"], "found"),
    "mx.child.optout.test": ("insecure", ["tlsa-without-dnssec"], "found"),
    "mx.expired.test": ("bogus", ["dane-bogus"], "bogus"),
    "mx.wrongkey.test": ("bogus", ["dane-bogus"], "bogus"),
    "mx.refused.test": (None, ["dane-lookup-failed"], "servfail"),
}
WAYS = pytest.mark.parametrize("way", ["self", "resolver"])


def options(lab: DaneLab, way: str) -> Data:
    known = lab.variables
    return {
        "resolver": [known["lab_resolver"]],
        "validate": way,
        "trust_resolver": way == "resolver",
        "trust_anchor": known["lab_trust_anchor_file"],
    }


def asked(lab: DaneLab, tmp_path: Path, tasks: t.Sequence[Data]) -> list[Data]:
    """The results of tasks on the controller, by a real ansible-playbook."""
    out = tmp_path / "results.json"
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {**task, "register": f"result_{number}", "check_mode": bool(number % 2)}
            for number, task in enumerate(tasks)
        ],
    }
    names = ", ".join(f"result_{number}" for number in range(len(tasks)))
    play["tasks"].append(  # type: ignore[attr-defined]
        {"ansible.builtin.copy": {"content": f"{{{{ [{names}] | to_json }}}}", "dest": str(out)}}
    )
    path = tmp_path / "play.json"
    path.write_text(json.dumps([play]))
    command = [str(BIN / "ansible-playbook"), "-i", str(lab.inventory), str(path)]
    done = subprocess.run(command, env=lab.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return t.cast("list[Data]", json.loads(out.read_text()))


def codes(result: Data) -> list[str]:
    return [finding["code"] for finding in result["findings"]]


@pytest.mark.parametrize("part", range(4))
@WAYS
def test_every_name_of_the_lab(lab: DaneLab, tmp_path: Path, way: str, part: int) -> None:
    names = list(NAMES)[part::4]
    shared = {**options(lab, way), "addresses": lab_addresses(lab), "timeout": 20}
    tasks = [{"postmaster.tls.tlsa_info": {"name": name, **shared}} for name in names]
    found = asked(lab, tmp_path, tasks)
    told = {one["name"]: (one["state"], codes(one), one["lookup"]["status"]) for one in found}
    assert told == {name: NAMES[name] for name in names}
    assert all(one["changed"] is False for one in found)


def lab_addresses(lab: DaneLab) -> list[str]:
    text = lab.inventory.read_text()
    known = json.loads(text[text.index("{") :])["all"]["children"]
    hosts = {name: one for group in known.values() for name, one in group["hosts"].items()}
    return [hosts["mx1"]["lab_address"], hosts["mx1"]["lab_address6"]]


@pytest.mark.parametrize("name", ["nothere.example.test", "nothere.nsec3.test", "mx1.example.test"])
@WAYS
def test_denials_are_secure(lab: DaneLab, name: str, way: str) -> None:
    look = lookup_of(options(lab, way)).begun(now=datetime.now(UTC))
    found = survey(look, name, 24)
    assert (found.tlsa.status, found.tlsa.secure) == ("nxdomain", True)


def test_a_resolver_on_the_network_is_not_believed_unless_that_is_said(
    lab: DaneLab, tmp_path: Path
) -> None:
    known = {**options(lab, "resolver"), "trust_resolver": False}
    task = {"postmaster.tls.tlsa_info": {"name": "mx1.example.test", **known}}
    [found] = asked(lab, tmp_path, [task])
    assert (found["state"], found["secure"]) == (None, None)
    assert "not on loopback" in found["reason"]


def test_authoritative_servers_are_asked_directly_when_the_chain_is_validated_here(
    lab: DaneLab, tmp_path: Path
) -> None:
    known = {**options(lab, "self"), "resolver": lab.variables["lab_nameservers"][:1]}
    task = {"postmaster.tls.tlsa_info": {"name": "mx1.example.test", **known}}
    [found] = asked(lab, tmp_path, [task])
    assert (found["state"], found["secure"]) == ("ok", True)


def test_the_probe_says_the_same_at_each_address(lab: DaneLab, tmp_path: Path) -> None:
    shared = {**options(lab, "self"), "checks": ["dane"], "timeout": 20}
    addresses = lab_addresses(lab)
    hosts = {
        "mx1.example.test": "match",
        "stale.example.test": "mismatch",
        "half.example.test": "mismatch",
        "absent.example.test": "absent",
        "short.malformed.test": "unusable",
        "mx.insecure.test": "insecure",
        "mx.expired.test": "bogus",
    }
    targets = [{"host": host, "address": one} for host in hosts for one in addresses]
    [found] = asked(
        lab, tmp_path, [{"postmaster.tls.starttls_probe": {"targets": targets, **shared}}]
    )
    told = {(one["host"], one["address"]): one["dane"]["status"] for one in found["results"]}
    assert told == {(host, one): word for host, word in hosts.items() for one in addresses}
    stale = next(one for one in found["results"] if one["host"] == "stale.example.test")
    [first, _second] = [one for one in stale["findings"] if one["code"] == "stale-tlsa"]
    assert first["severity"] == "critical"
    assert stale["dane"]["records"][0]["record"] in first["evidence"]


def test_case_2_is_seen_before_and_after(lab: DaneLab, tmp_path: Path) -> None:
    """The next certificate is refused before it is served, and served all the same it is a stale record."""
    shared = {"name": "mx1.example.test", **options(lab, "self"), "timeout": 20}
    following = lab.on("mx1", "cat", "/etc/postfix/tls/next/mx1.crt")
    task = {"postmaster.tls.tlsa_info": {**shared, "next_certificate": following}}
    [before] = asked(lab, tmp_path, [task])
    assert (before["state"], before["covers_next"]) == ("ok", False)
    assert len(before["publish"]) == 3
    lab.reset("case2")
    try:
        [after] = asked(lab, tmp_path, [{"postmaster.tls.tlsa_info": shared}])
        assert (after["state"], set(codes(after))) == ("stale", {"stale-tlsa"})
        lab.publish(*(line.partition(" TLSA ")[2] for line in after["publish"]))
        [mended] = asked(lab, tmp_path, [{"postmaster.tls.tlsa_info": shared}])
        assert mended["state"] == "ok"
        assert "Verified TLS connection" in lab.finger("mx1.example.test")
    finally:
        lab.reset()


def test_between_two_certificates_it_waits_and_then_is_safe(lab: DaneLab, tmp_path: Path) -> None:
    """The records of both are there: caches may hold those of before until the old time to live has passed."""
    following = lab.on("mx1", "cat", "/etc/postfix/tls/next/mx1.crt")
    files = ("first/mx1.crt", "first/mx1-ecdsa.crt", "next/mx1.crt")
    now = datetime.now(UTC)
    shared = {"name": "mx1.example.test", "next_certificate": following, **options(lab, "self")}
    ages = {"wait": timedelta(0), "rollover-safe": timedelta(hours=1)}
    tasks = [
        {"postmaster.tls.tlsa_info": {**shared, "published_at": f"{now - age:%Y-%m-%dT%H:%M:%SZ}", "previous_ttl": 3000}}
        for age in ages.values()
    ]  # fmt: skip
    lab.publish(*(lab.digest(f"/etc/postfix/tls/{file}") for file in files))
    try:
        found = asked(lab, tmp_path, tasks)
    finally:
        lab.reset()
    assert [one["state"] for one in found] == list(ages)
    assert [one["covers_next"] for one in found] == [True, True]
    assert found[0]["wait_until"] == f"{now + timedelta(seconds=3000):%Y-%m-%dT%H:%M:%SZ}"
    assert found[1]["wait_until"] is None
