# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import (
    bits_by_name,
    default_bits,
    has_option,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import (
    SendmailVersion,
    build_of,
    parse_build,
    single_curve,
)

Recorded = t.Callable[[str], str]
FIRST = {"CipherSuites": "8.17.1", "DANE": "8.16.1", "CipherList": "8.15.1", "CRLFile": "8.12.0"}


@pytest.mark.parametrize(
    ("release", "version", "compiled", "linked"),
    [
        ("bullseye", "8.15.2", 0x1010117F, 0x1010117F),
        ("bookworm", "8.17.1.9", 0x300000D0, 0x30000160),
        ("trixie", "8.18.1", 0x30400000, 0x30500070),
        ("sid", "8.18.2", 0x30600020, 0x30600050),
    ],
)
def test_what_debian_ships(
    recorded: Recorded, release: str, version: str, compiled: int, linked: int
) -> None:
    build = parse_build(recorded(f"debug-{release}.txt"))
    assert (build.text, build.compiled, build.linked) == (version, compiled, linked)
    assert build.has_tls
    assert {"MILTER", "SASLv2", "_FFR_NO_PIPE"} <= build.options
    assert "HASFCHOWN" not in build.options
    assert "SM_CONF_SHM" not in build.options
    assert build.host == "mx.example.test"
    assert has_option("CipherSuites", build) is (release != "bullseye")
    assert has_option("DANE", build) is (release in ("trixie", "sid"))


def test_the_curves_are_told_by_different_words(recorded: Recorded) -> None:
    assert "_FFR_TLS_EC" in parse_build(recorded("debug-bullseye.txt")).options
    assert "TLS_EC" in parse_build(recorded("debug-trixie.txt")).options


def test_versions_are_in_order() -> None:
    texts = ["8.14.9", "8.15.1", "8.15.2", "8.16.1", "8.17.1.9", "8.17.2", "8.18.1"]
    versions = [SendmailVersion.parse(text) for text in texts]
    assert all(older < newer for older, newer in itertools.pairwise(versions))
    assert versions[-1] >= versions[0]


@pytest.mark.parametrize(("name", "first"), FIRST.items())
def test_options_have_a_first_release(recorded: Recorded, name: str, first: str) -> None:
    text = recorded("debug-trixie.txt")
    older = {"8.12.0": "8.12.0", "8.15.1": "8.14.9", "8.16.1": "8.15.2", "8.17.1": "8.16.2"}[first]
    assert has_option(name, parse_build(text.replace("8.18.1", first)))
    assert has_option(name, parse_build(text.replace("8.18.1", older))) is (older == first)


def test_8_14_has_lists_only_where_it_is_compiled_for_them(recorded: Recorded) -> None:
    text = recorded("debug-bullseye.txt").replace("8.15.2", "8.14.9")
    assert not has_option("CipherList", parse_build(text))
    assert has_option("CipherList", parse_build(text.replace("_FFR_RHS", "_FFR_TLS_1")))


def test_bits_are_those_of_the_headers(recorded: Recorded) -> None:
    old, new = (parse_build(recorded(f"debug-{one}.txt")) for one in ("bullseye", "trixie"))
    assert default_bits(old, client=False) == 0x80000844
    assert default_bits(new, client=False) == 0x80000840
    assert default_bits(new, client=True) == 0x80004840
    assert "NO_TLSV1_3" in bits_by_name(new)
    assert "NO_TLSV1_3" not in bits_by_name(old)


def test_another_mta_is_not_asked_twice() -> None:
    said = Completed(75, "", "sendmail: fatal: unsupported: -bt\n")
    with pytest.raises(CommandFailed, match="unsupported"):
        build_of("/usr/sbin/sendmail", lambda _command: said)


@pytest.mark.parametrize("text", ["", "sendmail", "x.y", f"8.{'1' * 5000}", "8.²"])
def test_what_is_not_a_version(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a version of sendmail"):
        SendmailVersion.parse(text)


def test_the_single_curve_is_told_by_what_the_program_calls(tmp_path: Path) -> None:
    program = tmp_path / "sendmail"
    program.write_bytes(b"\x7fELF\0EC_KEY_new_by_curve_name\0")
    assert single_curve(str(program)) is True
    program.write_bytes(b"\x7fELF\0SSL_CTX_new\0")
    assert single_curve(str(program)) is False
    assert single_curve(str(tmp_path / "absent")) is None
