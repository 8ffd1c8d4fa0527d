# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit of an inventory in which some hosts cannot be asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from mtalab.paths import lab_name

pytestmark = pytest.mark.lab

CHECKOUT = Path(__file__).resolve().parents[3]
LAB = [sys.executable, str(CHECKOUT / "tests" / "lab" / "lab.py")]
BIN = Path(sys.executable).parent
SECONDS = 25
HANGS = "/usr/local/bin/hanging-python"
SPOILT = f"""
printf '#!/bin/sh\\nexec sleep 600\\n' > {HANGS} && chmod +x {HANGS}
echo '/etc/postfix/main.cf: $(' > /etc/postfix/main.cf
"""
BROKEN = {"ansible_connection": "local", "ansible_python_interpreter": "/nonexistent/python"}
EVERY_FILE = "find / -xdev -type f -newer /tmp/before -not -path '/proc/*' -not -path '/sys/*' -not -path '/run/*'"


@pytest.fixture(scope="module")
def environment() -> t.Iterator[dict[str, str]]:
    made = {**os.environ, "POSTMASTER_LAB": f"{lab_name()}-audit"}
    try:
        yield made
    finally:
        subprocess.run([*LAB, "down"], env=made, check=False, capture_output=True)


@pytest.fixture(scope="module")
def inventory(environment: dict[str, str]) -> Path:
    done = subprocess.run(
        [*LAB, "up", "case1"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.split()[-1])


def on(environment: dict[str, str], host: str, script: str) -> str:
    command = [*LAB, "exec", host, "sh", "-c", script]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    ).stdout


def saving_commands() -> str:
    """The very commands that docs/offline.md tells people to run."""
    text = (CHECKOUT / "docs" / "offline.md").read_text()
    (block,) = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return block


class Audit(t.NamedTuple):
    """What one run left behind."""

    output: str
    reports: dict[str, dict[str, t.Any]]
    summary: str
    written_on_mx1: list[str]


@pytest.fixture(scope="module", params=["", "--check"])
def audit(
    request: pytest.FixtureRequest,
    environment: dict[str, str],
    inventory: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Audit:
    directory = tmp_path_factory.mktemp("audit")
    own = yaml.safe_load(inventory.read_text())["all"]
    lab_address = own["children"]["mta"]["hosts"]["mx1"]["ansible_host"]
    gone = ".".join([*lab_address.split(".")[:3], str(int(lab_address.split(".")[3]) + 40)])
    sender = own["children"]["senders"]["hosts"]["sender"]["ansible_host"]
    on(environment, "sender", SPOILT)
    saving = f"cd /tmp\n{saving_commands()}\ncat mx-saved.yml; rm mx-saved.yml"
    (directory / "saved.yml").write_text(on(environment, "mx1", saving))
    more = {
        "saved": {"audit_mta_saved": str(directory / "saved.yml"), "ansible_host": lab_address},
        "gone": {"ansible_host": gone},
        "broken": BROKEN,
        "hangs": {"ansible_host": sender, "ansible_python_interpreter": HANGS},
        "spoilt": {"ansible_host": sender},
    }
    (directory / "more.yml").write_text(yaml.safe_dump({"mta": {"hosts": more}}))
    argv = [str(BIN / "ansible-playbook"), "-i", str(inventory), "-i", str(directory / "more.yml")]
    argv += [str(CHECKOUT / "playbooks" / "audit-mta.yml"), "-e", "audit_mta_probe=true"]
    argv += ["-e", f"audit_mta_directory={directory / 'out'}", *request.param.split()]
    argv += ["-e", f"audit_mta_timeout={SECONDS}"]
    on(environment, "mx1", "touch /tmp/before; sleep 0.01")
    done = subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout
    written = on(environment, "mx1", EVERY_FILE).split()
    reports = {
        path.stem: json.loads(path.read_text()) for path in (directory / "out").glob("*.json")
    }
    return Audit(done.stdout, reports, (directory / "out" / "summary.md").read_text(), written)


def test_one_bad_host_stops_nobody(audit: Audit) -> None:
    assert set(audit.reports) == {"mx1", "gone", "broken", "hangs", "spoilt", "saved"}
    silent = {name for name, one in audit.reports.items() if not one["audited"]}
    assert silent == {"gone", "broken", "hangs"}
    assert "3 of 6 hosts audited" in audit.summary
    assert "/nonexistent/python" in audit.reports["broken"]["reason"]
    assert "could not be sent" in audit.reports["gone"]["reason"]
    assert f"{SECONDS} second" in audit.reports["hangs"]["reason"]


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
