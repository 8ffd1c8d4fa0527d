# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._linked import Linked
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._offer import parse_offer
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Context,
    Library,
    Refusal,
    Settings,
    start_library,
)
from ansible_collections.postmaster.tls.tests.support.pems import Pair


def names_by_command(text: str) -> list[str]:
    """What the openssl command says that a cipher string stands for; it prints the suites of TLS 1.3 too."""
    done = subprocess.run(
        ["openssl", "ciphers", f"{text}:@SECLEVEL=0"], check=True, capture_output=True, text=True
    )
    return [name for name in done.stdout.strip().split(":") if not name.startswith("TLS_")]


def test_the_version_is_that_of_the_command(library: Library) -> None:
    shown = subprocess.run(
        ["openssl", "version"], check=True, capture_output=True, text=True
    ).stdout
    assert shown.startswith(library.version)


@pytest.mark.parametrize(
    "text",
    [
        "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH",
        "RSA+AES",
        "ECDHE+AESGCM:ECDHE+CHACHA20",
        "ALL:!kRSA:!aNULL:!SHA1",
        "HIGH:+SHA1:-CAMELLIA",
    ],
)
def test_a_string_stands_for_what_the_command_prints(library: Library, text: str) -> None:
    found = library.match(text)
    assert not isinstance(found, Refusal)
    assert [cipher.name for cipher in found] == names_by_command(text)


@pytest.mark.parametrize("text", ["NOSUCH", "!ALL", ""])
def test_a_string_that_stands_for_nothing_is_refused(library: Library, text: str) -> None:
    refused = library.match(text)
    assert isinstance(refused, Refusal)
    assert refused.stage == "ciphers"


def test_the_types_of_the_loaded_keys_are_told(
    library: Library, rsa: Pair, ec: Pair, ed: Pair
) -> None:
    pairs = tuple(pair.settings() for pair in (rsa, ec, ed))
    context = library.open(Settings("ALL", certificates=pairs))
    assert isinstance(context, Context)
    assert sorted(context.keys) == ["ECDSA", "Ed25519", "RSA"]


def test_a_client_offers_what_it_was_told(library: Library) -> None:
    settings = Settings(
        "ECDHE-RSA-AES128-GCM-SHA256",
        role="client",
        excluded=(0x304,),
        groups=(("X25519", "P-256"),),
    )
    context = library.open(settings)
    assert isinstance(context, Context)
    offer = parse_offer(library.offer(context))
    assert (offer.suites, offer.groups, max(offer.versions)) == ((0xC02F,), (0x1D, 0x17), 0x303)


def refusal(library: Library, *files: str, kind: str = "pair") -> str:
    refused = library.load(kind, files)
    return refused.stage if refused else "loaded"


def test_pairs_and_chain_files_that_belong_together_are_loaded(
    library: Library, rsa: Pair, ec: Pair, tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    both.write_text(Path(rsa.certificate).read_text() + Path(rsa.key).read_text())
    assert refusal(library, rsa.certificate, rsa.key) == "loaded"
    assert refusal(library, str(both), str(both)) == "loaded"
    chain = (rsa.key, rsa.certificate, ec.key, ec.certificate)
    assert refusal(library, *chain, kind="chain") == "loaded"


def test_key_of_another_certificate(library: Library, rsa: Pair, ec: Pair) -> None:
    assert refusal(library, rsa.certificate, ec.key) == "mismatch"
    assert refusal(library, ec.key, rsa.certificate, kind="chain") == "mismatch"


def test_missing_certificate(library: Library, rsa: Pair) -> None:
    assert refusal(library, "/nonexistent", rsa.key) == "certificate"


def test_missing_key(library: Library, rsa: Pair) -> None:
    assert refusal(library, rsa.certificate, "/nonexistent") in ("key", "unreadable")


def test_certificate_without_pem(library: Library, rsa: Pair, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    assert refusal(library, str(empty), rsa.key) == "certificate"
    assert refusal(library, str(empty), kind="chain") == "key"


def test_chain_with_the_certificate_before_its_key(library: Library, rsa: Pair) -> None:
    refused = library.load("chain", (rsa.certificate, rsa.key))
    assert refused == Refusal(
        "certificate", rsa.certificate, "the key must come before its certificate"
    )


def test_encrypted_key_is_refused_and_nobody_is_asked(
    library: Library, rsa: Pair, tmp_path: Path
) -> None:
    locked = str(tmp_path / "locked.key")
    command = [
        "openssl",
        "rsa",
        "-aes128",
        "-passout",
        "pass:secret",
        "-in",
        rsa.key,
        "-out",
        locked,
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert refusal(library, rsa.certificate, locked) == "key"


def test_a_refusal_leaves_the_library_usable(library: Library) -> None:
    assert isinstance(library.open(Settings("NOSUCH")), Refusal)
    assert isinstance(library.open(Settings("ALL")), Context)


def test_a_library_that_does_not_exist(linked: Linked) -> None:
    wrong = dataclasses.replace(linked, libssl="/nonexistent/libssl.so.9")
    with pytest.raises(NotSupported, match="cannot be used: unreadable"):
        start_library(wrong)


def test_a_library_that_is_none_of_openssl() -> None:
    wrong = Linked(libssl="libc.so.6", libcrypto="libc.so.6")
    with pytest.raises(NotSupported, match="cannot be used: unsupported"):
        start_library(wrong)


def test_a_child_that_dies_is_not_an_answer(library: Library) -> None:
    context = library.open(Settings("ALL"))
    assert isinstance(context, Context)
    with pytest.raises(NotSupported, match="process that holds"):
        library.offer(dataclasses.replace(context, number=10_000))
    with pytest.raises(NotSupported, match="is not running"):
        library.match("ALL")


def test_a_child_that_is_too_slow_is_not_an_answer(linked: Linked) -> None:
    ticks = iter([0.0, 0.0, 100.0])
    with pytest.raises(NotSupported, match="did not answer within 5 seconds"):
        start_library(linked, timeout=5.0, clock=lambda: next(ticks, 100.0))


@pytest.mark.parametrize("kind", ["pair", "chain"])
def test_a_pipe_as_certificate_ends_nothing(
    library: Library, rsa: Pair, tmp_path: Path, kind: str
) -> None:
    pipe = str(tmp_path / "fifo")
    os.mkfifo(pipe)
    files = (pipe, rsa.key) if kind == "pair" else (pipe,)
    assert library.load(kind, files) == Refusal("unreadable", pipe, "it is not a regular file")
    assert refusal(library, rsa.certificate, rsa.key) == "loaded"


@pytest.mark.parametrize("path", ["fifo", "/dev/zero"])
def test_a_pipe_or_device_as_parameters_or_authorities_ends_nothing(
    library: Library, rsa: Pair, tmp_path: Path, path: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    file = str(tmp_path / path)
    pair = (rsa.settings(),)
    assert isinstance(library.open(Settings("ALL", certificates=pair, dh=f"auto:{file}")), Context)
    refused = library.open(Settings("ALL", certificates=pair, trust=(file, "")))
    assert refused == Refusal("unreadable", file, "it is not a regular file")
    assert isinstance(library.open(Settings("ALL", certificates=pair)), Context)


def test_a_file_name_that_is_not_utf8_is_loaded(
    library: Library, rsa: Pair, tmp_path: Path
) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/c\xe9.pem")
    shutil.copy(rsa.certificate, name)
    assert refusal(library, name, rsa.key) == "loaded"
    assert refusal(library, rsa.key, name, kind="chain") == "loaded"


def test_a_list_that_is_not_utf8_is_refused_and_ends_nothing(library: Library) -> None:
    refused = library.match("NOSUCH\udce9")
    assert isinstance(refused, Refusal)
    assert refused.stage == "ciphers"
    assert not isinstance(library.match("HIGH"), Refusal)


def test_a_value_that_python_cannot_hand_over_ends_nothing(library: Library) -> None:
    refused = library.load("chain", ("/a\0b",))
    assert refused is not None
    assert (refused.stage, library.ended) == ("unsupported", False)
