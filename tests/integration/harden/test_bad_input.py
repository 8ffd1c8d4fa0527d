# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's mistake gets one clear sentence, and changes nothing."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.hardening import Lab

pytestmark = pytest.mark.lab


def message(output: str) -> str:
    """What Ansible shows of the task that failed."""
    found = re.findall(r'"msg": "((?:[^"\\]|\\.)*)"', output)
    return " ".join(found)


@pytest.fixture(scope="module")
def sound(lab: Lab) -> Lab:
    """A sound Postfix that nothing here changes, for all tests of this file."""
    lab.state("mx1", "clean")
    return lab


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("postfix_tls_mx_policy=intermedate", "^mx1: postfix_tls_mx_policy: There is no policy"),
        ('{"postfix_tls_mx_policy": {"name": "mine"}}', "mine"),
        (
            '{"postfix_tls_parameters": {"smtpd_tls_protocol": ">=TLSv1.2"}}',
            r"^mx1: Postfix \S+ has no parameter smtpd_tls_protocol \(.*; nothing was changed: check",
        ),
        (
            '{"postfix_tls_parameters": {"smtpd_tls_protocols": "!TLSv1.0"}}',
            r"^mx1: Postfix rejects this change to .*, and nothing was changed\. .*TLSv1\.0",
        ),
        (
            '{"postfix_tls_parameters": {"smtpd_tls_cert_file": "/no/such.pem"}}',
            r"^mx1: refused, nothing was changed: \[certificate-unusable\] /no/such.pem: .* Put a PEM",
        ),
        ("postfix_tls_timeout=5", "^mx1: postfix_tls_timeout: 5 is too short: expected 30 seconds"),
        ("postfix_tls_connections=99", "^mx1: postfix_tls_connections: 99 is out of range"),
        ("postfix_tls_vantage=sendr", "has no host sendr: .* did you mean sender"),
        ("postfix_tls_state=present", "applied, undone"),
        ("postfix_tls_config_directories=['/etc/postfix-2']", "/etc/postfix-2"),
    ],
)
def test_a_mistake_in_a_variable(sound: Lab, fault: str, expected: str) -> None:
    before = sound.files()
    done = sound.harden("-e", fault)
    assert done.returncode != 0
    assert re.search(expected, message(done.stdout), re.DOTALL), done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert sound.files() == before


OTHER = {
    "postfix_tls_parameters": {
        "smtpd_tls_cert_file": "/root/other.crt",
        "smtpd_tls_key_file": "/root/other.key",
    }
}


@pytest.fixture
def other(sound: Lab) -> Lab:
    """mx1 has a certificate for another name, and a key of no certificate."""
    made = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other.example.test"
    made += " -addext subjectAltName=DNS:other.example.test -keyout /root/other.key -out /root/other.crt"
    sound.on("mx1", "sh", "-c", f"{made} 2>/dev/null; openssl genrsa -out /root/stray.key 2048")
    return sound


def test_a_certificate_for_another_name_is_told_and_with_an_mx_name_refused(other: Lab) -> None:
    before = other.files()
    told = other.harden("--check", "-e", json.dumps(OTHER))
    assert told.returncode == 0, told.stdout
    brought = told.stdout.partition("The change brings with it:")[2]
    assert re.search(r"certificate-name-mismatch, /root/other\.crt.*mx1\.example\.test", brought)
    assert "Of the certificate that is served now, since nothing was changed:" in brought
    named = {**OTHER, "postfix_tls_mx_name": "mx1.example.test"}
    done = other.harden("-e", json.dumps(named))
    assert done.returncode == 2, done.stdout
    said = message(done.stdout)
    assert "[certificate-name-mismatch] /root/other.crt: The certificate does not name" in said
    assert "mx1.example.test is not covered by other.example.test" in said
    assert other.files() == before


def test_what_is_served_already_under_another_name_is_told_and_hinders_nothing(other: Lab) -> None:
    done = other.harden("--check", "-e", "postfix_tls_mx_name=mx.example.org")
    assert done.returncode == 0, done.stdout
    left = done.stdout.partition("The change does not mend this:")[2]
    assert re.search(r"certificate-name-mismatch, .*mx\.example\.org is not covered", left)


def test_a_key_of_another_certificate_is_told_once(other: Lab) -> None:
    before = other.files()
    files = {**OTHER["postfix_tls_parameters"], "smtpd_tls_key_file": "/root/stray.key"}
    done = other.harden("-e", json.dumps({"postfix_tls_parameters": files}))
    assert done.returncode == 2, done.stdout
    said = message(done.stdout)
    assert "[certificate-key-mismatch] /root/other.crt: The private key does not belong" in said
    assert said.count("/root/stray.key") == 1
    assert other.files() == before


def test_a_host_that_probes_and_does_not_answer_is_told_before_the_mail_host_is_asked(
    sound: Lab,
) -> None:
    sound.lock_out("sender")
    try:
        done = sound.harden("-e", "postfix_tls_vantage=sender")
    finally:
        sound.let_in("sender")
    assert done.returncode == 2, done.stdout
    assert re.search(
        r"mx1: postfix_tls_vantage is sender, which cannot probe: it does not answer \(.+\)\.",
        message(done.stdout),
    )
    assert "Find a Python" not in done.stdout
    assert "Gather the facts" not in done.stdout


def test_a_host_that_cannot_be_reached_is_named(sound: Lab) -> None:
    sound.lock_out()
    try:
        done = sound.harden()
    finally:
        sound.let_in()
    assert done.returncode == 4
    assert "UNREACHABLE" in done.stdout
    assert "mx1" in done.stdout


@pytest.fixture
def without_postfix(sound: Lab) -> t.Iterator[Lab]:
    sound.on("mx1", "mv", "/usr/sbin/postconf", "/usr/sbin/postconf.away")
    yield sound
    sound.on("mx1", "mv", "/usr/sbin/postconf.away", "/usr/sbin/postconf")


def test_a_host_without_postfix(without_postfix: Lab) -> None:
    done = without_postfix.harden()
    assert done.returncode == 2
    assert "mx1: there is neither Postfix nor sendmail here" in message(done.stdout)


@pytest.fixture
def auditor(sound: Lab) -> t.Iterator[Lab]:
    """A user who may log in and is not root."""
    script = """
        id auditor >/dev/null 2>&1 || useradd --create-home --shell /bin/bash auditor
        install -d -m 700 -o auditor /home/auditor/.ssh
        install -m 600 -o auditor /root/.ssh/authorized_keys /home/auditor/.ssh/authorized_keys
    """
    sound.on("mx1", "sh", "-c", script)
    yield sound
    sound.on("mx1", "userdel", "--remove", "auditor")


def test_a_user_who_is_not_root(auditor: Lab) -> None:
    before = auditor.files()
    done = auditor.harden("-e", "ansible_user=auditor", "-e", "ansible_become=false")
    assert done.returncode == 2
    assert "runs as auditor and cannot change Postfix: it needs root" in message(done.stdout)
    assert auditor.files() == before


def test_a_host_without_sudo(auditor: Lab) -> None:
    done = auditor.harden("-e", "ansible_user=auditor")
    assert done.returncode == 2
    said = message(done.stdout)
    assert re.search(r"mx1: .* cannot become root \(.*sudo: not found\): expected that sudo", said)
    assert said.rpartition("mx1: ")[2].count("ansible_python_interpreter") == 0
