# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chains of every kind of key: what is shown, what is left open, and how many questions it takes."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _chain_scan, _survey
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
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
def test_a_kind_of_key_that_got_no_answer_is_a_doubt(answer: t.Any, doubts: tuple[str, ...]) -> None:
    server = PaperServer(GOOD)

    def ask(question: t.Any) -> t.Any:
        edwards = getattr(question, "signature_algorithms", ()) == EDWARDS
        return answer if edwards and hasattr(question, "versions") else server(question)

    found = drive(_survey.survey(("certificates",)), ask)
    assert found.chains == ((b"leaf",),)
    assert found.doubts == doubts
