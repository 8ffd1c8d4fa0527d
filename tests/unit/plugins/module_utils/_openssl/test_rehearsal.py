# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole handshakes with a server are those of any sender, whatever the openssl.cnf of the host makes of its own clients."""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._linked import Linked
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Library,
    Settings,
    start_library,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support.pems import Pair

SECTIONS: t.Final = {
    "other-groups": "Groups = P-384:X25519",
    "an-old-client": "MaxProtocol = TLSv1.2",
    "a-client-that-verifies": "VerifyMode = Peer",
    "no-suite-of-the-server": "CipherString = PSK\nCiphersuites = TLS_AES_128_CCM_8_SHA256",
    "no-signature-of-the-server": "ClientSignatureAlgorithms = ed448",
}


@pytest.fixture(params=SECTIONS.values(), ids=SECTIONS)
def configured(
    request: pytest.FixtureRequest, linked: Linked, tmp_path: Path
) -> t.Iterator[Library]:
    """A library whose openssl.cnf says this of every context."""
    path = tmp_path / "openssl.cnf"
    head = "openssl_conf = init\n[init]\nssl_conf = modules\n[modules]\nsystem_default = settings\n"
    path.write_text(f"{head}[settings]\n{request.param}\n")
    environment = (("OPENSSL_CONF", str(path)),)
    with contextlib.closing(start_library(linked, environment=environment)) as started:
        yield started


def served(library: Library, settings: Settings) -> list[int]:
    """How many certificates clients of each kind of key get."""
    context = library.open(settings)
    return [len(chain) for chain in library.served(context)]


@pytest.mark.parametrize("group", ["P-256", "P-521", "X448"])
def test_what_is_served_is_seen(configured: Library, rsa: Pair, group: str) -> None:
    settings = Settings("ALL", certificates=(rsa.settings(),), groups=((group,),))
    assert served(configured, settings) == [1, 0]


def test_a_key_too_small_is_seen(configured: Library, rsa: Pair) -> None:
    suites = "TLS_AES_128_GCM_SHA256"
    settings = Settings(
        "ALL:@SECLEVEL=3", suites=suites, certificates=(rsa.settings(),), groups=(("P-256",),)
    )
    assert "key too small" in effective(configured, settings).broken[Protocol.TLSv1_3]
