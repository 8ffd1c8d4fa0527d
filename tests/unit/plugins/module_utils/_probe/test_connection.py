# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import select
import socket

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._probe._connection import (
    Connection,
    Patience,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Endpoint
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import Alert

ANSWER = Alert(2, 40)


class LastWord:
    """An exchange whose answer comes together with something to send."""

    progress = "within its answer"

    def opening(self) -> bytes:
        return b"hello"

    def receive(self, _data: bytes) -> tuple[bytes, Alert]:
        return b"good bye", ANSWER


def test_an_answer_counts_although_the_farewell_cannot_be_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = Endpoint(socket.AF_INET, listener.getsockname())
        patience = Patience(connect=5.0, banner=5.0, answer=5.0, whole=5.0)
        connection = Connection(endpoint, LastWord(), dialogue=None, patience=patience, now=0.0)
        server, _address = listener.accept()
        select.select([], [connection.socket], [], 5.0)
        connection.on_ready(0.0)
        server.sendall(b"the answer")
        select.select([connection.socket], [], [], 5.0)

        def broken(_data: bytes) -> None:
            raise BrokenPipeError(32, "Broken pipe")

        monkeypatch.setattr(connection, "_send", broken)
        connection.on_ready(0.0)
        server.close()
        connection.close()
    assert connection.done
    assert connection.outcome is not None
    assert connection.outcome.answer is ANSWER
