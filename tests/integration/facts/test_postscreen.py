# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postscreen with tlsproxy as one service, server names and policies, beside what a real Postfix serves."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from mtalab import images
from mtalab.engine import Podman
from mtalab.paths import lab_name

pytestmark = pytest.mark.lab

CHECKOUT = Path(__file__).resolve().parents[3]
TREE = "/driver/ansible_collections/postmaster/tls"
MASTER = """\
2560 inet n - n - 1 postscreen
2561 inet n - n - - smtpd
smtpd pass - - n - - smtpd
  -o smtpd_tls_exclude_ciphers=AES256
tlsproxy unix - - n - 0 tlsproxy
  -o tlsproxy_tls_exclude_ciphers=CAMELLIA,kRSA
"""
SETUP = """
mkdir -p /etc/postfix/tls && cd /etc/postfix/tls
for name in mx sni; do
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=$name.example.test -keyout $name.key -out $name.crt 2>/dev/null
    cat $name.key $name.crt > $name.pem
done
echo "sni.example.test /etc/postfix/tls/sni.pem" > /etc/postfix/sni
echo "partner.example encrypt protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1" > /etc/postfix/policy
type=hash; postconf -m | grep -qx hash || type=lmdb
postmap -F $type:/etc/postfix/sni && postmap $type:/etc/postfix/policy
postconf -e maillog_file=/var/log/postfix.log myhostname=mx.example.test inet_interfaces=127.0.0.1 \\
    inet_protocols=ipv4 smtpd_tls_security_level=may smtp_tls_security_level=may \\
    smtpd_tls_chain_files=/etc/postfix/tls/mx.pem tls_server_sni_maps=$type:/etc/postfix/sni \\
    smtp_tls_policy_maps=$type:/etc/postfix/policy postscreen_greet_wait=1s postscreen_access_list= \\
    postscreen_cache_map= postscreen_non_smtp_command_enable=yes postscreen_pipelining_enable=yes
cat >> /etc/postfix/master.cf
postfix start >/dev/null 2>&1
"""


@pytest.fixture(scope="module", params=["bullseye", "sid"])
def container(request: pytest.FixtureRequest) -> t.Iterator[tuple[Podman, str]]:
    podman = images.podman_with(request.param)
    name = f"{lab_name()}-postscreen-{request.param}"
    started = ["--detach", "--replace", f"--name={name}", "--network=none", "--init"]
    volume = f"--volume={CHECKOUT}:{TREE}:ro"
    podman("run", *started, volume, images.recipe_of(request.param).image, "sleep", "3600")
    try:
        podman("exec", "--interactive", name, "sh", "-euc", SETUP, stdin=MASTER.encode())
        yield podman, name
    finally:
        podman.remove(name)


@pytest.fixture(scope="module")
def told(container: tuple[Podman, str]) -> dict[str, t.Any]:
    podman, name = container
    script = f"{TREE}/tests/support/facts_beside_probe.py"
    said = podman("exec", "--env=PYTHONPATH=/driver", name, "python3", "-B", script, timeout=600)
    found = json.loads(said)
    return {"policies": found["policies"], **{one["name"]: one for one in found["services"]}}


def test_postscreen_serves_what_tlsproxy_has(told: dict[str, t.Any]) -> None:
    screen = told["2560/inet"]
    seen = {protocol: sorted(names) for protocol, names in screen["seen"].items()}
    assert {protocol: sorted(names) for protocol, names in screen["predicted"].items()} == seen
    assert not any("CAMELLIA" in name for names in seen.values() for name in names)
    assert any("AES256" in name for names in seen.values() for name in names)


def test_a_server_name_has_the_certificate_that_the_facts_say(
    container: tuple[Podman, str], told: dict[str, t.Any]
) -> None:
    podman, name = container
    assert told["2561/inet"]["server_names"] == [
        {"name": "sni.example.test", "certificate_files": ["/etc/postfix/tls/sni.pem"]}
    ]
    ask = "echo QUIT | openssl s_client -starttls smtp -servername sni.example.test -connect 127.0.0.1:2561 2>/dev/null"
    assert "sni.example.test" in podman("exec", name, "sh", "-c", f"{ask} | grep ^subject")


def test_a_policy_is_read_from_its_source(told: dict[str, t.Any]) -> None:
    (policy,) = told["policies"]["smtp/unix"]
    assert policy["destination"] == "partner.example"
    assert policy["security_level"] == "encrypt"
    assert policy["protocols"] == ["TLSv1.2", "TLSv1.3"]
