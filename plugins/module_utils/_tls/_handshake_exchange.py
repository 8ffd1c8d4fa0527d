# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A FullHandshake as an exchange: bytes in and out, and one answer, whatever the server sends."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._channel import (
    Alerted,
    Channel,
    Ended,
    Event,
    HandshakeFailed,
    Silence,
    Talk,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import MalformedMessage
from ansible_collections.postmaster.tls.plugins.module_utils._tls._framing import (
    NotTls,
    Oversized,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    ExchangeAnswer,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

if t.TYPE_CHECKING:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
        FullHandshake,
    )

_WARNING: t.Final = 1
_CLOSE_NOTIFY: t.Final = 0
_FROM_PEER: t.Final = (MalformedMessage, Oversized, CryptoError, HandshakeFailed)


class HandshakeExchange:
    """One handshake to its end; it verifies the server's Finished, and no certificate.

    Beside the methods of every exchange it has C(idle) and C(closed), for what silence or the end of the connection
    tells after the handshake.
    """

    def __init__(
        self, question: FullHandshake, entropy: t.Callable[[int], bytes] = os.urandom
    ) -> None:
        self._channel = Channel(question.version)
        self._talk = _talk(question, self._channel, entropy)
        self._answer: ExchangeAnswer | None = None

    @property
    def progress(self) -> str:
        return self._channel.progress

    def opening(self) -> bytes:
        next(self._talk)
        return self._channel.output()

    def receive(self, data: bytes) -> tuple[bytes, ExchangeAnswer | None]:
        if self._answer is None:
            try:
                self._hear(data)
            except NotTls as error:
                self._answer = self.closed() or _failure(error)
            except _FROM_PEER as error:
                self._answer = _failure(error)
        return self._channel.output(), self._answer

    def idle(self) -> ExchangeAnswer | None:
        """The server is silent; the answer if the handshake is over, None if it is worth waiting on."""
        if self._answer is None and self._channel.established:
            self._on(Silence())
        return self._answer

    def closed(self) -> ExchangeAnswer | None:
        """The server has closed the connection, or goes on in clear; the answer if the handshake was over, else None."""
        if self._answer is None and self._channel.established:
            self._on(Ended())
        return self._answer

    def _hear(self, data: bytes) -> None:
        for event in self._channel.events(data):
            self._on(event)
            if self._answer is not None:
                return

    def _on(self, event: Event) -> None:
        if isinstance(event, Alerted) and not self._channel.established:
            self._answer = self._alert(event)
            return
        try:
            self._talk.send(event)
        except StopIteration as stop:
            self._answer = t.cast(ExchangeAnswer, stop.value)

    def _alert(self, event: Alerted) -> ExchangeAnswer | None:
        if event.description == _CLOSE_NOTIFY:
            detail = "The server ended the connection with close_notify within the handshake."
            return NotDetermined("closed", detail)
        if event.level == _WARNING:
            return None
        return Alert(event.level, event.description, self._channel.hello)


def _talk(question: FullHandshake, channel: Channel, entropy: t.Callable[[int], bytes]) -> Talk:
    if question.version >= Protocol.TLSv1_3:
        from ansible_collections.postmaster.tls.plugins.module_utils._tls import (  # noqa: PLC0415 - one of both
            _handshake_13,
        )

        return _handshake_13.Handshake13(question, channel, entropy).talk()
    from ansible_collections.postmaster.tls.plugins.module_utils._tls import (  # noqa: PLC0415 - one of both
        _handshake_12,
    )

    return _handshake_12.Handshake12(question, channel, entropy).talk()


def _failure(error: Exception) -> NotDetermined:
    if isinstance(error, Oversized):
        detail = f"The server's answer was not read to its end: {error}."
        return NotDetermined("oversized", detail)
    malformed = isinstance(error, MalformedMessage)
    return NotDetermined("malformed" if malformed else "handshake-failed", f"{error}.")


__all__ = ["HandshakeExchange"]
