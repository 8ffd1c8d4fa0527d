# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts against a real Postfix of every Debian release: what is predicted is what a probe gets."""

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
SUITES = ("bullseye", "bookworm", "trixie", "sid")
RSA = "smtpd_tls_cert_file=/etc/postfix/tls/rsa.pem smtpd_tls_key_file=/etc/postfix/tls/rsa.key"
EC = "smtpd_tls_eccert_file=/etc/postfix/tls/ec.pem smtpd_tls_eckey_file=/etc/postfix/tls/ec.key"
CASE_1 = "aNULL,LOW,EXP,MEDIUM,ADH,AECDH,MD5,DSS,ECDSA,CAMELLIA128,3DES,CAMELLIA256,RSA+AES,eNULL"
SERVICES = {
    "2501": "",
    "2502": RSA,
    "2503": EC + " smtpd_tls_cert_file=none",
    "2504": f"{RSA} {EC}",
    "2505": f"{RSA} smtpd_tls_exclude_ciphers={CASE_1} smtpd_tls_protocols=TLSv1.2,TLSv1.1,!TLSv1,!SSLv2,!SSLv3",
    "2506": f"{RSA} {EC} smtpd_tls_exclude_ciphers=aNULL,kRSA+AES,ECDHE+AESGCM:SHA1,CAMELLIA",
    "2507": f"{RSA} smtpd_tls_ciphers=high",
    "2508": f"{RSA} {EC} tls_preempt_cipherlist=yes",
    "2509": f"{RSA} {EC} smtpd_tls_security_level=encrypt smtpd_tls_mandatory_ciphers=high"
    " smtpd_tls_mandatory_exclude_ciphers=aNULL,SHA1,kRSA smtpd_tls_mandatory_protocols=!SSLv2,!SSLv3,!TLSv1,!TLSv1.1",
    "2510": f"{RSA} smtpd_tls_wrappermode=yes smtpd_tls_exclude_ciphers=AES256",
    "2511": f"{RSA} tls_medium_cipherlist=HIGH:MEDIUM:@SECLEVEL=2",
    "2512": f"{RSA} smtpd_tls_security_level=encrypt smtpd_tls_req_ccert=yes",
    "2513": f"{RSA} tls_eecdh_auto_curves=secp384r1",
    "2514": "smtpd_tls_chain_files=/etc/postfix/tls/chain.pem",
    "2515": f"{RSA} smtpd_tls_protocols=!SSLv2,!SSLv3,!TLSv1.3",
    "2516": "smtpd_tls_cert_file=none",
}
SETUP = """
mkdir -p /etc/postfix/tls && cd /etc/postfix/tls
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=mx.example.test -keyout rsa.key -out rsa.pem 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=mx.example.test \\
    -keyout ec.key -out ec.pem 2>/dev/null
cat ec.key ec.pem rsa.key rsa.pem > chain.pem
postconf -e maillog_file=/var/log/postfix.log myhostname=mx.example.test inet_interfaces=127.0.0.1 \\
    inet_protocols=ipv4 smtpd_tls_security_level=may smtpd_tls_cert_file= smtpd_tls_key_file= \\
    'smtpd_tls_key_file=$smtpd_tls_cert_file'
cat >> /etc/postfix/master.cf
postfix start >/dev/null 2>&1
"""


def master_cf() -> str:
    lines = []
    for port, overrides in SERVICES.items():
        lines.append(f"{port} inet n - n - - smtpd")
        lines += [f"  -o {override}" for override in overrides.split()]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def podman() -> Podman:
    return images.podman_with(*SUITES)


@pytest.fixture(scope="module", params=SUITES)
def compared(podman: Podman, request: pytest.FixtureRequest) -> t.Iterator[dict[str, t.Any]]:
    """What facts and probe say of each service, by port; Postfix and both run in one container without a network."""
    name = f"{lab_name()}-facts-{request.param}"
    volume = f"--volume={CHECKOUT}:{TREE}:ro"
    image = images.recipe_of(request.param).image
    podman(
        "run",
        "--detach",
        "--replace",
        f"--name={name}",
        "--network=none",
        volume,
        "--init",
        image,
        "sleep",
        "3600",
    )
    try:
        podman("exec", "--interactive", name, "sh", "-euc", SETUP, stdin=master_cf().encode())
        script = f"{TREE}/tests/support/facts_beside_probe.py"
        told = podman(
            "exec", "--env=PYTHONPATH=/driver", name, "python3", "-B", script, timeout=300
        )
        services = json.loads(told)["services"]
        yield {service["name"].partition("/")[0]: service for service in services}
    finally:
        podman.remove(name)


def without_order(suites: dict[str, list[str]]) -> dict[str, list[str]]:
    return {protocol: sorted(names) for protocol, names in suites.items()}


def test_every_suite_of_every_service_is_predicted(compared: dict[str, t.Any]) -> None:
    assert set(SERVICES) <= set(compared)
    for port in SERVICES:
        service = compared[port]
        assert without_order(service["predicted"]) == without_order(service["seen"]), port


def test_where_the_server_decides_the_order_is_predicted(compared: dict[str, t.Any]) -> None:
    assert compared["2508"]["ordered"]
    assert compared["2508"]["predicted"] == compared["2508"]["seen"]


def test_the_groups_are_predicted(compared: dict[str, t.Any]) -> None:
    for port in ("2502", "2504", "2513"):
        service = compared[port]
        assert sorted(service["predicted_groups"]) == sorted(service["seen_groups"]), port


def test_what_is_wrong_is_found_where_it_is(compared: dict[str, t.Any]) -> None:
    assert compared["2501"]["findings"] == ["certificate-missing"]
    assert compared["2505"]["findings"] == ["protocol-list-mixed", "tls13-off"]
    assert compared["2516"]["findings"] == ["no-shared-cipher"]
    assert compared["2502"]["findings"] == []
