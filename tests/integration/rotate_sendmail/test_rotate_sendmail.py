# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 2 on a sendmail: senders that validate DANE refuse, the audit says why, and the rotation cures it; it is safe under load."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_audit import audited, stale
from ansible_collections.postmaster.tls.tests.support.dane_lab import SENDMAIL, DaneLab, dane_lab
from ansible_collections.postmaster.tls.tests.support.rotating import (
    changed,
    deferrals,
    killed_at_each,
    options,
    pair,
    rotate,
    under_load,
    verified,
)
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab
RSA, ECDSA = (f"{SENDMAIL.name}-{kind}-next" for kind in ("rsa", "ecdsa"))
NEXT_RSA, NEXT_ECDSA = (f"next/{SENDMAIL.host}{kind}.crt" for kind in ("", "-ecdsa"))
OLD_RSA = f"first/{SENDMAIL.host}.crt"
#: A run is killed as one of these tasks begins.
KILLED_AT = (
    "Publish the set by dynamic update",
    "See that senders find both",
    "Name the new file",
    "Reload sendmail",
    "Confirm the change",
    "Forget the note",
)
UNCONFIRMED = ("Name the new file", "Reload sendmail", "Confirm the change")
#: sendmail starts itself again to read its configuration, and nobody listens for a moment.
NOBODY_LISTENS = "Connection refused|lost connection with|Connection reset"


@pytest.fixture(scope="module")
def lab() -> t.Iterator[DaneLab]:
    with dane_lab("rotate-sm", scenario="dane-sendmail", server=SENDMAIL) as running:
        yield running


def insisting_client(lab: DaneLab, record: str) -> str:
    """What a client on OpenSSL says that ends the handshake unless a record is right, as some large providers do."""
    client = f"openssl s_client -starttls smtp -connect {SENDMAIL.name}:25 -verify_return_error"
    dane = f"-dane_tlsa_domain {SENDMAIL.name} -dane_tlsa_rrdata '{record}'"
    return lab.shell("sender-dane", f"{client} {dane} -brief < /dev/null 2>&1 || true")


def test_case_2_is_told_by_the_audit_and_cured(lab: DaneLab, tmp_path: Path) -> None:
    lab.reset("case2")
    since = lab.now("sender-dane")
    for sender in ("sender", "sender-dane"):
        lab.send(sender)
    lab.logged("sender", f"to=<postmaster@{SENDMAIL.domain}>", "status=sent")
    lab.logged("sender-dane", "status=deferred", "Server certificate not verified", since=since)
    published = lab.digest(OLD_RSA)
    assert "no matching DANE TLSA records" in insisting_client(lab, published)
    lab.logged(
        SENDMAIL.host,
        "STARTTLS=server, error: accept failed=-1",
        "alert bad certificate",
        "relay=sender-dane.example.test",
    )

    report, page = audited(lab, tmp_path)
    serving = lab.digest(NEXT_RSA).rpartition(" ")[2]
    on_disk, served = (stale(one["findings"]) for one in (report["mta_tls"], report["probes"][0]))
    assert any(published in one and serving in one and "/etc/mail/tls" in one for one in on_disk)
    assert any(published in one and serving in one and ":25 shows" in one for one in served)
    assert "stale-tlsa" in page

    repaired = rotate(lab, *pair(lab, RSA))
    assert repaired.returncode == 0, repaired.stdout
    lab.logged("sender-dane", f"to=<postmaster@{SENDMAIL.domain}>", "status=sent", since=since)
    expected = sorted(lab.digest(file) for file in (NEXT_RSA, NEXT_ECDSA))
    until(lambda: lab.published("ns2") == expected, what="old records are gone")
    assert changed(lab, rotate(lab, *pair(lab, RSA))) == 0


def test_killed_at_a_step_under_load_no_message_waits_for_tls(lab: DaneLab) -> None:
    lab.reset()
    arguments = options(lab, *pair(lab, ECDSA))
    with under_load(lab) as since:
        killed_at_each(lab, KILLED_AT, *arguments, unconfirmed=UNCONFIRMED, besides=NOBODY_LISTENS)
        last = lab.playbook("rotate_certificate", *arguments)
        assert last.returncode == 0, last.stdout
        until(lambda: verified(lab), what="verified at last")

    log = lab.log("sender-dane", since=since)
    assert log.count("status=sent") > 50
    assert deferrals(log, besides=NOBODY_LISTENS) == []
    expected = sorted(lab.digest(file) for file in (OLD_RSA, NEXT_ECDSA))
    assert lab.published("ns1") == expected
    names = lab.shell(SENDMAIL.host, "ls /etc/mail/tls /var/lib/postmaster-tls/dane").split()
    assert len([name for name in names if name.endswith(".pem")]) == 1
    assert [name for name in names if name.endswith(".json")] == []


def configured(lab: DaneLab) -> str:
    return lab.shell(SENDMAIL.host, "cat /etc/mail/sendmail.mc /etc/mail/sendmail.cf | sha256sum")


def test_a_dry_run_and_a_run_by_hand_serve_nothing_new(lab: DaneLab) -> None:
    lab.reset()
    before = configured(lab), lab.published("ns1")
    dry = lab.playbook("rotate_certificate", "--check", *options(lab, *pair(lab, ECDSA)))
    assert dry.returncode == 0, dry.stdout
    assert f"IN TLSA {lab.digest(NEXT_ECDSA)}" in dry.stdout
    shown = rotate(lab, *pair(lab, ECDSA), publish="manual")
    assert shown.returncode == 0, shown.stdout
    assert f"IN TLSA {lab.digest(NEXT_ECDSA)}" in shown.stdout
    assert "Publish the lines above, then run again" in shown.stdout
    assert (configured(lab), lab.published("ns1")) == before


def test_what_cannot_be_proved_is_taken_back(lab: DaneLab) -> None:
    lab.reset()
    before = configured(lab)
    failed = rotate(lab, *pair(lab, ECDSA), address=lab.variables["lab_resolver"])
    assert failed.returncode != 0
    assert "the change was not proved" in failed.stdout
    assert configured(lab) == before
    until(lambda: verified(lab), what="the old certificate is served")


@pytest.mark.parametrize(
    ("certificate", "key", "says"),
    [
        (RSA, f"{SENDMAIL.name}-rsa", "not that of the first certificate"),
        ("mx1.example.test-rsa", "mx1.example.test-rsa", "is for mx1.example.test, and"),
    ],
)
def test_what_would_do_harm_is_refused_before_anything_is_published(
    lab: DaneLab, certificate: str, key: str, says: str
) -> None:
    before = configured(lab), lab.published("ns1")
    refused = rotate(lab, pair(lab, certificate)[0], pair(lab, key)[1])
    assert refused.returncode != 0
    assert says in refused.stdout
    assert "PRIVATE KEY" not in refused.stdout
    assert (configured(lab), lab.published("ns1")) == before
