# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against a real Postfix of every Debian release, side by side with sslscan and the openssl command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import (
    Probe,
    probe,
    probe_all,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import by_name
from ansible_collections.postmaster.tls.tests.support.labs import Lab, running

pytestmark = pytest.mark.lab

HOSTS = ("mx-bullseye", "mx-bookworm", "mx1", "mx-sid")
Data = dict[str, t.Any]

ECDSA = "/etc/postfix/tls/probe-ecdsa"
WITH_ECDSA = f"smtpd_tls_eccert_file={ECDSA}.crt smtpd_tls_eckey_file={ECDSA}.key"
WITHOUT_RSA = "smtpd_tls_cert_file=none smtpd_tls_key_file=none"
LOOSE = (
    f"{WITH_ECDSA} smtpd_tls_protocols= smtpd_tls_ciphers=export"
    " tls_export_cipherlist=ALL:@SECLEVEL=0"
)
LIMITED = "smtpd_client_connection_rate_limit=30 smtpd_client_event_limit_exceptions="
NEW_SESSIONS = "smtpd_client_new_tls_session_rate_limit=20 smtpd_client_event_limit_exceptions="
SERVICES = {
    "loose": (2525, LOOSE),
    "default": (2526, ""),
    "preempt": (2527, f"{LOOSE} tls_preempt_cipherlist=yes"),
    "tls13-only": (2528, "smtpd_tls_protocols=!SSLv2,!SSLv3,!TLSv1,!TLSv1.1,!TLSv1.2"),
    "ecdsa-only": (2529, f"{WITHOUT_RSA} {WITH_ECDSA}"),
    "no-tls": (2530, "smtpd_tls_security_level=none"),
    "implicit": (2531, "smtpd_tls_wrappermode=yes"),
    "anonymous": (2533, WITHOUT_RSA),
    "limited": (2534, LIMITED),
    "ten-processes": (2535, ""),
    "two-connections": (
        2536,
        "smtpd_client_connection_count_limit=2 smtpd_client_event_limit_exceptions=",
    ),
    "new-sessions": (2537, NEW_SESSIONS),
}
PYTHONS = {"mx-bullseye": "3.9", "mx-bookworm": "3.11", "mx1": "3.13", "mx-sid": "3.14"}
COMPARED = ("loose", "default", "preempt", "tls13-only", "ecdsa-only", "implicit", "anonymous")


def master_cf() -> str:
    lines = []
    for name, (port, overrides) in SERVICES.items():
        limit = 10 if name == "ten-processes" else "-"
        lines.append(f"{port} inet n - y - {limit} smtpd")
        lines += [f"  -o {override}" for override in overrides.split()]
    return "\n".join(lines)


SETUP = f"""
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=ecdsa.example.test \
    -keyout {ECDSA}.key -out {ECDSA}.crt 2>/dev/null
cat >> /etc/postfix/master.cf <<'END'
{master_cf()}
END
postfix reload 2>/dev/null
"""


@dataclass(frozen=True)
class Host:
    name: str
    address: str

    def probed(self, service: str, **options: t.Any) -> Data:
        port = SERVICES[service][0]
        implicit = service == "implicit"
        return report(probe(Target(self.address, port, implicit=implicit, **options)))

    def sslscan(self, service: str) -> ElementTree.Element:
        """Its XML, of every version and suite."""
        port = SERVICES[service][0]
        options = ["--no-heartbleed", "--no-fallback", "--no-renegotiation", "--no-compression"]
        options += [] if service == "implicit" else ["--starttls-smtp"]
        command = ["sslscan", "--xml=-", *options, f"{self.address}:{port}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return ElementTree.fromstring(done.stdout)


@pytest.fixture(scope="module")
def lab() -> t.Iterator[Lab]:
    with running("probe", "fleet") as fleet:
        for host in HOSTS:
            fleet.on(host, "sh", "-euc", SETUP)
        yield fleet


@pytest.fixture(scope="module")
def addresses(lab: Lab) -> dict[str, str]:
    return lab.addresses()


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, addresses: dict[str, str]) -> Host:
    return Host(request.param, addresses[request.param])


def codes_of_sslscan(scan: ElementTree.Element) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for cipher in scan.iter("cipher"):
        version = str(cipher.get("sslversion")).replace("TLSv1.0", "TLSv1")
        suite = by_name(str(cipher.get("cipher")))
        assert suite is not None, cipher.get("cipher")
        found.setdefault(version, []).append(suite.code)
    return found


def codes(result: Data) -> dict[str, list[int]]:
    return {
        version: [int(suite["code"], 16) for suite in suites]
        for version, suites in result["ciphers"].items()
        if suites
    }


def in_order(found: dict[str, list[int]]) -> dict[str, list[int]]:
    """Without SEED, which sslscan's own library lacks, so that it tries those suites last."""
    seed = {0x0096, 0x009A, 0x009B}
    return {
        version: [code for code in suites if code not in seed] for version, suites in found.items()
    }


@pytest.mark.parametrize("service", COMPARED)
def test_it_agrees_with_sslscan(host: Host, service: str) -> None:
    result, scan = host.probed(service), host.sslscan(service)
    ours, theirs = codes(result), codes_of_sslscan(scan)
    assert {version: sorted(suites) for version, suites in ours.items()} == {
        version: sorted(suites) for version, suites in theirs.items()
    }
    assert not result["undetermined"]
    assert not result["throttled"]
    decides = "server" if service == "preempt" else "client"
    assert set(result["preference"].values()) == {decides}
    if service == "preempt":
        assert in_order(ours) == in_order(theirs)
    accepted = sum(map(len, ours.values()))
    groups = [group for group in result["groups"] if group["accepted"]]
    assert result["connections"] <= accepted + len(groups) + 30


def test_groups_agree_with_sslscan_where_it_knows_them(host: Host) -> None:
    result, scan = host.probed("loose"), host.sslscan("loose")
    theirs = {str(group.get("name")).partition(" ")[0] for group in scan.iter("group")}
    ours = {group["name"] for group in result["groups"] if group["accepted"]}
    assert theirs <= ours
    assert ours - theirs <= {"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"}


def served(host: Host, service: str, *options: str) -> list[str]:
    """The chain that `openssl s_client` is shown, as base64 without line ends."""
    target = f"{host.address}:{SERVICES[service][0]}"
    command = ["openssl", "s_client", "-connect", target, "-starttls", "smtp", "-showcerts"]
    done = subprocess.run(
        [*command, *options], input="", capture_output=True, text=True, check=False
    )
    return [body(pem) for pem in re.findall(r"-----BEGIN.*?-----END", done.stdout, re.DOTALL)]


def body(pem: str) -> str:
    return re.sub(r"-----[A-Z ]*(-----)?|\s", "", pem)


def test_both_chains_are_what_s_client_is_shown(host: Host) -> None:
    chains = [[body(pem) for pem in chain] for chain in host.probed("loose")["_chains"]]
    rsa = served(host, "loose", "-tls1_2", "-cipher", "aRSA")
    ecdsa = served(host, "loose", "-tls1_2", "-cipher", "aECDSA")
    assert rsa
    assert sorted(chains) == sorted([rsa, ecdsa])


def test_the_chain_of_a_tls13_only_service_is_what_s_client_is_shown(host: Host) -> None:
    result = host.probed("tls13-only", checks=("handshake", "certificates"))
    assert [[body(pem) for pem in chain] for chain in result["_chains"]] == [
        served(host, "tls13-only", "-tls1_3")
    ]


def test_a_service_without_tls(host: Host) -> None:
    result = host.probed("no-tls")
    assert (result["reached"], result["reason"]) == (True, "no-starttls")
    assert result["smtp"]["starttls"] is False
    assert "PIPELINING" in result["smtp"]["ehlo"]
    assert result["connections"] == 1


def side_by_side(addresses: dict[str, str], service: str, **options: t.Any) -> dict[str, Data]:
    """The results of one service of all hosts, since each uses up its time."""
    port, found = SERVICES[service][0], {}
    targets = [Target(addresses[name], port, **options) for name in HOSTS]

    def tell(position: int, _part: int, result: Probe) -> None:
        found[HOSTS[position]] = report(result)

    probe_all(targets, tell=tell)
    return found


@pytest.fixture(scope="module")
def limited(addresses: dict[str, str]) -> dict[str, Data]:
    return side_by_side(addresses, "limited", timeout=15.0)


def test_a_rate_limit_leaves_open_what_it_hides(host: Host, limited: dict[str, Data]) -> None:
    truth = codes(host.probed("default"))
    result = limited[host.name]
    assert result["throttled"]
    assert result["undetermined"]
    left = {
        version: {int(suite["code"], 16) for suite in suites}
        for version, suites in result["undetermined"].items()
    }
    for version, suites in truth.items():
        known = set(codes(result).get(version, ()))
        assert known <= set(suites)
        assert set(suites) <= known | left.get(version, set())
    assert not [
        item for item in result["protocols"] if item["accepted"] is False and item["name"] in truth
    ]


def test_eight_connections_fit_the_queue_of_ten_processes(host: Host) -> None:
    result = host.probed("ten-processes", connections=8)
    assert codes(result)
    assert not result["throttled"]
    assert not result["undetermined"]
    assert {k: sorted(v) for k, v in codes(result).items()} == {
        k: sorted(v) for k, v in codes(host.probed("default")).items()
    }


@pytest.mark.parametrize("connections", [None, 8])
def test_the_trap_of_the_short_queue(host: Host, connections: int | None) -> None:
    """Postfix's listen queue is as long as its process limit; beyond it connections hang without a banner."""
    result = host.probed("ten-processes", connections=connections)
    assert not result["undetermined"]
    assert not result["throttled"]
    # A stall costs half a second and a connection, and is tried again: two of them are within a second.
    whole = host.probed("default", connections=connections)
    assert result["connections"] <= whole["connections"] + 2


def test_a_limit_of_connections_at_once_is_met_without_a_loss(host: Host) -> None:
    result = host.probed("two-connections", timeout=60.0)
    assert result["throttled"]
    assert not result["undetermined"]
    assert {k: sorted(v) for k, v in codes(result).items()} == {
        k: sorted(v) for k, v in codes(host.probed("default")).items()
    }


@pytest.fixture(scope="module")
def without_new_sessions(addresses: dict[str, str]) -> dict[str, Data]:
    return side_by_side(addresses, "new-sessions", timeout=10.0)


def test_a_limit_of_tls_sessions_is_told_from_tls_that_is_not_available(
    host: Host, without_new_sessions: dict[str, Data]
) -> None:
    result = without_new_sessions[host.name]
    assert (result["throttled"], result["reason"]) == (True, "throttled")
    assert "too many new TLS sessions" in result["message"]
    assert "starttls-unavailable" not in [finding["code"] for finding in result["findings"]]


def test_every_python_of_the_lab_is_a_vantage(lab: Lab, addresses: dict[str, str]) -> None:
    """Ansible runs the module on each release, against the Postfix of one of them."""
    for name, version in PYTHONS.items():
        assert lab.on(name, "python3", "--version").split()[1].startswith(f"{version}.")
    program = str(Path(sys.executable).with_name("ansible"))
    targets = [
        {"host": addresses["mx1"], "port": SERVICES[service][0]}
        for service in ("loose", "tls13-only", "no-tls")
    ]
    order = json.dumps({"targets": targets, "ehlo_name": "probe.example.test"})
    command = [program, "-i", str(lab.inventory), ",".join(PYTHONS)]
    done = subprocess.run(
        [*command, "-m", "postmaster.tls.starttls_probe", "-a", order],
        capture_output=True,
        text=True,
        check=False,
    )
    seen = {name: json.loads(text) for name, text in _outputs(done.stdout).items()}
    assert set(seen) == set(PYTHONS), done.stdout + done.stderr
    pictures = {name: [_picture(one) for one in got["results"]] for name, got in seen.items()}
    loose, newest, plain = pictures["mx1"]
    assert all(picture == pictures["mx1"] for picture in pictures.values())
    assert (len(loose["certificates"]), len(newest["certificates"])) == (2, 1)
    assert sum(map(len, loose["ciphers"].values())) > 80
    assert plain["reason"] == "no-starttls"


def _outputs(text: str) -> dict[str, str]:
    """The JSON of each host in the output of the command."""
    return {
        match[1]: match[2]
        for match in re.finditer(r"^(\S+) \| SUCCESS => (\{.*?^\})", text, re.DOTALL | re.MULTILINE)
    }


def _picture(result: Data) -> Data:
    """What must not depend on who asks."""
    suites = {version: sorted(suites) for version, suites in codes(result).items()}
    return {
        "reason": result["reason"],
        "ciphers": suites,
        "protocols": [(item["name"], item["accepted"]) for item in result["protocols"]],
        "groups": sorted(group["name"] for group in result["groups"] if group["accepted"]),
        "certificates": sorted(one["sha256"] for one in result["certificates"]),
    }


def test_the_page_of_one_host(addresses: dict[str, str]) -> None:
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    options = {
        "host": addresses["mx1"],
        "mail_port": SERVICES["loose"][0],
        "policy": "intermediate",
        "senders": "postfix-3.10,sslv3-only",
    }
    extra = [word for name, value in options.items() for word in ("-e", f"{name}={value}")]
    command = [program, "postmaster.tls.diagnose_mta", *extra]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert f"{addresses['mx1']}:{SERVICES['loose'][0]}" in lines
    for title in ("What is wrong, for whom, and what to do", "Who gets through", "What it speaks"):
        assert title in lines
    assert any(re.match(r"  postfix-3.10 +yes TLSv1.3 TLS_", line) for line in lines)
    assert any(re.match(r"  sslv3-only +no ", line) for line in lines)
    assert "(policy-violation)" in done.stdout
    assert not [line for line in lines if line.lstrip().startswith(('"', "{"))]


def test_the_page_needs_a_host() -> None:
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "postmaster.tls.diagnose_mta"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Name the server to look at with -e host=NAME" in done.stdout
