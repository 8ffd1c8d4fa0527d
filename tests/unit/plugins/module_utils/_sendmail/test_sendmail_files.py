# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._files import (
    Standards,
    unsafe,
)

MINE = Standards.of("", [os.getuid()])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A file that sendmail would load, below directories that only their owner may write."""
    path = tmp_path / "tls" / "key.pem"
    path.parent.mkdir(mode=0o755)
    path.write_text("")
    path.chmod(0o600)
    return path


def judged(path: Path, standards: Standards = MINE, *, secret: bool = True) -> str | None:
    below_tmp = Standards(standards.waived | {"truststickybit"}, standards.owners)
    return unsafe(str(path), below_tmp, secret=secret)


def test_a_file_of_its_own(key: Path) -> None:
    assert judged(key) is None


@pytest.mark.parametrize(
    ("mode", "secret", "reason"),
    [
        (0o640, True, "its group may read it"),
        (0o604, True, "everybody may read it"),
        (0o644, False, None),
        (0o664, False, "its group may write to it"),
        (0o602, True, "everybody may write to it"),
        (0o200, True, "its owner may not read it"),
    ],
)
def test_permissions(key: Path, mode: int, secret: bool, reason: str | None) -> None:
    key.chmod(mode)
    assert judged(key, secret=secret) == reason


def test_group_readable_key_file(key: Path) -> None:
    key.chmod(0o640)
    assert judged(key, Standards.of("Safe,GroupReadableKeyFile", [os.getuid()])) is None
    key.chmod(0o644)
    assert judged(key, Standards.of("GroupReadableKeyFile", [os.getuid()])) is not None


def test_directories(key: Path) -> None:
    key.parent.chmod(0o775)
    assert judged(key) == f"the group may write to {key.parent}"
    key.parent.chmod(0o777)
    assert judged(key) == f"everybody may write to {key.parent}"
    key.parent.chmod(0o1777)
    assert judged(key) is None
    key.parent.chmod(0o775)
    waived = Standards.of("GroupWritableDirPathSafe", [os.getuid()])
    assert judged(key, waived) is None


def test_links(key: Path) -> None:
    file, directory = key.parent.parent / "link.pem", key.parent.parent / "link"
    file.symlink_to(key)
    directory.symlink_to("tls")
    assert judged(file) is None
    assert judged(directory / "key.pem") is None
    key.parent.chmod(0o777)
    assert judged(directory / "key.pem") == f"everybody may write to {key.parent}"
    assert judged(file) is None
    key.parent.chmod(0o755)
    key.chmod(0o644)
    assert judged(file) == "its group may read it"


def test_a_circle_of_links(key: Path) -> None:
    link = key.parent / "circle"
    link.symlink_to(link)
    assert judged(link / "key.pem") == "too many levels of symbolic links"


def test_what_is_no_file(key: Path) -> None:
    assert judged(key.parent) == "it is not a regular file"
    assert judged(key.parent / "absent") == "no such file or directory"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_another_owner(key: Path) -> None:
    os.chown(key, 4321, 0)
    assert judged(key) == "user 4321 owns it"
    assert judged(key, Standards.of("", [4321])) is None
    assert judged(key, Standards.of("CertOwner", [])) is None
