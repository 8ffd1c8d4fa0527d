# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which system a Makefile belongs to, what is run there, and what sendmail's words about a candidate become."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail import _layout
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._judge import (
    Words,
    body,
    explain,
    objections,
)

DEBIAN = "#!/usr/bin/make -f\n##### generated via:\n#####\t\t/usr/share/sendmail/update_mk\n"
REDHAT = "all: ${CFFILES}\n\t@if test -f /usr/share/sendmail-cf/m4/cf.m4; then m4 $< > $@; fi\n"
FREEBSD = ".ifndef SENDMAIL_MC\nSENDMAIL_MC!=           hostname\n.endif\nSENDMAIL_CF_DIR?=\t/usr/share/sendmail/cf\n"
PROTO = """\
_OPTION(TLSSrvOptions, `confTLS_SRV_OPTIONS', `')
_OPTION(CipherList, `confCIPHER_LIST', `')
"""
READY = Words((), (), ready=True)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands for /etc/mail."""
    monkeypatch.setattr(_layout, "DIRECTORY", str(tmp_path))
    monkeypatch.setattr(_layout, "MAKE_CONF", str(tmp_path / "make.conf"))
    return tmp_path


def test_debian_builds_only_what_changed(tree: Path) -> None:
    (tree / "Makefile").write_text(DEBIAN)
    layout = _layout.detect()
    assert (layout.name, layout.mc) == ("debian", f"{tree}/sendmail.mc")
    make = ["make", "-C", str(tree)]
    assert layout.make_command(configuration=True, access=None) == [*make, layout.cf]
    both = layout.make_command(configuration=True, access="/etc/mail/access")
    assert both == [*make, layout.cf, "/etc/mail/access.db"]
    assert layout.m4_command("/tmp/x.mc") == ["m4", "-I", str(tree), "/tmp/x.mc"]


def test_red_hat_has_one_make_for_all(tree: Path) -> None:
    (tree / "Makefile").write_text(REDHAT)
    layout = _layout.detect()
    assert layout.name == "redhat"
    assert layout.make_command(configuration=True, access="/etc/mail/access")[3:] == []


def test_freebsd_builds_the_file_of_the_host_and_installs_it(tree: Path) -> None:
    (tree / "Makefile").write_text(FREEBSD)
    layout = _layout.detect()
    assert layout.mc == f"{tree}/{socket.gethostname()}.mc"
    assert layout.built == f"{tree}/{socket.gethostname()}.cf"
    command = layout.make_command(configuration=True, access="/etc/mail/access")
    assert command[3:] == ["install-cf", "access.db"]
    m4 = layout.m4_command("x.mc")
    assert m4[3:] == [f"-D_CF_DIR_={layout.prelude}/", f"{layout.prelude}/m4/cf.m4", "x.mc"]


def test_freebsd_takes_the_file_that_make_conf_names(tree: Path) -> None:
    (tree / "Makefile").write_text(FREEBSD)
    (tree / "make.conf").write_text("CFLAGS=-O\nSENDMAIL_MC=/etc/mail/mine.mc\n")
    layout = _layout.detect()
    assert (layout.mc, layout.built) == ("/etc/mail/mine.mc", "/etc/mail/mine.cf")


def test_another_makefile_and_none_are_one_sentence(tree: Path) -> None:
    with pytest.raises(NotSupported, match="install the package that brings it"):
        _layout.detect()
    (tree / "Makefile").write_text("all:\n")
    with pytest.raises(NotSupported, match="neither Debian's nor Red Hat's nor FreeBSD's"):
        _layout.detect()


def test_the_macros_of_options_are_those_of_proto_m4(tree: Path) -> None:
    (tree / "Makefile").write_text(DEBIAN)
    (tree / "cf" / "m4").mkdir(parents=True)
    (tree / "cf" / "m4" / "proto.m4").write_text(PROTO)
    mc = f"include(`{tree}/cf/m4/cf.m4')dnl\n"
    found = _layout.option_macros(_layout.detect(), mc)
    assert found == {"TLSSrvOptions": "confTLS_SRV_OPTIONS", "CipherList": "confCIPHER_LIST"}
    with pytest.raises(NotSupported, match="names no directory with m4/proto"):
        _layout.option_macros(_layout.detect(), "OSTYPE(`debian')\n")


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
