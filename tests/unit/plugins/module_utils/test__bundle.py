# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import os
import ssl
import stat
import subprocess
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._bundle import (
    lay_down,
    parts_of,
    read_pem,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)

KINDS = {
    "rsa": ("-newkey", "rsa:2048"),
    "ecdsa": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "ed25519": ("-newkey", "ed25519"),
}


def openssl(*words: str) -> str:
    return subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Chain and key by kind, made by openssl(1)."""
    directory = tmp_path_factory.mktemp("pairs")
    found = {}
    for kind, words in KINDS.items():
        key, chain = directory / f"{kind}.key", directory / f"{kind}.crt"
        subject = ("-subj", f"/CN={kind}", "-nodes", "-keyout", str(key), "-out", str(chain))
        openssl("req", "-x509", *words, *subject)
        found[kind] = (chain.read_text(), key.read_text())
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_is_one_that_openssl_loads(
    pairs: dict[str, tuple[str, str]], tmp_path: Path, kind: str
) -> None:
    chain, key = pairs[kind]
    bundle = parts_of(chain=chain, key=key)
    path, changed = lay_down(bundle, directory=str(tmp_path / "new"), name="mx1", dry=False)
    assert changed
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "new").st_mode) == 0o700
    digest = openssl("x509", "-in", path, "-noout", "-fingerprint", "-sha256").split("=")[1]
    assert bundle.sha256 == digest.strip().replace(":", "").lower()
    assert os.listdir(tmp_path / "new") == [os.path.basename(path)]


def test_a_second_time_changes_nothing(pairs: dict[str, tuple[str, str]], tmp_path: Path) -> None:
    chain, key = pairs["ecdsa"]
    bundle = parts_of(chain=chain, key=key)
    first = lay_down(bundle, directory=str(tmp_path), name="mx1", dry=False)
    assert lay_down(bundle, directory=str(tmp_path), name="mx1", dry=False) == (first[0], False)


def test_a_mode_that_is_too_wide_is_mended(
    pairs: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    chain, key = pairs["ecdsa"]
    bundle = parts_of(chain=chain, key=key)
    path, _changed = lay_down(bundle, directory=str(tmp_path), name="mx1", dry=False)
    os.chmod(path, 0o644)
    assert lay_down(bundle, directory=str(tmp_path), name="mx1", dry=False) == (path, True)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_check_mode_leaves_nothing(pairs: dict[str, tuple[str, str]], tmp_path: Path) -> None:
    chain, key = pairs["rsa"]
    bundle = parts_of(chain=chain, key=key)
    for directory in (tmp_path, tmp_path / "missing"):
        assert lay_down(bundle, directory=str(directory), name="mx1", dry=True)[1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("other", ["ecdsa", "ed25519"])
def test_the_key_of_another_certificate_is_refused_and_nothing_stays(
    pairs: dict[str, tuple[str, str]], tmp_path: Path, other: str
) -> None:
    bundle = parts_of(chain=pairs["rsa"][0], key=pairs[other][1])
    with pytest.raises(InvalidInput, match="not that of the first certificate"):
        lay_down(bundle, directory=str(tmp_path), name="mx1", dry=False)
    assert os.listdir(tmp_path) == []


def test_no_key_stays_behind_on_a_disk_that_is_full(
    pairs: dict[str, tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    bundle = parts_of(chain=pairs["rsa"][0], key=pairs["rsa"][1])
    with pytest.raises(CommandFailed, match="No space left on device; nothing was changed"):
        lay_down(bundle, directory=str(tmp_path), name="mx1", dry=False)
    assert os.listdir(tmp_path) == []


def test_the_text_is_the_key_and_then_the_chain_without_what_is_around(
    pairs: dict[str, tuple[str, str]],
) -> None:
    chain, key = pairs["ecdsa"]
    bundle = parts_of(
        chain=f"subject=x\r\n{chain}\nissuer=y\n{chain}", key=f"Bag Attributes\n{key}"
    )
    assert bundle.text == key + chain + chain
    assert bundle.certificates == 2
    assert "PRIVATE" not in repr(bundle)


def test_the_chain_alone_has_no_key_that_its_file_holds(
    pairs: dict[str, tuple[str, str]],
) -> None:
    chain, key = pairs["ecdsa"]
    assert parts_of(chain=chain + key + chain, key=key).chain == chain + chain


@pytest.mark.parametrize(
    ("chain", "key", "says"),
    [
        ("", "KEY", "no certificate"),
        ("CHAIN", "", "0 private keys"),
        ("CHAIN", "KEYKEY", "2 private keys"),
        ("CHAIN", "CHAIN", "0 private keys"),
        ("CHAIN", "LOCKED", "passphrase"),
    ],
)
def test_what_is_no_pair_is_one_sentence(
    pairs: dict[str, tuple[str, str]], chain: str, key: str, says: str
) -> None:
    locked = pairs["rsa"][1].replace("PRIVATE", "ENCRYPTED PRIVATE")
    words = {"CHAIN": pairs["rsa"][0], "KEY": pairs["rsa"][1], "LOCKED": locked}

    def text(of: str) -> str:
        for word in ("LOCKED", "CHAIN", "KEY"):
            of = of.replace(word, words[word]) if of.replace(word, "") == "" else of
        return of

    with pytest.raises(InvalidInput, match=says) as caught:
        parts_of(chain=text(chain), key=text(key))
    assert "BEGIN" not in str(caught.value)


def test_a_file_that_nobody_writes_to_is_not_waited_for(
    pairs: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    chain, key = pairs["ecdsa"]
    bundle = parts_of(chain=chain, key=key)
    path, _changed = lay_down(bundle, directory=str(tmp_path), name="mx1", dry=False)
    os.unlink(path)
    os.mkfifo(path)
    with pytest.raises(InvalidInput, match="not a regular file"):
        read_pem(path)
    assert lay_down(bundle, directory=str(tmp_path), name="mx1", dry=False) == (path, True)
    assert Path(path).read_text() == bundle.text


def test_lines_that_begin_and_never_end_are_read_once(pairs: dict[str, tuple[str, str]]) -> None:
    chain, key = pairs["ecdsa"]
    begun = "-----BEGIN A-----\n" * 50_000
    blanks = "-----BEGIN CERTIFICATE-----" + "\n" * 200_000
    assert parts_of(chain=begun + blanks + chain, key=key).certificates == 1


@pytest.mark.parametrize(
    "around",
    ["-----END A-----\n{}", "-----BEGIN B-----\n{}-----END B-----\n", "-----BEGIN B-----\n{}"],
    ids=["an end before", "within another", "behind a beginning"],
)
def test_a_block_is_found_whatever_is_around(
    pairs: dict[str, tuple[str, str]], around: str
) -> None:
    chain, key = pairs["ecdsa"]
    assert parts_of(chain=around.format(chain), key=key).text == key + chain


def test_a_name_cannot_leave_the_directory(
    pairs: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    bundle = parts_of(chain=pairs["rsa"][0], key=pairs["rsa"][1])
    with pytest.raises(InvalidInput, match="no name for a file"):
        lay_down(bundle, directory=str(tmp_path), name="../mx1", dry=False)


def test_a_directory_that_is_a_file_is_one_sentence(
    pairs: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    bundle = parts_of(chain=pairs["rsa"][0], key=pairs["rsa"][1])
    with pytest.raises(CommandFailed, match="cannot be written"):
        lay_down(bundle, directory=str(tmp_path / "file"), name="mx1", dry=False)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        read_pem(str(tmp_path / "nothing"))
