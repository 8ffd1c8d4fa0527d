# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate rotates while a sender that validates DANE delivers: it repairs, resumes, waits and refuses."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab, dane_lab
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
#: A run is killed as one of these tasks begins, so after each step at which something was changed.
KILLED_AT = (
    "Read the new certificate as the mail server would",
    "Publish the set by dynamic update",
    "Wait until every server has it",
    "Wait for that, if it is not too long",
    "See that senders find both",
    "Apply the plan",
    "Reload Postfix",
    "Confirm the change",
    "Show what is left, as lines of a zone file",
    "Forget the note",
)
UNCONFIRMED = ("Apply the plan", "Reload Postfix", "Confirm the change")


@pytest.fixture(scope="module")
def lab() -> t.Iterator[DaneLab]:
    with dane_lab("rotate") as running:
        yield running


def test_case_2_is_repaired_and_the_deferred_mail_arrives(lab: DaneLab) -> None:
    lab.reset("case2")
    since = lab.now("sender-dane")
    lab.send("sender-dane")
    lab.logged("sender-dane", "status=deferred", "Server certificate not verified", since=since)

    repaired = rotate(lab, *pair(lab, "mx1.example.test-rsa-next"))

    assert repaired.returncode == 0, repaired.stdout
    lab.logged("sender-dane", "to=<postmaster@example.test>", "status=sent", since=since)
    served = ("next/mx1.crt", "next/mx1-ecdsa.crt")
    expected = sorted(lab.digest(f"/etc/postfix/tls/{file}") for file in served)
    until(lambda: lab.published("ns2") == expected, what="old records are gone")
    assert changed(lab, rotate(lab, *pair(lab, "mx1.example.test-rsa-next"))) == 0


def test_killed_at_every_step_under_load_no_message_waits(lab: DaneLab) -> None:
    lab.reset()
    arguments = options(lab, *pair(lab, "mx1.example.test-ecdsa-next"))
    with under_load(lab) as since:
        killed_at_each(lab, KILLED_AT, *arguments, unconfirmed=UNCONFIRMED)
        last = lab.playbook("rotate_certificate", *arguments)
        assert last.returncode == 0, last.stdout
        until(lambda: verified(lab), what="verified at last")

    log = lab.log("sender-dane", since=since)
    assert log.count("status=sent") > 100
    assert deferrals(log) == []
    served = ("first/mx1.crt", "next/mx1-ecdsa.crt")
    expected = sorted(lab.digest(f"/etc/postfix/tls/{file}") for file in served)
    assert lab.published("ns1") == expected
    names = lab.shell("mx1", "ls /etc/postfix/tls /var/lib/postmaster-tls/dane").split()
    assert len([name for name in names if name.endswith(".pem")]) == 1
    assert [name for name in names if name.endswith(".json")] == []


def test_a_server_that_lags_behind_makes_it_wait_and_the_next_run_goes_on(lab: DaneLab) -> None:
    lab.reset()
    knot = "knotc -c /etc/postmaster-lab/knot.conf"
    lab.shell("ns2", f"{knot} zone-freeze example.test")
    certificate, key = pair(lab, "mx1.example.test-ecdsa-next")
    try:
        stopped = rotate(lab, certificate, key, patience=4)
    finally:
        lab.shell("ns2", f"{knot} zone-thaw example.test; {knot} zone-refresh example.test")
    assert stopped.returncode == 0, stopped.stdout
    assert "the old certificate is served still. ns2.example.test." in stopped.stdout
    assert "smtpd_tls_eccert_file = /etc/postfix/tls/mx1-ecdsa.crt" in lab.on(
        "mx1", "postconf", "-n"
    )

    went_on = rotate(lab, certificate, key)
    assert went_on.returncode == 0, went_on.stdout
    assert "the new certificate is served" in went_on.stdout
    until(lambda: verified(lab), what="a sender verifies what it gets")


def test_by_hand_it_shows_the_lines_and_serves_nothing_new(lab: DaneLab) -> None:
    lab.reset()
    before = lab.published("ns1")
    shown = rotate(lab, *pair(lab, "mx1.example.test-ecdsa-next"), publish="manual")
    assert shown.returncode == 0, shown.stdout
    assert f"IN TLSA {lab.digest('/etc/postfix/tls/next/mx1-ecdsa.crt')}" in shown.stdout
    assert "Publish the lines above, then run again" in shown.stdout
    assert lab.published("ns1") == before
    assert "smtpd_tls_eccert_file = /etc/postfix/tls/mx1-ecdsa.crt" in lab.on(
        "mx1", "postconf", "-n"
    )


@pytest.mark.parametrize(
    ("certificate", "key", "says"),
    [
        ("mx1.example.test-rsa-next", "mx1.example.test-rsa", "not that of the first certificate"),
        ("root", "root", r"the new certificate is refused|is for  *, and dane_rollover_name"),
    ],
)
def test_what_would_do_harm_is_refused_before_anything_is_published(
    lab: DaneLab, certificate: str, key: str, says: str
) -> None:
    before = lab.published("ns1")
    refused = rotate(lab, pair(lab, certificate)[0], pair(lab, key)[1])
    assert refused.returncode != 0
    assert re.search(says, refused.stdout), refused.stdout
    assert "PRIVATE KEY" not in refused.stdout
    assert lab.published("ns1") == before


def test_a_command_publishes_and_the_key_never_leaves_the_host(
    lab: DaneLab, tmp_path: Path
) -> None:
    lab.reset()
    published = tmp_path / "published"
    command = ["sh", "-c", f'{{ echo "$DANE_ROLLOVER_OWNER"; cat; }} > {published}']
    there = Path("/etc/postfix/tls/next")
    stopped = rotate(
        lab,
        there / "mx1-ecdsa.crt",
        there / "mx1-ecdsa.key",
        remote_src=True,
        publish="command",
        command=command,
        patience=2,
    )
    assert stopped.returncode == 0, stopped.stdout
    assert "the old certificate is served still" in stopped.stdout
    owner, *lines = published.read_text().splitlines()
    assert owner == "_25._tcp.mx1.example.test."
    wanted = {*lab.published("ns1"), lab.digest("/etc/postfix/tls/next/mx1-ecdsa.crt")}
    assert set(lines) == {f"{owner} 5 IN TLSA {record}" for record in wanted}
    went_on = rotate(lab, there / "mx1-ecdsa.crt", there / "mx1-ecdsa.key", remote_src=True)
    assert went_on.returncode == 0, went_on.stdout
    until(lambda: verified(lab), what="a sender verifies what it gets")


def test_a_change_that_cannot_be_proved_is_taken_back(lab: DaneLab) -> None:
    lab.reset()
    nobody = lab.variables["lab_resolver"]
    failed = rotate(lab, *pair(lab, "mx1.example.test-ecdsa-next"), address=nobody)
    assert failed.returncode != 0
    assert "the change was not proved" in failed.stdout
    assert "smtpd_tls_eccert_file = /etc/postfix/tls/mx1-ecdsa.crt" in lab.on(
        "mx1", "postconf", "-n"
    )
    until(lambda: verified(lab), what="a sender verifies what it gets")


def test_while_an_address_is_silent_nothing_new_is_served_and_no_record_is_removed(
    lab: DaneLab,
) -> None:
    """Another host of that name, which is down for a moment, may need a record that nobody else does."""
    lab.reset()
    before = lab.published("ns1")
    seen, silent = lab.on("mx1", "hostname", "-I").split()[0], lab.variables["lab_resolver"]
    new = pair(lab, "mx1.example.test-ecdsa-next")
    refused = rotate(lab, *new, addresses=[seen, silent])
    assert refused.returncode != 0
    assert "refused, the new certificate is not served" in refused.stdout
    assert f"{silent}:25 showed no certificate" in refused.stdout
    assert set(before) < set(lab.published("ns1"))
    assert "smtpd_tls_eccert_file = /etc/postfix/tls/mx1-ecdsa.crt" in lab.on(
        "mx1", "postconf", "-n"
    )
    assert rotate(lab, *new, addresses=[seen]).returncode == 0


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"certificate": "/nowhere/chain.pem"}, "there is no file /nowhere/chain.pem"),
        ({"publish": "command"}, "dane_rollover_command is empty"),
        ({"tsig_key_file": "/nowhere/key"}, "there is no file /nowhere/key"),
        ({"nmae": "mx1.example.test"}, "has no variable dane_rollover_nmae"),
        ({"name": "nobody.example.test"}, "nobody.example.test"),
    ],
)
def test_bad_input_is_one_sentence(lab: DaneLab, more: dict[str, t.Any], says: str) -> None:
    before = lab.on("mx1", "postconf", "-n"), lab.published("ns1")
    certificate, key = pair(lab, "mx1.example.test-ecdsa-next")
    others = {name: value for name, value in more.items() if name != "certificate"}
    refused = rotate(lab, Path(more.get("certificate", certificate)), key, **others)
    assert refused.returncode != 0
    assert says in refused.stdout
    assert "Traceback" not in refused.stdout
    assert (lab.on("mx1", "postconf", "-n"), lab.published("ns1")) == before


def test_an_update_that_nobody_signed_is_said_in_the_words_of_the_role(lab: DaneLab) -> None:
    lab.reset("clean")
    before = lab.on("mx1", "postconf", "-n"), lab.published("ns1")
    refused = rotate(lab, *pair(lab, "mx1.example.test-ecdsa-next"), tsig_key_file="")
    assert refused.returncode == 2, refused.stdout
    told = [line for line in refused.stdout.splitlines() if line.startswith("fatal: ")][-1]
    assert re.search(r'"msg": "mx1: .*The old certificate is served still\."', told), told
    assert "was sent without a TSIG key: set dane_rollover_tsig_key_file, if" in told
    assert (lab.on("mx1", "postconf", "-n"), lab.published("ns1")) == before
