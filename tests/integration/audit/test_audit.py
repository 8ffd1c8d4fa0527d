# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit of an inventory in which some hosts cannot be asked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.postmaster.tls.tests.support.labs import CHECKOUT, Lab, running

pytestmark = pytest.mark.lab

BIN = Path(sys.executable).parent
SECONDS = 25
HANGS = "/usr/local/bin/hanging-python"
SPOILT = f"""
printf '#!/bin/sh\\nexec sleep 600\\n' > {HANGS} && chmod +x {HANGS}
echo '/etc/postfix/main.cf: $(' > /etc/postfix/main.cf
"""
BROKEN = {"ansible_connection": "local", "ansible_python_interpreter": "/nonexistent/python"}
HOSTS = {
    "mx1",
    "saved",
    "mx+a",
    "mx@a",
    "lost",
    "gone",
    "broken",
    "hangs",
    "spoilt",
    "named",
    "unseen",
}
EVERY_FILE = "find / -xdev -type f -newer /tmp/before -not -path '/proc/*' -not -path '/sys/*' -not -path '/run/*'"


@pytest.fixture(scope="module")
def lab() -> t.Iterator[Lab]:
    with running("audit", "case1") as started:
        yield started


def saving_commands() -> str:
    """The very commands that docs/offline.md tells people to run."""
    text = (CHECKOUT / "docs" / "offline.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (of_postfix,) = [str(block) for block in blocks if "postconf -n" in block]
    return of_postfix


class Audit(t.NamedTuple):
    """What one run left behind."""

    output: str
    reports: dict[str, dict[str, t.Any]]
    summary: str
    written_on_mx1: list[str]


def more_hosts(lab: Lab, directory: Path) -> dict[str, dict[str, t.Any]]:
    """Beside mx1: hosts that cannot be asked, files of hosts, and mx1 again under names that ask for more."""
    own, sender = (lab.addresses()[name] for name in ("mx1", "sender"))
    gone = ".".join([*own.split(".")[:3], str(int(own.split(".")[3]) + 40)])
    saved = {"audit_mta_saved": str(directory / "saved.yml"), "ansible_host": own}
    no_probe = {"audit_mta_probe": False}
    return {
        "saved": saved,
        "mx+a": {**saved, **no_probe},
        "mx@a": {**saved, "audit_mta_probe": "{{ 1 // 0 }}"},
        "lost": {"audit_mta_saved": str(directory / "no-such-file.yml"), **no_probe},
        "gone": {"ansible_host": gone},
        "broken": BROKEN,
        "hangs": {
            "ansible_host": sender,
            "ansible_python_interpreter": HANGS,
            "audit_mta_timeout": SECONDS,
        },
        "spoilt": {"ansible_host": sender},
        "named": {
            "ansible_host": own,
            "audit_mta_names": "mx.example.org",
            "audit_mta_resolver": "127.0.0.1",
            **no_probe,
        },
        "unseen": {"ansible_host": own, "audit_mta_vantage": "{{ 1 // 0 }}"},
    }


@pytest.fixture(scope="module", params=["", "--check"])
def audit(
    request: pytest.FixtureRequest, lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> Audit:
    directory = tmp_path_factory.mktemp("audit")
    lab.on("sender", "sh", "-c", SPOILT)
    saving = f"cd /tmp\n{saving_commands()}\ncat mx-saved.yml; rm mx-saved.yml"
    (directory / "saved.yml").write_text(lab.on("mx1", "sh", "-c", saving))
    hosts = {
        "all": {"vars": {"audit_mta_probe": True}},
        "mta": {"hosts": more_hosts(lab, directory)},
    }
    (directory / "more.yml").write_text(yaml.safe_dump(hosts))
    argv = [
        str(BIN / "ansible-playbook"),
        "-i",
        str(lab.inventory),
        "-i",
        str(directory / "more.yml"),
    ]
    argv += [str(CHECKOUT / "playbooks" / "audit-mta.yml"), *request.param.split()]
    argv += ["-e", f"audit_mta_directory={directory / 'out'}"]
    lab.on("mx1", "sh", "-c", "touch /tmp/before; sleep 0.01")
    done = subprocess.run(
        argv, env=lab.environment, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stdout
    written = lab.on("mx1", "sh", "-c", f"{EVERY_FILE} || true").split()
    reports = {
        path.stem: json.loads(path.read_text()) for path in (directory / "out").glob("*.json")
    }
    return Audit(done.stdout, reports, (directory / "out" / "summary.md").read_text(), written)


def test_one_bad_host_stops_nobody(audit: Audit) -> None:
    assert {one["host"] for one in audit.reports.values()} == HOSTS
    silent = {name for name, one in audit.reports.items() if not one["audited"]}
    assert silent == {"gone", "broken", "hangs", "lost"}
    assert "7 of 11 hosts audited" in audit.summary
    assert "/nonexistent/python" in audit.reports["broken"]["reason"]
    assert "could not be sent" in audit.reports["gone"]["reason"]
    assert f"{SECONDS} second" in audit.reports["hangs"]["reason"]
    assert "no-such-file.yml is no file" in audit.reports["lost"]["reason"]


def test_hosts_whose_names_differ_in_a_mark_have_a_file_each(audit: Audit) -> None:
    assert {"mx%2Ba", "mx%40a"} <= set(audit.reports)
    assert audit.reports["mx%2Ba"]["host"] == "mx+a"


def test_one_name_is_a_list_of_one_and_expected_in_the_certificate(audit: Audit) -> None:
    report = audit.reports["named"]
    assert [one["label"] for one in report["probes"]] == ["DANE of mx.example.org"]
    (found,) = [
        one for one in report["mta_tls"]["findings"] if one["code"] == "certificate-name-mismatch"
    ]
    assert "mx.example.org is not covered" in found["evidence"]


@pytest.mark.parametrize("host", ["unseen", "mx%40a"])
def test_what_could_not_be_looked_at_from_outside_leaves_the_facts(audit: Audit, host: str) -> None:
    report = audit.reports[host]
    assert report["audited"]
    assert [one["agrees"] for one in report["probes"]] == [False] * len(report["probes"])
    assert "zero" in report["probes"][0]["message"]


def test_what_was_saved_is_understood_like_the_live_host(audit: Audit) -> None:
    live, saved = (audit.reports[name]["mta_tls"] for name in ("mx1", "saved"))
    (one,), (other,) = live["postfix"], saved["postfix"]
    assert other["version"] == one["version"]
    known = ("name", "lane", "listen", "security_level", "cipher_string", "certificate_files")
    assert [[service[key] for key in known] for service in other["services"]] == [
        [service[key] for key in known] for service in one["services"]
    ]
    assert {
        service["ciphers"] for service in other["services"] if service["security_level"] != "none"
    } == {None}
    codes = {one["code"] for one in saved["findings"]}
    assert {"protocol-list-mixed", "no-shared-cipher", "not-determined"} <= codes
    told = ("sha256", "san", "key_type", "key_bits", "chain_complete")
    assert [[entry[key] for key in told] for entry in saved["certificates"]] == [
        [entry[key] for key in told] for entry in live["certificates"]
    ]
    assert [entry["key_matches"] for entry in saved["certificates"]] == [None]


def test_a_configuration_that_postfix_cannot_read_is_not_determined(audit: Audit) -> None:
    (instance,) = audit.reports["spoilt"]["mta_tls"]["postfix"]
    assert instance["reason"]
    assert instance["services"] == []
    assert "not-determined" in {
        one["code"] for one in audit.reports["spoilt"]["mta_tls"]["findings"]
    }


def test_what_is_wrong_is_told(audit: Audit) -> None:
    codes = {one["code"] for one in audit.reports["mx1"]["mta_tls"]["findings"]}
    assert "protocol-list-mixed" in codes
    assert "protocol-list-mixed" in audit.summary
    assert audit.reports["mx1"]["counts"]["high"] > 0


def test_the_probes_agree_with_the_facts(audit: Audit) -> None:
    probes = audit.reports["mx1"]["probes"]
    assert len(probes) == 3
    assert all(one["agrees"] for one in probes), [one["message"] for one in probes]


def test_no_secret_is_told(audit: Audit) -> None:
    everything = audit.output + audit.summary + json.dumps(audit.reports)
    assert "PRIVATE KEY" not in everything


def test_nothing_is_written_on_the_host(audit: Audit) -> None:
    ours = (
        "/root/.ansible",
        "/root/.ssh",
        "/var/log/",
        "/var/lib/systemd",
        "/var/spool/postfix",
        "/var/lib/postfix",
    )
    assert [path for path in audit.written_on_mx1 if not path.startswith(ours)] == []
    kept = [path for path in audit.written_on_mx1 if path.startswith("/root/.ansible")]
    assert kept == []
