# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans on a real Postfix of every Debian release: apply one, then ask sslscan and our probe what a sender gets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._agreement import agreement
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan import policy_plan
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import load_policy
from ansible_collections.postmaster.tls.plugins.plugin_utils._violations import violations
from mtalab import images
from mtalab.engine import Podman

CHECKOUT = Path(__file__).resolve().parents[3]
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="nsenter(1) needs root"),
    pytest.mark.skipif(not shutil.which("sslscan"), reason="sslscan is not installed"),
]

INSIDE = "/srv/ansible_collections/postmaster/tls"
SUITES = ["bullseye", "bookworm", "trixie", "sid"]
PREPARE = """
cd /etc/postfix
for kind in rsa ec; do
    parameters='-newkey rsa:2048'
    [ $kind = rsa ] || parameters='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1'
    openssl req -x509 -nodes $parameters -keyout $kind.key -out $kind.crt -days 9 -subj /CN=mx.example.test 2>/dev/null
done
postconf -e myhostname=mx.example.test inet_interfaces=loopback-only inet_protocols=ipv4 compatibility_level=2 \
    smtpd_tls_cert_file=/etc/postfix/rsa.crt smtpd_tls_key_file=/etc/postfix/rsa.key \
    smtpd_tls_eccert_file=/etc/postfix/ec.crt smtpd_tls_eckey_file=/etc/postfix/ec.key \
    smtpd_tls_security_level=may 'smtpd_tls_protocols=TLSv1.2, TLSv1.1, !TLSv1' \
    'smtpd_tls_exclude_ciphers=aNULL, RSA+AES' maillog_file=/var/log/postfix.log
postconf -M 'submission/inet=submission inet n - n - - smtpd' 'smtp/inet=smtp inet n - n - - smtpd'
postconf -P submission/inet/smtpd_tls_security_level=encrypt
cp -p main.cf main.cf.first; cp -p master.cf master.cf.first
postfix start
"""
FACTS = """
import json, sys
sys.path.insert(0, "/srv")
from ansible_collections.postmaster.tls.plugins.module_utils._host_facts import HostOptions, host_facts
from ansible_collections.postmaster.tls.plugins.module_utils._run import run
options = HostOptions(frozenset({"postfix", "certificates"}), (), None, json.loads(sys.argv[1]))
print(json.dumps(host_facts(options, run=run).facts))
"""
PROBE = """
import json, sys
sys.path.insert(0, "/srv")
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
print(json.dumps(report(probe(Target(host="127.0.0.1", port=int(sys.argv[1]))))))
"""


@dataclass(frozen=True)
class Server:
    """A Postfix in a container without a network."""

    podman: Podman
    name: str

    def shell(self, script: str) -> str:
        return self.podman.exec(self.name, script)

    def python(self, script: str, argument: str) -> t.Any:
        command = ("exec", "--interactive", self.name, "python3", "-", argument)
        return json.loads(self.podman(*command, stdin=script.encode()))

    def facts(self, candidate: dict[str, t.Any]) -> dict[str, t.Any]:
        found: dict[str, t.Any] = self.python(FACTS, json.dumps(candidate))
        return found

    def reset(self) -> None:
        self.shell("cd /etc/postfix; cp -p main.cf.first main.cf; cp -p master.cf.first master.cf")

    def apply(self, plan: dict[str, t.Any]) -> None:
        commands = []
        for name, value in plan["parameters"].items():
            commands.append(
                f"postconf -X {name}" if value is None else f"postconf -e '{name}={value}'"
            )
        for service, values in plan["services"].items():
            for name, value in values.items():
                flag, text = ("-PX", "") if value is None else ("-P", f"={value}")
                commands.append(f"postconf {flag} '{service}/{name}{text}'")
        self.shell("\n".join([*commands, "postfix reload", "sleep 1", "postconf >/dev/null"]))

    def scan(self, port: int) -> dict[str, set[str]]:
        """What sslscan gets, by protocol."""
        pid = self.podman("inspect", "--format", "{{.State.Pid}}", self.name).strip()
        scanner = ["sslscan", "--no-colour", "--starttls-smtp", "--xml=-", f"127.0.0.1:{port}"]
        done = subprocess.run(
            ["nsenter", "-t", pid, "-n", *scanner], check=True, capture_output=True, timeout=120
        )
        found: dict[str, set[str]] = {}
        for cipher in ElementTree.fromstring(done.stdout).iter("cipher"):
            protocol = cipher.get("sslversion", "").replace("TLSv1.0", "TLSv1")
            found.setdefault(protocol, set()).add(cipher.get("cipher", ""))
        return found


@pytest.fixture(scope="module", params=SUITES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    image = images.recipe_of(request.param).image
    podman = images.podman_with(request.param)
    name = f"pl-{request.param}-{os.getpid()}"
    mount = f"{CHECKOUT}:{INSIDE}:ro"
    podman(
        "run",
        "--detach",
        "--name",
        name,
        "--network=none",
        "--volume",
        mount,
        "--entrypoint=sleep",
        image,
        "900",
    )
    try:
        server = Server(podman, name)
        server.shell(PREPARE)
        yield server
    finally:
        podman.remove(name)


def _service(facts: dict[str, t.Any], name: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = next(s for s in facts["postfix"][0]["services"] if s["name"] == name)
    return found


def _expected(policy_name: str) -> dict[str, set[str]]:
    """The suites of a policy by protocol, without those that no default build of OpenSSL has any more."""
    policy = load_policy(policy_name)
    found: dict[str, set[str]] = {}
    for protocol in policy.protocols:
        suites = policy.ciphersuites if protocol.label == "TLSv1.3" else policy.ciphers
        names = {s.name for s in suites or () if s.minimum <= protocol <= s.maximum}
        found[protocol.label] = names - {"DES-CBC3-SHA", "TLS_AES_128_CCM_SHA256"}
    return found


@pytest.mark.parametrize("policy", ["intermediate", "old", "ncsc-nl"])
def test_policy_and_reality_agree(server: Server, policy: str) -> None:
    server.reset()
    plan = policy_plan(server.facts({}), mx=policy, submission=policy)
    assert not [f for f in plan["findings"] if f["severity"] in ("critical", "high")]
    predicted = server.facts(plan)
    server.apply(plan)
    for service, port in (("smtp/inet", 25), ("submission/inet", 587)):
        assert server.scan(port) == _expected(policy), (service, "sslscan")
        result = server.python(PROBE, str(port))
        assert violations(load_policy(policy), result) == [], service
        compared = agreement(result, _service(predicted, service))
        assert compared["disagreements"] == [], service
        assert compared["not_determined"] == [], service
    again = policy_plan(server.facts({}), mx=policy, submission=policy)
    assert again["changes"] == []


def test_lanes_do_not_leak(server: Server) -> None:
    server.reset()
    before = server.facts({})
    plan = policy_plan(before, submission="intermediate")
    server.apply(plan)
    after = server.facts({})
    for key in ("protocols", "ciphers", "groups", "cipher_string"):
        assert _service(after, "smtp/inet")[key] == _service(before, "smtp/inet")[key]
    assert server.scan(587) == _expected("intermediate")


def test_the_default_policy_gives_the_defaults_back(server: Server) -> None:
    server.reset()
    server.apply(policy_plan(server.facts({}), mx="old", submission="intermediate"))
    server.apply(policy_plan(server.facts({}), mx="postfix-default", submission="postfix-default"))
    names = "tls_high_cipherlist tls_medium_cipherlist tls_preempt_cipherlist tls_eecdh_auto_curves"
    for suffix in ("protocols", "ciphers", "exclude_ciphers"):
        names += f" smtpd_tls_{suffix} smtpd_tls_mandatory_{suffix}"
    now, default = (server.shell(f"postconf {flag} {names}") for flag in ("", "-d"))
    assert now.replace(", ", ",") == default.replace(", ", ",")
    overrides = server.shell("postconf -P").replace("smtpd_tls_security_level", "")
    assert "tls_" not in overrides
