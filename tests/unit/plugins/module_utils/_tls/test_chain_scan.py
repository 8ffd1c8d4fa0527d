# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chains of every kind of key: what is shown, what is left open, and how many questions it takes."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _chain_scan, _survey
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
from ansible_collections.postmaster.tls.tests.support.asking import asker
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    make_keys,
    openssl_server,
)
from ansible_collections.postmaster.tls.tests.support.paper_server import PaperServer

GOOD = {Protocol.TLSv1_2: [0xC02F], Protocol.TLSv1_3: [0x1301]}
EDWARDS = _chain_scan.RARE["ECDSA"]


@pytest.mark.parametrize(
    ("answer", "doubts"),
    [
        (NotDetermined("timeout", "Nothing came.", after_hello=True), ("Nothing came.",)),
        (NotDetermined("throttled", "Too many."), ("Too many.",)),
        (NotDetermined("closed", "It closed.", after_hello=True), ()),
        (Alert(2, 40), ()),
    ],
)
def test_a_kind_of_key_that_got_no_answer_is_a_doubt(
    answer: t.Any, doubts: tuple[str, ...]
) -> None:
    server = PaperServer(GOOD)

    def ask(question: t.Any) -> t.Any:
        edwards = getattr(question, "signature_algorithms", ()) == EDWARDS
        return answer if edwards and hasattr(question, "versions") else server(question)

    found = drive(_survey.survey(("certificates",)), ask)
    assert found.chains == ((b"leaf",),)
    assert found.doubts == doubts


def test_a_handshake_of_tls13_without_an_answer_is_a_doubt() -> None:
    server = PaperServer(GOOD)
    silent = NotDetermined("timeout", "Nothing came.")

    def ask(question: t.Any) -> t.Any:
        return silent if isinstance(question, FullHandshake) else server(question)

    assert drive(_survey.survey(("certificates",)), ask).doubts == ("Nothing came.",)


def test_a_key_that_is_used_in_tls13_alone_shows_beside_a_clear_one(tmp_path: Path) -> None:
    """TLS 1.2 has suites for the key of RSA only; in TLS 1.3 the other key is used as well."""
    keys = make_keys(tmp_path)
    own = ["-cert", str(keys.rsa), "-key", str(keys.rsa_key), "-cipher", "ECDHE-RSA-AES128-SHA256"]
    other = ["-dcert", str(keys.ecdsa), "-dkey", str(keys.ecdsa_key)]
    for options, count in (([*own, *other], 2), (own, 1)):
        whole: list[t.Any] = []
        with openssl_server(*options) as port:
            ask = counting(asker(port), whole)
            found = drive(_survey.survey(("certificates", "ciphers")), ask)
        assert len(found.chains) == count
        assert len(whole) == count - 1


def counting(ask: t.Any, whole: list[t.Any]) -> t.Any:
    """``ask``, and every handshake to its end noted in ``whole``."""

    def counted(question: t.Any) -> t.Any:
        if isinstance(question, FullHandshake):
            whole.append(question)
        return ask(question)

    return counted
