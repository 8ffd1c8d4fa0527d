# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's mistake gets one clear sentence, and changes nothing."""

from __future__ import annotations

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
        ("postfix_tls_mx_policy=intermedate", "intermedate.*mozilla-intermediate-6.0"),
        ('{"postfix_tls_mx_policy": {"name": "mine"}}', "mine"),
        ('{"postfix_tls_parameters": {"smtpd_tls_protocol": ">=TLSv1.2"}}', "smtpd_tls_protocol"),
        ('{"postfix_tls_parameters": {"smtpd_tls_protocols": "!TLSv1.0"}}', r"TLSv1\.0"),
        ('{"postfix_tls_parameters": {"smtpd_tls_cert_file": "/no/such.pem"}}', "/no/such.pem"),
        ("postfix_tls_timeout=5", "expected 30 seconds or more"),
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


def test_a_certificate_for_another_name_is_told_before_it_is_served(sound: Lab) -> None:
    made = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other.example.test"
    made += " -addext subjectAltName=DNS:other.example.test -keyout /root/other.key -out /root/other.crt"
    sound.on("mx1", "sh", "-c", f"{made} 2>/dev/null")
    before = sound.files()
    files = "smtpd_tls_cert_file: /root/other.crt, smtpd_tls_key_file: /root/other.key"
    done = sound.harden(
        *("--check", "-e", "postfix_tls_mx_name=mx1.example.test"),
        *("-e", f"{{postfix_tls_parameters: {{{files}}}}}"),
    )
    assert done.returncode == 0, done.stdout
    brought = done.stdout.partition("The change brings with it:")[2]
    assert re.search(r"certificate-name-mismatch, /root/other\.crt.*mx1\.example\.test", brought)
    assert "Of the certificate that is served now, since nothing was changed:" in brought
    assert sound.files() == before


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
