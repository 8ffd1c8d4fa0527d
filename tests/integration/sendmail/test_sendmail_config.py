# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sendmail_config on a real sendmail of every Debian release: openssl says what is served after a change."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support import sendmails
from ansible_collections.postmaster.tls.tests.support.boxes import Box

pytestmark = pytest.mark.lab

MC = "/etc/mail/sendmail.mc"
ONE_SUITE = {
    "CipherList": "ECDHE-RSA-AES128-GCM-SHA256",
    "ServerSSLOptions": "+SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1 +0x20000000",
}


def digest(box: Box) -> str:
    """Content, owner, mode and time of every file below /etc/mail."""
    return box.sh(
        "cd /etc/mail && find . -type f | sort | xargs stat -c '%n %U:%G %a %Y' && cat $(find . -type f | sort) | md5sum"
    )


def change(box: Box, **arguments: t.Any) -> dict[str, t.Any]:
    return box.module("sendmail_config", **arguments)


def served(box: Box, *options: str) -> str:
    """What a client gets on port 25 of a daemon that was started anew, as openssl tells it."""
    sendmails.begin(box)
    return sendmails.talk(box, *options)


def test_a_change_is_served_and_its_removal_too(box: Box) -> None:
    made = change(box, options=ONE_SUITE, backup=True)
    assert made["changed"], made
    assert made["rebuilt"]
    assert {one["name"] for one in made["changes"]} == {"confCIPHER_LIST", "confSERVER_SSL_OPTIONS"}
    text = served(box)
    assert "Protocol version: TLSv1.2" in text
    assert "Ciphersuite: ECDHE-RSA-AES128-GCM-SHA256" in text
    refused = sendmails.talk(box, "-cipher", "AES256-SHA:ECDHE-RSA-AES256-SHA")
    assert "CONNECTION ESTABLISHED" not in refused
    assert len(made["backup_files"]) == 2
    again = change(box, options=ONE_SUITE)
    assert (again["changed"], again["changes"]) == (False, [])
    removed = change(box, options=dict.fromkeys(ONE_SUITE))
    assert removed["changed"]
    assert box.read(MC) == box.sh(f"cat {made['backup_files'][0]}")
    assert "Protocol version: TLSv1.3" in served(box)


def test_check_mode_says_the_same_and_touches_nothing(box: Box) -> None:
    before = digest(box)
    foretold = change(box, check=True, options=ONE_SUITE, access={"Srv_Features:192.0.2.1": "V"})
    assert digest(box) == before
    made = change(box, options=ONE_SUITE, access={"Srv_Features:192.0.2.1": "V"})
    assert foretold["changes"] == made["changes"]
    assert foretold["diff"] == made["diff"]
    assert foretold["files"] == made["files"]


def test_the_owner_the_mode_and_what_is_local_stay(box: Box) -> None:
    box.sh(
        f"printf 'dnl # ours\\nLOCAL_CONFIG\\nDZours\\n' >> {MC}; make -s -C /etc/mail /etc/mail/sendmail.cf"
    )
    before = box.read(MC)
    status = box.sh(f"stat -c '%U:%G %a' {MC} /etc/mail/access")
    made = change(box, options=ONE_SUITE, access={"Srv_Features:192.0.2.1": "V"})
    assert made["changed"], made
    after = box.read(MC).splitlines()
    new = [line for line in after if line not in before.splitlines()]
    assert [line for line in after if line not in new] == before.splitlines()
    assert len(new) == 2
    assert box.sh(f"stat -c '%U:%G %a' {MC} /etc/mail/access") == status
    assert "DZours" in box.read("/etc/mail/sendmail.cf").splitlines()
    assert box.sh("makemap -u hash /etc/mail/access | grep -i srv_features").split() == [
        "srv_features:192.0.2.1",
        "V",
    ]


def test_a_file_that_is_included_is_overridden_and_not_touched(box: Box) -> None:
    starttls = "/etc/mail/tls/starttls.m4"
    box.sh(
        f"printf 'define(`confTLS_SRV_OPTIONS%s, `V%s)dnl\\n' \"'\" \"'\" > {starttls}\n"
        f'sed -i "/^MAILER_DEFINITIONS/i include(\\`{starttls}\')dnl" {MC}; make -s -C /etc/mail /etc/mail/sendmail.cf'
    )
    before = box.read(starttls)
    made = change(box, options={"TLSSrvOptions": "VC"})
    assert made["changed"], made
    assert "O TLSSrvOptions=VC" in box.read("/etc/mail/sendmail.cf").splitlines()
    assert box.read(starttls) == before
    removed = change(box, options={"TLSSrvOptions": None})
    assert "a file that it includes" in removed["msg"]


def test_a_line_of_local_config_is_the_option_in_whatever_case(box: Box) -> None:
    box.sh(f"printf 'LOCAL_CONFIG\nO cipherlist=HIGH\n' >> {MC}; make -s -C /etc/mail sendmail.cf")
    made = change(box, options=ONE_SUITE)
    assert made["changed"], made
    lines = [one for one in box.read("/etc/mail/sendmail.cf").splitlines() if "ipher" in one]
    assert [one for one in lines if one.lower().startswith("o cipherlist")] == [
        f"O CipherList={ONE_SUITE['CipherList']}"
    ]
    assert not change(box, options=ONE_SUITE)["changed"]


REFUSED: dict[str, tuple[dict[str, t.Any], str]] = {
    "a list that OpenSSL refuses": (
        {"options": {"CipherList": "NO-SUCH-CIPHER"}},
        "OpenSSL refuses CipherList 'NO-SUCH-CIPHER'",
    ),
    "an option bit that there is not": (
        {"options": {"ServerSSLOptions": "+SSL_OP_NO_SUCH_BIT"}},
        "ServerSSLOptions option value SSL_OP_NO_SUCH_BIT unrecognized",
    ),
    "the beginning of a name": (
        {"options": {"CipherL": "HIGH"}},
        "options.CipherL is no name of an option: write CipherList in full",
    ),
    "an option that there is not": (
        {"options": {"NoSuchOption": "1"}},
        "has no option NoSuchOption, and would not start",
    ),
    "a key that is not there": (
        {"defines": {"confSERVER_KEY": "/etc/mail/tls/none.key"}},
        "file /etc/mail/tls/none.key unsafe: No such file or directory",
    ),
    "a key of another certificate": (
        {"defines": {"confSERVER_KEY": "/etc/mail/tls/other.key"}},
        "STARTTLS",
    ),
    "a key that others can read": (
        {"defines": {"confSERVER_KEY": "/etc/mail/tls/open.key"}},
        "open.key unsafe",
    ),
    "a feature that there is not": (
        {"features": {"no_such_feature": []}},
        "m4 cannot make a sendmail.cf of this /etc/mail/sendmail.mc",
    ),
    "an option and its macro": (
        {"options": {"CipherList": "HIGH"}, "defines": {"confCIPHER_LIST": "LOW"}},
        "The option CipherList is the macro confCIPHER_LIST",
    ),
    "a value that is a list": ({"options": {"CipherList": ["HIGH"]}}, "is a list: give a single"),
    "a feature that is no list": ({"features": {"nouucp": "reject"}}, "is not a list of arguments"),
    "an mc file that is not there": (
        {"mc": "/etc/mail/none.mc"},
        "/etc/mail/none.mc cannot be read",
    ),
    "no sendmail": ({"sendmail_command": "no-such-sendmail"}, "There is no sendmail on this host"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_work_is_refused_in_one_sentence(box: Box, case: str) -> None:
    arguments, words = REFUSED[case]
    box.sh(
        "cd /etc/mail/tls; openssl genrsa -out other.key 2048 2>/dev/null; chmod 600 other.key; install -m 644 mx.key open.key"
    )
    before = digest(box)
    made = change(box, **arguments)
    assert made.get("failed"), made
    assert words in made["msg"]
    assert "Traceback" not in made["msg"]
    assert "\n" not in made["msg"]
    assert digest(box) == before


def test_what_was_edited_by_hand_is_not_overwritten_unasked(box: Box) -> None:
    box.sh("printf 'O LogLevel=12\\nD{pass}se-cret\\n' >> /etc/mail/sendmail.cf")
    before = digest(box)
    made = change(box, options=ONE_SUITE)
    assert "it has 'O LogLevel ...'" in made["msg"]
    assert digest(box) == before
    rebuilt = change(box, drift="rebuild", access={"AuthInfo:mx.example.org": '"P=se-cret"'})
    assert (rebuilt["changed"], rebuilt["rebuilt"]) == (True, True)
    assert rebuilt["changes"][0]["after"] == "..."
    shown = str(rebuilt["diff"])
    assert "-D{pass} ..." in shown
    assert "+AuthInfo:mx.example.org ..." in shown
    assert "se-cret" not in str({**rebuilt, "invocation": None})
    assert "O LogLevel=12" not in box.read("/etc/mail/sendmail.cf").splitlines()
    assert not change(box, drift="rebuild")["changed"]


@pytest.mark.parametrize(
    "fault",
    [
        "sed -i 's/m4 .*sendmail.mc/echo nothing/' /etc/mail/Makefile",
        "sed -i 's,^/etc/mail/sendmail.cf *:.*,&\\n\\tfalse\\n/nothing:,' /etc/mail/Makefile",
    ],
    ids=["make builds something else", "make fails"],
)
def test_when_make_does_not_build_it_every_byte_is_as_before(box: Box, fault: str) -> None:
    box.sh(fault)
    before = digest(box)
    made = change(box, options=ONE_SUITE, access={"Srv_Features:192.0.2.1": "V"})
    assert made.get("failed"), made
    assert "every file is again as it was" in made["msg"]
    assert digest(box) == before


def test_what_a_killed_run_left_is_finished_by_the_same_task(box: Box) -> None:
    wanted: dict[str, t.Any] = {"options": ONE_SUITE, "access": {"Srv_Features:192.0.2.1": "V"}}
    built = (
        "grep -v '^#' /etc/mail/sendmail.cf | md5sum; makemap -u hash /etc/mail/access.db | sort"
    )
    box.sh("cd /etc/mail && cp -a sendmail.cf access.db /root/")
    assert change(box, **wanted)["changed"]
    after = box.sh(built)
    box.sh(
        "cd /etc/mail && cp -a /root/sendmail.cf /root/access.db . && touch -d @0 sendmail.cf access.db"
    )
    assert "give drift: rebuild" in change(box, **wanted)["msg"]
    finished = change(box, drift="rebuild", **wanted)
    assert (finished["changed"], finished["changes"]) == (True, [])
    assert box.sh(built) == after
    assert "192.0.2.1" in after
    assert not change(box, **wanted)["changed"]


def test_a_value_that_m4_would_carry_out_is_refused_unread(box: Box) -> None:
    before = digest(box)
    for arguments in (
        {"options": {"CipherList": "esyscmd(id > /root/owned)HIGH"}},
        {"features": {"access_db": ["hash -o /etc/mail/access syscmd(id > /root/owned)"]}},
        {"defines": {"confSMTP_LOGIN_MSG": "sinclude(/etc/shadow)"}},
    ):
        made = change(box, **arguments)
        assert "which m4 would carry out" in made["msg"]
        assert "root:" not in str(made)
    assert box.sh("ls /root/owned 2>&1 || true").endswith("No such file or directory\n")
    assert digest(box) == before


def test_an_unprivileged_user_is_told_so(box: Box) -> None:
    made = change(box, user="nobody", options=ONE_SUITE)
    assert made.get("failed"), made
    assert "\n" not in made["msg"]
