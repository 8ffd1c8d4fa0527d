# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook on a Postfix and a sendmail side by side, while a sender has mail for the sendmail, and when it is interrupted."""

from __future__ import annotations

import collections
import json
import re
import socket
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support import labs
from ansible_collections.postmaster.tls.tests.support.hardening import (
    Cut,
    Lab,
    cut_connection,
    interrupted,
    kill_controller,
    late,
    rebooted,
)
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab

HOST = "sm-trixie"
ALONE = ("--limit", f"localhost,{HOST}")
#: Seconds from the moment in which the checkpoint is armed; applying takes some of them.
TIMEOUT = 60
EXEMPT = "sendmail_tls_no_client_certificates_from"
STRAY = """
cd /etc/mail/tls
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=stray.example.test -keyout stray.key -out stray.crt 2>/dev/null
chmod 600 stray.key
"""
#: Sends numbered messages until it is told to stop, and prints how many.
LOAD = f"""
rm -f /run/enough
number=0
until [ -e /run/enough ]; do
    number=$((number + 1))
    printf 'Subject: load-%s.\\n\\nload\\n' $number | sendmail -f load@sender.example.test postmaster@{HOST}.example.test
    sleep 0.2
done
echo $number
"""


def harden(lab: Lab, *arguments: str) -> str:
    """What the playbook prints; it must succeed."""
    done = lab.harden(*arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


def subjects(lab: Lab) -> collections.Counter[str]:
    """How often each numbered message lies in the mailbox."""
    text = lab.on(
        HOST, "sh", "-c", "grep -rho 'Subject: load-[0-9]*' /home/postmaster/Maildir/new || true"
    )
    return collections.Counter(text.splitlines())


def refuses(lab: Lab) -> bool:
    """Whether a sender that insists on TLS gets none, as in case 1."""
    seen = lab.finger("encrypt", HOST)
    return "Cannot start TLS" in seen or "handshake failure" in seen


def test_one_of_each_mta_is_hardened_by_its_own_role(lab: Lab) -> None:
    lab.state("mx1", "clean", "case1")
    lab.state(HOST, "sendmail", "sendmail-case1")
    assert refuses(lab)
    harden(lab)
    for host in ("mx1", HOST):
        assert "TLSv1.3 with cipher" in lab.handshake(host)
    second = harden(lab)
    for host in ("mx1", HOST):
        assert re.search(rf"{host} +: ok=\d+ +changed=0 ", second), second


def test_undone_is_for_every_host_and_no_other_is_hardened(lab: Lab) -> None:
    lab.state("mx1", "clean", "case1")
    lab.state(HOST, "sendmail", "sendmail-case1")
    before = (lab.files("mx1"), lab.digest(HOST))
    for role, host in (("postfix", HOST), ("sendmail", "mx1")):
        done = lab.harden("--limit", f"localhost,{host}", "-e", f"{role}_tls_state=undone")
        assert done.returncode == 2, done.stdout
        assert f"would be hardened, while {role}_tls_state is undone" in done.stdout
    assert (lab.files("mx1"), lab.digest(HOST)) == before
    harden(lab)
    hardened = (lab.files("mx1"), lab.digest(HOST))
    dry = harden(lab, "--check", "--diff", "-e", "harden_mta_state=undone")
    assert (lab.files("mx1"), lab.digest(HOST)) == hardened
    assert re.search(r"(?m)^\+.*smtpd_tls_", dry), dry
    assert re.search(r"(?m)^-.*confSERVER_SSL_OPTIONS", dry), dry
    harden(lab, "-e", "harden_mta_state=undone")
    assert (lab.files("mx1"), lab.digest(HOST)) == before


def test_what_sendmail_cannot_do_of_a_policy_is_on_the_page(lab: Lab) -> None:
    lab.state(HOST, "sendmail")
    dry = harden(lab, *ALONE, "--check", "-e", "sendmail_tls_mx_policy=modern")
    said = dry.partition("The policy asks for more than this mail server can do:")[2]
    assert "All daemons share one ServerSSLOptions (policy-not-expressible, /etc/mail/" in said


def test_no_message_is_lost_or_doubled_and_undone_restores_every_byte(lab: Lab) -> None:
    lab.state(HOST, "sendmail")
    before = lab.digest(HOST)
    load = subprocess.Popen(
        [*labs.LAB, "exec", "sender", "sh", "-c", LOAD],
        env=lab.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        until(lambda: subjects(lab), what="the first message arrived")
        harden(lab, *ALONE)
    finally:
        lab.on("sender", "touch", "/run/enough")
        sent = int(load.communicate(timeout=300)[0])
    assert lab.digest(HOST) != before
    lab.on("sender", "postqueue", "-f")
    until(lambda: len(subjects(lab)) == sent, seconds=300, what=f"all {sent} messages arrived")
    assert set(subjects(lab).values()) == {1}
    undone = harden(lab, *ALONE, "-e", "sendmail_tls_state=undone")
    assert lab.digest(HOST) == before
    assert "with cipher" in lab.handshake(HOST)
    assert f"{HOST}: undone; what senders get from sendmail 8." in undone
    again = harden(lab, *ALONE, "-e", "sendmail_tls_state=undone")
    assert f"{HOST}: there is no change of sendmail to undo" in again


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"sendmail_tls_options": {"ServerCertFile": "/no/such.pem"}},
            "[certificate-unusable] /no/such.pem: ",
        ),
        (
            {"sendmail_tls_options": {"ServerKeyFile": "/etc/mail/tls/stray.key"}},
            "[certificate-key-mismatch] /etc/mail/tls/sm-trixie.crt: ",
        ),
        (
            {
                "sendmail_tls_mx_name": "sm-trixie.example.test",
                "sendmail_tls_options": {
                    "ServerCertFile": "/etc/mail/tls/stray.crt",
                    "ServerKeyFile": "/etc/mail/tls/stray.key",
                },
            },
            "[certificate-name-mismatch] /etc/mail/tls/stray.crt: ",
        ),
        (
            {"sendmail_tls_mx_policy": "modren", "sendmail_tls_connections": 0},
            "sendmail_tls_connections: 0 is out of range",
        ),
    ],
)
def test_what_must_be_refused_is_told_in_one_sentence(
    lab: Lab, given: dict[str, t.Any], said: str
) -> None:
    lab.state(HOST, "sendmail")
    lab.on(HOST, "sh", "-c", STRAY)
    before = lab.digest(HOST)
    done = lab.harden(*ALONE, "-e", json.dumps(given))
    assert done.returncode == 2, done.stdout
    [line] = [line for line in done.stdout.splitlines() if line.startswith("fatal: ")]
    assert said in line
    assert line.count("Nothing was changed") + line.count("nothing was changed") == 1
    assert lab.digest(HOST) == before


def asked(lab: Lab) -> tuple[bool, bool]:
    """Whether the probe, from this machine, and openssl, from the sender, are asked for a certificate."""
    address = lab.address(HOST)
    target = f"host={address} checks=features"
    seen = lab.asked("localhost", "postmaster.tls.starttls_probe", "-a", target)["localhost"]
    client = f"openssl s_client -starttls smtp -connect {address}:25 -tls1_2 </dev/null 2>&1"
    said = lab.on("sender", "sh", "-c", client)
    assert "Cipher is ECDHE" in said, said
    return seen["features"]["client_certificate"]["requested"], "Client Certificate Types" in said


def entry(lab: Lab, peer: str) -> str:
    """What the database of the access map says of a sender, empty where it has nothing."""
    said = lab.on(HOST, "sh", "-c", "makemap -u hash /etc/mail/access")
    lines = (line.split(None, 1) for line in said.splitlines())
    return dict(lines).get(f"srv_features:{peer}", "")


def test_senders_are_no_longer_asked_for_a_certificate(lab: Lab) -> None:
    lab.state(HOST, "sendmail")
    with socket.create_connection((lab.address(HOST), 25)) as connection:
        own = connection.getsockname()[0]
    lab.on(HOST, "sh", "-c", f"printf 'Srv_Features:{own}\\tP\\n' >> /etc/mail/access")
    lab.on(HOST, "make", "-s", "-C", "/etc/mail")
    assert asked(lab) == (True, True)
    harden(lab, *ALONE, "-e", json.dumps({EXEMPT: [own]}))
    assert (asked(lab), entry(lab, own)) == ((False, True), "P V")
    page = harden(lab, *ALONE, "-e", "sendmail_tls_client_certificates=none")
    assert asked(lab) == (False, False)
    assert "Senders are not asked for a certificate of their own." in page
    page = harden(lab, *ALONE, "-e", "sendmail_tls_client_certificates=asked")
    assert asked(lab) == (False, True)
    assert "yes       Senders get the one that lies on the disk" in page
    harden(lab, *ALONE, "-e", json.dumps({EXEMPT: []}))
    assert (asked(lab), entry(lab, own)) == ((True, True), "P")


@pytest.mark.parametrize("cut", [kill_controller, cut_connection])
def test_the_host_restores_itself(lab: Lab, cut: Cut) -> None:
    lab.state(HOST, "sendmail", "sendmail-case1")
    dial = f"sendmail_tls_timeout={TIMEOUT}"
    interrupted(lab, HOST, cut, lambda: lab.digest(HOST), *ALONE, "-e", dial)
    until(lambda: refuses(lab), what="sendmail serves what it served before")
    until(lambda: lab.delivers(HOST), what="mail is accepted")

    harden(lab, *ALONE)
    assert "TLSv1.3 with cipher" in lab.handshake(HOST)


def test_a_reboot_in_between_brings_the_old_service_back(lab: Lab) -> None:
    lab.state(HOST, "sendmail", "sendmail-case1")
    dial = "sendmail_tls_timeout=600"
    done = rebooted(lab, HOST, lambda: lab.digest(HOST), *ALONE, "-e", dial)
    assert done["reason"] == "reboot"
    assert "/etc/mail/sendmail.cf" in done["differed"]
    until(lambda: refuses(lab), what="sendmail serves what it served before")
    until(lambda: lab.delivers(HOST), what="mail is accepted")

    harden(lab, *ALONE)
    assert "TLSv1.3 with cipher" in lab.handshake(HOST)


def test_a_change_that_comes_after_the_host_has_restored_itself_is_refused(
    lab: Lab, tmp_path: Path
) -> None:
    lab.state(HOST, "sendmail", "sendmail-case1")
    dial = "sendmail_tls_timeout=30"
    tasks = tmp_path / "late.yml"
    said = late(lab, lambda: lab.digest(HOST), tasks, *ALONE, "-e", dial)
    assert "What failed: Apply the plan: The checkpoint sendmail can no longer be confirmed" in said
    assert "(timeout): no file differed, so nothing was written: run again." in said
    assert refuses(lab)
