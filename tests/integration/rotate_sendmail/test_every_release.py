# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sendmail of each other Debian release is given its next certificate: what is served then is what DANE senders expect."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_lab import SENDMAIL, DaneLab, dane_lab
from ansible_collections.postmaster.tls.tests.support.rotating import options, pair, verified
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab

RELEASES = ("bullseye", "bookworm", "sid")


@pytest.fixture(scope="module")
def fleet() -> t.Iterator[DaneLab]:
    with dane_lab("rotate-sms", scenario="dane-sendmails") as running:
        yield running


@pytest.fixture(params=RELEASES)
def lab(request: pytest.FixtureRequest, fleet: DaneLab) -> DaneLab:
    """The lab as seen from one of its servers, whose names and records are in the zone."""
    host = f"sm-{request.param}"
    lab = DaneLab(fleet.name, replace(SENDMAIL, host=host, domain=f"{host}.example.test"))
    name = f"{lab.server.name}."
    lab.update(
        f"update add {name} 5 A {lab.addresses()[host]}", f"update add {name} 5 MX 10 {name}"
    )
    lab.publish(lab.digest(f"first/{host}.crt"), lab.digest(f"first/{host}-ecdsa.crt"))
    return lab


def served(lab: DaneLab, kind: str, record: str) -> bool:
    """Whether openssl gets a certificate of this kind of key that this record describes, and no other."""
    client = (
        f"openssl s_client -starttls smtp -connect {lab.server.name}:25 -tls1_2 -cipher a{kind}"
    )
    dane = f"-dane_tlsa_domain {lab.server.name} -dane_tlsa_rrdata '{record}' -verify_return_error"
    said = lab.shell("sender-dane", f"{client} {dane} -brief < /dev/null 2>&1 || true")
    return "Verification: OK" in said


def test_the_next_certificate_is_deployed_and_the_other_one_stays(lab: DaneLab) -> None:
    host = lab.server.host
    first_rsa, first_ecdsa, next_ecdsa = (
        lab.digest(f"{file}.crt")
        for file in (f"first/{host}", f"first/{host}-ecdsa", f"next/{host}-ecdsa")
    )
    assert (served(lab, "RSA", first_rsa), served(lab, "ECDSA", first_ecdsa)) == (True, True)
    arguments = options(lab, *pair(lab, f"{lab.server.name}-ecdsa-next"))
    done = lab.playbook("rotate_certificate", "--limit", f"localhost,{host}", *arguments)
    assert done.returncode == 0, done.stdout
    assert (served(lab, "RSA", first_rsa), served(lab, "ECDSA", next_ecdsa)) == (True, True)
    assert not served(lab, "ECDSA", first_ecdsa)
    expected = sorted((first_rsa, next_ecdsa))
    until(lambda: lab.published("ns2") == expected, what="the records are those of what is served")
    until(lambda: verified(lab), what="a sender verifies what it gets")
