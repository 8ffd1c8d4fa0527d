# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One connection to one server, from connect to the answer; it never blocks and always ends."""

from __future__ import annotations

import errno
import os
import socket
import typing as t
from enum import IntEnum

from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Endpoint
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._dialogue import Dialogue
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    NotDetermined,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._exchange import Exchange
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    ExchangeAnswer,
)

_CHUNK: t.Final = 16384
_FAREWELL: t.Final = 2.0
_IDLE: t.Final = 2.0
_BROKEN: t.Final = frozenset((errno.ECONNRESET, errno.EPIPE))


class Stage(IntEnum):
    """How far a connection came."""

    CONNECT = 0
    BANNER = 1
    DIALOGUE = 2
    HELLO = 3
    FAREWELL = 4


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for the connection, the banner, the answer to a hello, and all together."""

    connect: float
    banner: float
    answer: float
    whole: float


@dataclass(frozen=True)
class Outcome:
    """What came of a connection, which began at C(started).

    C(banner_after) is the delay of the banner, C(round_trip) the quickest answer to anything, in seconds.
    """

    answer: ExchangeAnswer
    stage: Stage
    dialogue: Dialogue | None
    started: float
    banner_after: float | None = None
    round_trip: float | None = None


class Connection:
    """Drives a dialogue (None: TLS from the first byte) and an exchange over a non-blocking socket.

    The caller waits for C(wants_write) or for bytes, until C(deadline), and calls C(on_ready) or C(on_deadline), until
    C(done); then C(outcome) is set, and the caller closes it with C(close).
    """

    def __init__(
        self,
        endpoint: Endpoint,
        exchange: Exchange,
        *,
        dialogue: Dialogue | None,
        patience: Patience,
        now: float,
    ) -> None:
        self._exchange = exchange
        self._dialogue = dialogue
        self._patience = patience
        self._started = now
        self._connected = now
        self._banner_after: float | None = None
        self._round_trip: float | None = None
        self._spoke = now
        self._idle: t.Callable[[], ExchangeAnswer | None] | None = getattr(exchange, "idle", None)
        self._answer_by = now
        self._stage = Stage.CONNECT
        self._output = b""
        self.outcome: Outcome | None = None
        self.done = False
        self.deadline = now + min(patience.connect, patience.whole)
        self._socket: socket.socket | None = None
        self._connect(endpoint)

    @property
    def socket(self) -> socket.socket:
        """The open socket; only a connection that is done has none."""
        return t.cast(socket.socket, self._socket)

    @property
    def wants_write(self) -> bool:
        """Whether to wait until the socket can be written to."""
        return self._stage is Stage.CONNECT or bool(self._output)

    def on_ready(self, now: float) -> None:
        """The socket can be read or written."""
        try:
            if self._stage is Stage.CONNECT:
                self._on_connected(now)
            elif self._output:
                self._send(b"")
            else:
                self._on_data(self.socket.recv(_CHUNK), now)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._on_cut(*_cut(error, self._where()))

    def on_deadline(self, now: float) -> None:
        """The deadline has passed."""
        if self._stage is Stage.HELLO and self._idle is not None and now < self._answer_by:
            self._on_idle(self._idle(), now)
        elif self._stage is Stage.BANNER:
            detail = "The connection is open and the server sends no complete banner."
            self._fail("no-banner", detail)
        else:
            self._fail("timeout", f"The server did not go on in time {self._where()}.")

    def abandon(self, answer: NotDetermined) -> None:
        """End now, for a reason of the caller's."""
        self._finish(answer)
        self.done = True

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()

    def _connect(self, endpoint: Endpoint) -> None:
        try:
            self._socket = socket.socket(endpoint.family, socket.SOCK_STREAM)
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = self.socket.connect_ex(endpoint.sockaddr)
        except OSError as error:
            code = error.errno or errno.EIO
        if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            self._fail(*_unconnected(code))

    def _on_connected(self, now: float) -> None:
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code in _BROKEN:
            self._stage = Stage.BANNER
            raise OSError(code, os.strerror(code))
        if code:
            self._fail(*_unconnected(code))
            return
        self._connected = now
        if self._dialogue is None:
            self._note_round_trip(now - self._started)
        self.deadline = self._started + self._patience.whole
        if self._dialogue is None:
            self._begin_exchange(now)
        else:
            self._stage = Stage.BANNER
            self.deadline = min(self.deadline, now + self._patience.banner)

    def _begin_exchange(self, now: float) -> None:
        self._stage = Stage.HELLO
        self._answer_by = min(self.deadline, now + self._patience.answer)
        self._listen(now)
        self._send(self._exchange.opening())

    def _listen(self, now: float) -> None:
        """Wait for the rest of the answer, or only for a while if the exchange has a use for silence."""
        until = self._answer_by
        self.deadline = until if self._idle is None else min(until, now + _IDLE)

    def _on_idle(self, answer: ExchangeAnswer | None, now: float) -> None:
        if answer is None:
            self._listen(now)
        else:
            self._finish(answer)
            self.done = True

    def _on_data(self, data: bytes, now: float) -> None:
        if self._stage is Stage.FAREWELL:
            self.done = True
        elif not data:
            self._on_cut("closed", f"The server closed the connection {self._where()}.")
        elif self._stage is Stage.HELLO:
            answer_bytes, answer = self._exchange.receive(data)
            if answer is not None:
                self._finish(answer)
            self._send(answer_bytes)
            self._on_idle(answer, now)
        else:
            self._on_smtp(t.cast(Dialogue, self._dialogue), data, now)

    def _on_cut(self, reason: str, detail: str) -> None:
        """The end of a connection can be an answer too, where the exchange says so."""
        closed: t.Callable[[], ExchangeAnswer | None] | None = getattr(
            self._exchange, "closed", None
        )
        after_hello = self._stage is Stage.HELLO
        answer = closed() if after_hello and closed is not None else None
        self._finish(NotDetermined(reason, detail, after_hello) if answer is None else answer)
        self.done = True

    def _on_smtp(self, dialogue: Dialogue, data: bytes, now: float) -> None:
        words = dialogue.receive(data)
        if self._stage is Stage.BANNER and dialogue.banner is not None:
            self._banner_after = now - self._connected
            self._stage = Stage.DIALOGUE
            self.deadline = self._started + self._patience.whole
        elif words or dialogue.ready:
            self._note_round_trip(now - self._spoke)
        self._spoke = now
        self._send(words)
        if dialogue.ready:
            self._begin_exchange(now)
        elif dialogue.stop is not None:
            self._finish(NotDetermined(dialogue.stop.reason, dialogue.stop.detail))
            farewell = dialogue.farewell()
            if not farewell:
                self.done = True
                return
            self._stage = Stage.FAREWELL
            self.deadline = min(self.deadline, now + _FAREWELL)
            self._send(farewell)

    def _note_round_trip(self, seconds: float) -> None:
        quickest = self._round_trip
        self._round_trip = seconds if quickest is None else min(seconds, quickest)

    def _send(self, data: bytes) -> None:
        self._output += data
        if self._output:
            try:
                sent = self.socket.send(self._output)
            except (BlockingIOError, InterruptedError):
                return
            self._output = self._output[sent:]

    def _where(self) -> str:
        if self._stage is Stage.HELLO:
            return f"after the ClientHello, {self._exchange.progress}"
        if self._stage is Stage.CONNECT or self._dialogue is None:
            return "during the connect"
        return f"while the {self._dialogue.state.value} was due"

    def _fail(self, reason: str, detail: str) -> None:
        self._finish(NotDetermined(reason, detail))
        self.done = True

    def _finish(self, answer: ExchangeAnswer) -> None:
        if self.outcome is None:
            self.outcome = Outcome(
                answer,
                self._stage,
                self._dialogue,
                self._started,
                self._banner_after,
                self._round_trip,
            )


def _unconnected(code: int) -> tuple[str, str]:
    reasons = {errno.ECONNREFUSED: "refused", errno.ETIMEDOUT: "timeout"}
    return reasons.get(code, "unreachable"), f"No connection: {os.strerror(code)}."


def _cut(error: OSError, where: str) -> tuple[str, str]:
    return "reset", f"The connection broke {where}: {error.strerror or error}."


__all__ = ["Connection", "Outcome", "Patience", "Stage"]
