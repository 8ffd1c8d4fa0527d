# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    chains_of,
    unreadable,
)
from ansible_collections.postmaster.tls.tests.support.waiting import at_most


@pytest.fixture
def bounded() -> t.Iterator[None]:
    with at_most(60):
        yield


@pytest.mark.usefixtures("bounded")
def test_a_named_pipe_in_place_of_a_certificate_is_not_waited_for(tmp_path: Path) -> None:
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe, 0o600)
    assert unreadable([pipe]) is None
    assert chains_of("pair", [pipe, pipe])[0].chain == ()


@pytest.mark.usefixtures("bounded")
def test_a_file_without_end_is_read_in_part() -> None:
    assert chains_of("pair", ["/dev/zero", "/dev/zero"])[0].chain == ()
