# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import shutil
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._linked import (
    Linked,
    linked_libraries,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Library,
    start_library,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import run
from ansible_collections.postmaster.tls.tests.support.pems import Pair, make_pair


@pytest.fixture(scope="session")
def linked() -> Linked:
    """The libraries of the openssl command of this machine."""
    return linked_libraries(str(shutil.which("openssl", path="/usr/bin:/bin:/usr/local/bin")), run)


@pytest.fixture
def library(linked: Linked) -> t.Iterator[Library]:
    with contextlib.closing(start_library(linked)) as started:
        yield started


@pytest.fixture(scope="session")
def rsa(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("rsa"), "rsa")


@pytest.fixture(scope="session")
def ec(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("ec"), "ec")


@pytest.fixture(scope="session")
def ed(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("ed"), "ed")
