# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix import _candidate
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._candidate import (
    Judgement,
    Postfix,
    Texts,
    explain,
    judge,
    locate,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import (
    PostfixVersion,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed

MASTER = """\
smtp inet n - n - - smtpd
smtps inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
submission inet n - n - - smtpd
qmgr unix n - n 300 1 qmgr
relay unix - - n - - smtp
  -o syslog_name=relay
"""


class Postconf:
    """Prints for each file content the complaints that are scripted for it; an unexpected call fails."""

    def __init__(self, complaints: t.Mapping[str, str]) -> None:
        self.complaints = complaints

    def __call__(self, command: t.Sequence[str]) -> Completed:
        assert command[:2] == ["/usr/sbin/postconf", "-c"]
        assert command[3:] in (["-n"], ["-M"], ["-P"])
        directory = Path(command[2])
        words = (
            self.complaints[directory.joinpath("main.cf").read_text()] if command[3] == "-n" else ""
        )
        return Completed(0, "", words.replace("@", str(directory)))


@pytest.fixture
def postfix(tmp_path: Path) -> Postfix:
    return Postfix(
        "/usr/sbin/postconf", str(tmp_path), PostfixVersion(3, 10, 13), "/none", "postfix"
    )


@pytest.fixture(autouse=True)
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_candidate.os, "geteuid", lambda: 1000)


def judged(postfix: Postfix, live: str, candidate: str) -> Judgement:
    complaints = {"live": live, "candidate": candidate}
    texts = Texts("live", MASTER), Texts("candidate", MASTER)
    return judge(Postconf(complaints), postfix, live=texts[0], candidate=texts[1], changes=())


UNUSED = "postconf: warning: @/main.cf: unused parameter: smtpd_tls_protocol=x\n"


def test_a_new_complaint_counts_and_names_the_live_file(postfix: Postfix) -> None:
    found = judged(postfix, "", UNUSED)
    assert found.complaints == (
        f"{postfix.config_directory}/main.cf: unused parameter: smtpd_tls_protocol=x",
    )
    assert explain(found, postfix) == (
        f"Postfix 3.10.13 has no parameter smtpd_tls_protocol ({postfix.config_directory}/main.cf); "
        "nothing was changed: check its spelling with postconf, or leave it out."
    )


def test_a_complaint_that_was_there_before_does_not_count(postfix: Postfix) -> None:
    assert judged(postfix, UNUSED, UNUSED).complaints == ()


def test_an_old_complaint_about_another_line_is_still_old(postfix: Postfix) -> None:
    words = "postconf: warning: @/main.cf, line {}: overriding earlier entry: a=1\n"
    assert judged(postfix, words.format(7), words.format(9)).complaints == ()


def test_without_root_the_daemons_are_not_determined(postfix: Postfix) -> None:
    assert judged(postfix, "", "").undetermined == (
        "only root can start the daemons of Postfix, which judge TLS settings",
    )


def test_other_words_of_postfix_are_quoted(postfix: Postfix) -> None:
    words = 'smtpd (smtp/inet): Invalid TLS level "foo"'
    assert explain(Judgement((words,), ()), postfix).endswith(f"Postfix says: {words}")


LOADING = "error loading private keys and certificates from: /t/c.pem: disabling TLS support"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            [
                'cannot get RSA certificate from file "/t/no.crt": disabling TLS support',
                (
                    "TLS library problem: error:80000002:system library::No such file or directory:"
                    "../crypto/bio/bss_file.c:297:calling fopen(/t/no.crt, r):"
                ),
                "TLS library problem: error:10000080:BIO routines::no such file:bss_file.c:300:",
            ],
            (
                "/t/no.crt (No such file or directory), and nothing was changed: put a PEM file with the"
                " certificate first"
            ),
        ),
        (
            [
                'cannot get RSA private key from file "/t/other.key": disabling TLS support',
                (
                    "TLS library problem: error:05800074:x509 certificate routines::key values mismatch:"
                    "../crypto/x509/x509_cmp.c:405:"
                ),
            ],
            "/t/other.key (key values mismatch), and nothing was changed: put the PEM key of the",
        ),
        (
            ["RSA private key in /t/a.key does not match public key in /t/b.crt: disabling TLS"],
            "/t/a.key (does not match public key in /t/b.crt), and nothing was changed: put the PEM",
        ),
        (
            ["error opening chain file: /t/c.pem: No such file or directory", LOADING],
            "/t/c.pem (No such file or directory), and nothing was changed: put a PEM file with a key",
        ),
        (["No PEM data in /t/c.pem", LOADING], "/t/c.pem (No PEM data), and nothing"),
        (
            ["error loading chain from /t/c.pem: key not first", LOADING],
            "/t/c.pem (error loading chain), and nothing",
        ),
        (
            ["error loading private key (PEM object number 1) from /t/c.pem", LOADING],
            "/t/c.pem (error loading private key (PEM object number 1)), and nothing",
        ),
        (
            ["key at index 1 in /t/c.pem does not match next certificate", LOADING],
            "/t/c.pem (key at index 1 in /t/c.pem does not match next certificate), and nothing",
        ),
    ],
)
def test_a_certificate_that_postfix_cannot_load_is_one_sentence(
    postfix: Postfix, words: list[str], said: str
) -> None:
    """The words are those of src/tls/tls_certkey.c in Postfix 3.10, behind the service that was tried."""
    complaints = tuple(f"smtpd (smtp/inet): {one}" for one in words)
    sentence = explain(Judgement(complaints, ()), postfix)
    assert sentence.startswith(f"Postfix cannot use {said}")
    assert sentence.endswith(" there, or name another file.")


def test_each_tls_service_is_tried_once_and_each_changed_list_alone() -> None:
    values = {
        "smtpd_tls_mandatory_protocols": ">=TLSv1.2",
        "smtp_tls_exclude_ciphers": "RC4",
        "tls_high_cipherlist": "ALL",
        "smtpd_tls_protocols": None,
        "smtpd_banner": "x",
    }
    labels = _candidate._trials(MASTER, values)
    assert sorted(labels.values()) == [
        "smtp (relay/unix)",
        "smtp_tls_exclude_ciphers",
        "smtpd (smtp/inet)",
        "smtpd (smtps/inet)",
        "smtpd_tls_mandatory_protocols",
        "tls_high_cipherlist",
    ]
    alone = next(trial for trial, label in labels.items() if label == "smtp_tls_exclude_ciphers")
    assert ("smtpd_tls_exclude_ciphers", "RC4") in alone.overrides
    suites = next(trial for trial, label in labels.items() if label == "tls_high_cipherlist")
    assert ("smtpd_tls_exclude_ciphers", "") in suites.overrides, "exclusions are for services"
    wrapped = next(trial for trial, label in labels.items() if label == "smtpd (smtps/inet)")
    assert ("smtpd_tls_security_level", "encrypt") in wrapped.overrides


def test_no_postfix_is_one_sentence() -> None:
    with pytest.raises(
        NotSupported, match="There is no Postfix on this host: the command /none/postconf"
    ):
        locate(Postconf({}), postconf="/none/postconf", config_directory=None)


def test_a_wrong_directory_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is no configuration directory of Postfix"):
        locate(Postconf({}), postconf="/bin/true", config_directory=str(tmp_path))


def test_a_postconf_that_fails_is_quoted() -> None:
    refused = Completed(1, "", "postconf: fatal: open /etc/postfix/main.cf: Permission denied\n")
    with pytest.raises(CommandFailed, match=r"does not answer: .*main\.cf: Permission denied"):
        locate(lambda _command: refused, postconf="/bin/true", config_directory=None)
