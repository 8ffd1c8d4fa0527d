# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which system a Makefile belongs to, what is run there, and what sendmail's words about a candidate become."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed, Runner
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail import _layout
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._judge import (
    Built,
    Words,
    body,
    build,
    explain,
    new_warnings,
    objections,
)

DEBIAN = "#!/usr/bin/make -f\n##### generated via:\n#####\t\t/usr/share/sendmail/update_mk\n"
REDHAT = "all:\n\t@/etc/mail/make\n"
FREEBSD = "SENDMAIL_CF_DIR?=\t/usr/share/sendmail/cf\n"
PROTO = """\
_OPTION(TLSSrvOptions, `confTLS_SRV_OPTIONS', `')
_OPTION(CipherList, `confCIPHER_LIST', `')
"""
DEPRECATED = (
    "WARNING: FEATURE(blacklist_recipients) is deprecated; use FEATURE(blocklist_recipients.m4)."
)
LACKING = "*** ERROR: FEATURE(blocklist_recipients) requires FEATURE(access_db)"
DEBIAN_LAYOUT = _layout.Layout("debian", mc="/etc/mail/sendmail.mc")
READY = Words((), (), ready=True)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands for /etc/mail."""
    monkeypatch.setattr(_layout, "DIRECTORY", str(tmp_path))
    return tmp_path


def silent(command: t.Sequence[str]) -> Completed:
    raise AssertionError(f"{command} was run")


def bmake(*lines: str) -> Runner:
    """BSD make, which prints the value of each variable that it is asked for on a line of its own."""

    def run(command: t.Sequence[str]) -> Completed:
        assert command[1] == "-C"
        assert command.count("-V") == len(lines)
        return Completed(0, "".join(f"{line}\n" for line in lines), "")

    return run


def test_debian_builds_only_what_changed(tree: Path) -> None:
    (tree / "Makefile").write_text(DEBIAN)
    layout = _layout.detect(silent)
    assert (layout.name, layout.mc) == ("debian", f"{tree}/sendmail.mc")
    make = list(layout.command)
    assert layout.make_command(configuration=True, database=None) == [*make, layout.cf]
    both = layout.make_command(configuration=True, database="/etc/mail/access.db")
    assert both == [*make, layout.cf, "/etc/mail/access.db"]
    assert layout.m4_command("/tmp/x.mc") == ["m4", "-I", str(tree), "/tmp/x.mc"]


def test_the_makefile_of_red_hat_has_one_make_for_all(tree: Path) -> None:
    (tree / "Makefile").write_text(REDHAT)
    layout = _layout.detect(silent)
    assert layout.name == "redhat"
    assert layout.make_command(configuration=True, database="/etc/mail/access.db")[3:] == []


def test_the_script_of_red_hat_makes_what_changed(tree: Path) -> None:
    (tree / "Makefile").write_text(REDHAT)
    (tree / "make").write_text("#!/bin/sh\n")
    (tree / "make").chmod(0o755)
    layout = _layout.detect(silent)
    command = layout.make_command(configuration=True, database="/etc/mail/access.cdb")
    assert command == [f"{tree}/make", "sendmail.cf", "access.cdb"]


def test_freebsd_says_itself_what_it_builds(tree: Path) -> None:
    (tree / "Makefile").write_text(FREEBSD)
    said = bmake("mx.mc", "mx.cf", "/usr/share/sendmail/cf", "-DMINE -I/usr/local/mail")
    layout = _layout.detect(said)
    assert (layout.mc, layout.built) == (f"{tree}/mx.mc", f"{tree}/mx.cf")
    command = layout.make_command(configuration=True, database="/etc/mail/access.db")
    assert command[3:] == ["install-cf", "access.db"]
    flags = ["-D_CF_DIR_=/usr/share/sendmail/cf/", "-DMINE", "-I/usr/local/mail"]
    assert layout.m4_command("x.mc")[3:] == [*flags, "/usr/share/sendmail/cf/m4/cf.m4", "x.mc"]


def test_freebsd_copies_a_template_where_there_is_no_mc_file_yet(tree: Path) -> None:
    (tree / "Makefile").write_text(FREEBSD)
    layout = _layout.detect(bmake("/etc/mail/nowhere/mine.mc", "/etc/mail/nowhere/mine.cf", "", ""))
    assert (layout.mc, layout.source) == ("/etc/mail/nowhere/mine.mc", f"{tree}/freebsd.mc")
    (tree / "mx.mc").write_text("")
    layout = _layout.detect(bmake("mx.mc", "mx.cf", "", ""))
    assert layout.source == layout.mc


def test_a_make_that_fails_is_one_sentence(tree: Path) -> None:
    (tree / "Makefile").write_text(FREEBSD)
    with pytest.raises(CommandFailed, match=r"does not tell .* it says: make: not found\."):
        _layout.detect(lambda _command: Completed(None, "", "make: not found"))


def test_another_makefile_and_none_are_one_sentence(tree: Path) -> None:
    with pytest.raises(NotSupported, match="install the package that brings it"):
        _layout.detect(silent)
    (tree / "Makefile").write_text("all:\n")
    with pytest.raises(NotSupported, match="neither Debian's nor Red Hat's nor FreeBSD's"):
        _layout.detect(silent)


def test_the_macros_of_options_are_those_of_proto_m4(tree: Path) -> None:
    (tree / "Makefile").write_text(DEBIAN)
    (tree / "cf" / "m4").mkdir(parents=True)
    (tree / "cf" / "m4" / "proto.m4").write_text(PROTO)
    mc = f"include(`{tree}/cf/m4/cf.m4')dnl\n"
    found = _layout.option_macros(_layout.detect(silent), mc)
    assert found == {"TLSSrvOptions": "confTLS_SRV_OPTIONS", "CipherList": "confCIPHER_LIST"}
    with pytest.raises(NotSupported, match="names no directory with m4/proto"):
        _layout.option_macros(_layout.detect(silent), "OSTYPE(`debian')\n")


def by_m4(tmp_path: Path, code: int, *said: str) -> Built:
    """What m4 makes of an mc file, as it ends with that code and says these lines of it."""
    source = f"{tmp_path}/one.mc"
    words = "".join(f"{line.format(mc=source)}\n" for line in said)
    return build(
        lambda _command: Completed(code, "V10\n", words), DEBIAN_LAYOUT, "", str(tmp_path), "one"
    )


def test_what_m4_says_of_the_mc_file_in_force_does_not_count(tmp_path: Path) -> None:
    live = by_m4(tmp_path, 0, DEPRECATED, LACKING, "m4:{mc}:7: Warning: excess arguments")
    candidate = by_m4(tmp_path, 0, DEPRECATED, LACKING, "m4:{mc}:9: Warning: excess arguments")
    assert live.said[-1] == "m4:/etc/mail/sendmail.mc: Warning: excess arguments"
    assert new_warnings(DEBIAN_LAYOUT, live, candidate) == []


def test_what_m4_says_of_the_candidate_alone_is_a_warning_or_refused(tmp_path: Path) -> None:
    live = by_m4(tmp_path, 0)
    warned = new_warnings(DEBIAN_LAYOUT, live, by_m4(tmp_path, 0, DEPRECATED))
    assert warned == [f"m4 says of /etc/mail/sendmail.mc: {DEPRECATED}"]
    with pytest.raises(
        InvalidInput, match=r"nothing was changed\. m4 says: WARNING: .*; \*\*\* ERROR"
    ):
        new_warnings(DEBIAN_LAYOUT, live, by_m4(tmp_path, 0, DEPRECATED, LACKING))


def test_an_m4_that_fails_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"m4 says: m4:/etc/mail/sendmail\.mc: end of file"):
        by_m4(tmp_path, 1, "m4:{mc}:3: end of file in string")


def test_only_new_words_count() -> None:
    old, new = "cf: readcf: unknown option name Old", "cf: readcf: unknown option name New"
    assert objections(Words((old,), (), ready=True), Words((old, new), (), ready=True)) == [new]
    assert objections(READY, Words((), None, ready=False, reason="not root")) == []
    assert objections(READY, Words((), (), ready=False)) == [
        "STARTTLS=server cannot be set up any more"
    ]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "STARTTLS=server, error: SSL_CTX_set_cipher_list(NO) failed, list ignored",
            "OpenSSL refuses CipherList 'NO': sendmail 8.18.1 would log that",
        ),
        (
            "STARTTLS=server, error: SSL_CTX_set_ciphersuites(NO) failed, suites ignored",
            "OpenSSL refuses CipherSuites 'NO'",
        ),
        (
            "sendmail.cf: readcf: unknown option name Nope",
            "has no option Nope, and would not start",
        ),
        ("STARTTLS=server: file x unsafe", "sendmail says: STARTTLS=server: file x unsafe"),
    ],
)
def test_an_objection_becomes_a_sentence(said: str, sentence: str) -> None:
    assert sentence in explain([said], version="8.18.1", mc="/etc/mail/sendmail.mc")


def test_a_body_has_no_comments_which_carry_dates() -> None:
    assert body("##### built on Sunday\n\nO A=1\n# x\nO B\n") == ["O A=1", "O B"]
