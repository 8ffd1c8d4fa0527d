# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two instances on one host, made by postmulti(1), with server names of their own."""

from __future__ import annotations

import json
import typing as t
from datetime import UTC, datetime

import pytest
from ansible_collections.postmaster.tls.plugins.action.mta_tls_facts import with_certificates
from ansible_collections.postmaster.tls.tests.support.boxes import Box, started
from mtalab import images
from mtalab.paths import lab_name

pytestmark = pytest.mark.lab

SECOND = "/etc/postfix-second"
MOST_BYTES = 200_000
NAMES = 40
#: The certificates: of one host, of the other, of both, and one for each server name.
SETUP = f"""
mkdir -p /etc/postfix/tls && cd /etc/postfix/tls
certify() {{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=$1 -keyout $1.key \\
        -out $1.crt -addext subjectAltName=$2 2>/dev/null
    (umask 077 && cat $1.key $1.crt > $1.pem)
}}
certify mx.example.test DNS:mx.example.test
certify mx.example.org DNS:mx.example.org
certify both DNS:mx.example.test,DNS:mx.example.org
for number in $(seq {NAMES}); do
    certify customer$number.example.test DNS:customer$number.example.test
    echo "customer$number.example.test /etc/postfix/tls/customer$number.example.test.pem" >> /etc/postfix/sni
done
postmulti -e init
postmulti -I postfix-second -e create
postmulti -i postfix-second -e enable
for one in /etc/postfix:mx.example.test {SECOND}:mx.example.org; do
    postconf -c ${{one%:*}} -e myhostname=${{one#*:}} inet_interfaces=all smtpd_tls_security_level=may \\
        smtpd_tls_key_file= smtpd_tls_cert_file= smtpd_tls_chain_files=/etc/postfix/tls/${{one#*:}}.pem
done
postconf -c {SECOND} -M smtp/inet='2525 inet n - n - - smtpd'
"""
Facts = dict[str, t.Any]


@pytest.fixture(scope="module", params=["bullseye", "sid"])
def box(request: pytest.FixtureRequest) -> t.Iterator[Box]:
    podman = images.podman_with(request.param)
    name = f"{lab_name()}-instances-{request.param}"
    made = started(podman, name, request.param, "--init", command="sleep infinity")
    try:
        made.sh(SETUP)
        yield made
    finally:
        podman.remove(name)


def gathered(box: Box, **arguments: t.Any) -> Facts:
    """The facts as the controller has them."""
    facts, material, _heard = json.loads(box.module("mta_tls_facts", **arguments)["found"])
    return with_certificates(facts, material, now=datetime.now(UTC))


def mismatches(facts: Facts) -> dict[str, str]:
    """The evidence by the name of the file."""
    return {
        one["where"].rpartition("/")[2]: one["evidence"]
        for one in facts["findings"]
        if one["code"] == "certificate-name-mismatch"
    }


def test_each_instance_has_its_own_name(box: Box) -> None:
    facts = gathered(box)
    assert [one["instance"] for one in facts["postfix"]] == ["-", "postfix-second"]
    assert mismatches(facts) == {}


def test_a_name_of_mx_records_is_expected_of_both(box: Box) -> None:
    found = mismatches(gathered(box, mx_names=["mx.example.test"]))
    assert found == {"mx.example.org.pem": "mx.example.test is not covered by mx.example.org"}


def test_a_certificate_of_another_instance_lacks_the_name_of_this_one(box: Box) -> None:
    chain = {"smtpd_tls_chain_files": "/etc/postfix/tls/mx.example.test.pem"}
    found = mismatches(gathered(box, candidate={SECOND: {"parameters": chain}}))
    assert found == {"mx.example.test.pem": "mx.example.org is not covered by mx.example.test"}


def test_one_certificate_may_serve_both(box: Box) -> None:
    change = {"parameters": {"smtpd_tls_chain_files": "/etc/postfix/tls/both.pem"}}
    facts = gathered(box, candidate={"/etc/postfix": change, SECOND: change})
    assert [one["file"].rpartition("/")[2] for one in facts["certificates"]] == ["both.pem"]
    assert mismatches(facts) == {}


def test_many_server_names_and_services_are_small_facts(box: Box) -> None:
    names = {"tls_server_sni_maps": "texthash:/etc/postfix/sni"}
    box.sh("cp /etc/postfix/master.cf /root/master.cf.before")
    box.sh(
        "for port in $(seq 3000 3002); do\n"
        '    postconf -M $port/inet="$port inet n - n - - smtpd"\n'
        "    postconf -P $port/inet/smtpd_tls_exclude_ciphers=AES$((port % 2 + 1))28\n"
        "done"
    )
    try:
        facts = gathered(box, candidate={"parameters": names})
    finally:
        box.sh("cp /root/master.cf.before /etc/postfix/master.cf")
    services = facts["postfix"][0]["services"]
    assert len(services[0]["server_names"]) == NAMES
    assert {one.get("server_names_as") for one in services if one["name"][:3] == "300"} == {
        "/etc/postfix smtp/inet"
    }
    assert len(facts["certificates"]) == NAMES + 2
    assert mismatches(facts) == {}
    assert len(json.dumps(facts)) < MOST_BYTES
