# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole handshakes with tlslite-ng, which still has SSL 3.0, RC4, 3DES and NULL, and shares no code with OpenSSL."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _cipher_specs, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support import peer_scanners
from ansible_collections.postmaster.tls.tests.support.mail_servers import make_keys
from ansible_collections.postmaster.tls.tests.support.talks import ask
from mtalab.paths import cache_dir

pytestmark = pytest.mark.lab

SERVER = Path(__file__).with_name("tlslite_session_server.py")
VERSIONS = tuple(version for version in Protocol if version >= Protocol.SSLv3)
LEAST = {Protocol.TLSv1_3: 5, Protocol.TLSv1_2: 38}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[int]:
    keys = make_keys(tmp_path_factory.mktemp("keys"))
    programs, _missing = peer_scanners.ensure(cache_dir())
    command = [programs["python"], str(SERVER), str(keys.rsa), str(keys.rsa_key)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.label)
def test_every_suite_comes_to_its_end(port: int, version: Protocol) -> None:
    suites = [
        suite
        for code in _cipher_specs.computable(version)
        if (suite := _suites.by_code(code)) is not None
        and suite.authentication in ("RSA", "any")
        and suite.name != "TLS_RSA_WITH_3DES_EDE_CBC_MD5"
    ]
    assert len(suites) >= LEAST.get(version, 15)
    for suite in suites:
        answer = ask(port, FullHandshake(version=version, suites=(suite.code,)), patience=20)
        assert isinstance(answer, ServerHello), (suite, answer)
        assert (answer.version, answer.suite) == (version, suite.code)


@pytest.mark.parametrize("version", VERSIONS[:-1], ids=lambda version: version.label)
def test_a_session_id_is_resumed(port: int, version: Protocol) -> None:
    given = ask(port, FullHandshake(version=version, purpose="resumption", tickets=False))
    assert isinstance(given, HandshakeResult)
    assert given.resumption is not None
    assert given.resumption.kind == "id"
    question = FullHandshake(
        version=version, purpose="resumption", tickets=False, session=given.resumption
    )
    # tlslite-ng keeps a session only after it has sent its Finished, so the next client may come too early.
    assert any(ask(port, question).resumed for _try in range(3))
