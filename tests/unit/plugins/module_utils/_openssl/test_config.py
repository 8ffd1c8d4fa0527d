# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._config import (
    SystemPolicy,
    crypto_policy,
    system_policy,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._linked import (
    Linked,
    interpreter_of,
    linked_libraries,
    parse_loader_list,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import run
from ansible_collections.postmaster.tls.tests.support.scripted_commands import text_of

BULLSEYE = """\
openssl_conf = default_conf   # a comment
[default_conf]
ssl_conf = ssl_sect
[ ssl_sect ]
system_default = system_default_sect
[system_default_sect]
MinProtocol = TLSv1.2
CipherString = DEFAULT@SECLEVEL=2
"""


def test_the_policy_of_the_system_is_found_through_its_sections() -> None:
    found = system_policy("/etc/ssl/openssl.cnf", {"/etc/ssl/openssl.cnf": BULLSEYE}.get)
    assert found == SystemPolicy("/etc/ssl/openssl.cnf", "TLSv1.2", "DEFAULT@SECLEVEL=2", 2)


def test_an_included_file_counts_in_its_section() -> None:
    texts = {
        "a": "openssl_conf = d\n[d]\nssl_conf = s\n[s]\nsystem_default = c\n[c]\n.include = b\n",
        "b": "CipherString = @SECLEVEL=1:HIGH\nTLS.MinProtocol = TLSv1.3\n",
    }
    assert system_policy("a", texts.get) == SystemPolicy("a", "TLSv1.3", "@SECLEVEL=1:HIGH", 1)


def test_a_file_that_includes_itself_ends() -> None:
    assert system_policy("a", {"a": ".include a\n"}.get) == SystemPolicy("a", None, None, None)


def test_the_files_of_an_included_directory_count(tmp_path: Path) -> None:
    parts = tmp_path / "openssl.d"
    parts.mkdir()
    (parts / "a.cnf").write_text("[sys]\nMinProtocol = TLSv1.1\nCipherString = HIGH\n")
    (parts / "b.conf").write_text(f".include {parts}\n[sys]\nMinProtocol = TLSv1.2\n")
    (parts / "c.rpmsave").write_text("[sys]\nMinProtocol = TLSv1.3\n")
    start = "openssl_conf = d\n[d]\nssl_conf = s\n[s]\nsystem_default = sys\n"
    file = tmp_path / "openssl.cnf"
    file.write_text(f"{start}.include {parts}\n")

    def read(path: str) -> str | None:
        return Path(path).read_text() if Path(path).is_file() else None

    assert system_policy(str(file), read) == SystemPolicy(str(file), "TLSv1.2", "HIGH", None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("$lvl", "TLSv1.2"),
        ("${lvl}", "TLSv1.2"),
        ("$(lvl)", "TLSv1.2"),
        ("${other::lvl}", "TLSv1.1"),
        ("$other::lvl", "TLSv1.1"),
        ('"TLSv1.2"', "TLSv1.2"),
        ("'TLSv1.2' # why", "TLSv1.2"),
        ("TLSv1\\.2", "TLSv1.2"),
        ("'$lvl'", "$lvl"),
        ('"a#b"', "a#b"),
        ("$own", "TLSv1.3"),
        ("TLSv1\\\n.2", "TLSv1.2"),
    ],
)
def test_a_value_with_names_and_quotes_is_what_the_library_reads(written: str, meant: str) -> None:
    text = (
        "lvl = TLSv1.2\nown = x\nopenssl_conf = d\n[other]\nlvl = TLSv1.1\n[d]\nssl_conf = s\n"
        f"[s]\nsystem_default = sys\n[sys]\nown = TLSv1.3\nMinProtocol = {written}\n"
    )
    found = system_policy("a", {"a": text}.get)
    assert found is not None
    assert found.min_protocol == meant


def test_a_file_that_cannot_be_read_is_unknown() -> None:
    assert system_policy("a", {}.get) is None
    assert crypto_policy({}.get) is None


def test_the_name_of_a_crypto_policy() -> None:
    assert (
        crypto_policy({"/etc/crypto-policies/state/current": "DEFAULT:SHA1\n"}.get)
        == "DEFAULT:SHA1"
    )


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (
            "3.5.25",
            Linked(
                "/usr/lib/x86_64-linux-gnu/libssl.so.1.1",
                "/usr/lib/x86_64-linux-gnu/libcrypto.so.1.1",
            ),
        ),
        (
            "3.11.7",
            Linked(
                "/usr/lib/x86_64-linux-gnu/libssl.so.3", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3"
            ),
        ),
    ],
)
def test_what_the_loader_of_a_real_smtpd_prints(version: str, expected: Linked) -> None:
    assert parse_loader_list(text_of(version, "ld.txt")) == expected


def test_a_list_without_libssl_is_no_answer() -> None:
    assert parse_loader_list("\tlibc.so.6 => /lib/libc.so.6 (0x1)\n") is None


def test_the_loader_of_this_python_exists() -> None:
    loader = interpreter_of(Path(str(shutil.which("openssl"))).read_bytes()[:65536])
    assert loader
    assert Path(loader).exists()


@pytest.mark.parametrize("head", [b"", b"#!/bin/sh\n", b"\x7fELF" + b"\x02\x01" + b"\xff" * 70])
def test_no_other_file_has_a_loader(head: bytes) -> None:
    assert interpreter_of(head) is None


def test_a_program_without_openssl_is_told_apart() -> None:
    with pytest.raises(NotSupported, match="is not linked with a shared libssl"):
        linked_libraries(str(shutil.which("true")), run)


def test_a_program_that_does_not_exist() -> None:
    with pytest.raises(NotSupported, match="cannot be read: No such file"):
        linked_libraries("/nonexistent/smtpd", run)
