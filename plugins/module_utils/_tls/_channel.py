# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One connection's messages, both ways: what came and goes as records, and the transcript that both sides hash."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _framing
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import MalformedMessage
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_messages import (
    HELLO_REQUEST,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    ExchangeAnswer,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._record_layer import (
    Protection,
    RecordLayer,
)

# Up to TLS 1.2 nothing long is encrypted within a handshake, and some of the old ciphers are slow here.
_MOST_AFTER_FINISHED: t.Final = 40 * 1024


@dataclass(frozen=True)
class Message:
    """A handshake message."""

    kind: int
    body: bytes

    @property
    def raw(self) -> bytes:
        """With its header."""
        return bytes((self.kind,)) + len(self.body).to_bytes(3, "big") + self.body


@dataclass(frozen=True)
class Alerted:
    """An alert."""

    level: int
    description: int


@dataclass(frozen=True)
class ApplicationData:
    """Application data."""

    content: bytes


@dataclass(frozen=True)
class CipherChanged:
    """A ChangeCipherSpec."""


@dataclass(frozen=True)
class Silence:
    """The server has said nothing for a while."""


@dataclass(frozen=True)
class Ended:
    """The server has closed the connection."""


Event = t.Union[Message, Alerted, ApplicationData, CipherChanged, Silence, Ended]
Talk = t.Generator[None, Event, ExchangeAnswer]
R = t.TypeVar("R")
Part = t.Generator[None, Event, R]


class HandshakeFailed(Exception):
    """The handshake cannot go on; the text says why."""


class Channel:
    """What a handshake talks through.

    C(hello) is what is known of the server's flight. C(established) tells that the handshake is over, so that alerts and
    data go to the talk instead of ending it.
    """

    def __init__(self, version: Protocol) -> None:
        self._layer = RecordLayer(min(version, Protocol.TLSv1_2))
        self._version = version
        self._unread = _framing.Messages()
        self._output = bytearray()
        self.transcript = b""
        self.hello: ServerHello | None = None
        self.established = False

    @property
    def progress(self) -> str:
        """How far it came, in words."""
        if self.established:
            return "after the handshake"
        if self.hello is not None:
            return "after its ServerHello"
        return "within its answer" if self._layer.started else "before any answer"

    def send(self, kind: int, body: bytes, *, alone: bool = False) -> None:
        """A handshake message; C(alone) keeps it out of the transcript."""
        raw = Message(kind, body).raw
        if not alone:
            self.transcript += raw
        self.send_record(_framing.HANDSHAKE, raw)

    def send_record(self, content: int, payload: bytes) -> None:
        """Anything else."""
        self._output += self._layer.wrap(content, payload)

    def send_alert(self, level: int, description: int) -> None:
        """An alert."""
        self.send_record(_framing.ALERT, bytes((level, description)))

    def protect_writing(self, protection: Protection) -> None:
        """From now on, our records are protected so."""
        self._layer.writing = protection

    def protect_reading(self, protection: Protection) -> None:
        """From now on, the server's records are; raises MalformedMessage within a message."""
        if self._unread.unfinished:
            raise MalformedMessage("The server changes its keys within a handshake message")
        self._layer.reading = protection
        if self._version < Protocol.TLSv1_3:
            self._layer.allow(_MOST_AFTER_FINISHED)

    def output(self) -> bytes:
        """What has to be sent now."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def events(self, data: bytes) -> t.Iterator[Event]:
        """What these bytes complete; the keys may be changed between two of them.

        Raises MalformedMessage, Oversized or CryptoError.
        """
        self._layer.feed(data)
        while True:
            found = self._layer.next()
            if found is None:
                return
            content, fragment = found
            if content == _framing.HANDSHAKE:
                self._unread.feed(fragment)
                yield from self._messages()
            elif self._unread.unfinished:
                raise MalformedMessage("A handshake message is interrupted by another record")
            elif content == _framing.ALERT:
                if len(fragment) != 2:
                    raise MalformedMessage(f"An alert has {len(fragment)} bytes instead of 2")
                yield Alerted(*fragment)
            elif content == _framing.APPLICATION_DATA:
                yield ApplicationData(fragment)
            elif self._version < Protocol.TLSv1_3:
                yield CipherChanged()

    def _messages(self) -> t.Iterator[Message]:
        """What is whole of them; a HelloRequest within a handshake is passed over (RFC 5246 section 7.4.1.1)."""
        while (found := self._unread.take()) is not None:
            if self._version >= Protocol.TLSv1_3 or found[0] != HELLO_REQUEST:
                yield Message(*found)


def message(channel: Channel, *kinds: int) -> Part[Message]:
    """The next handshake message, which must be of one of these types; it joins the transcript."""
    event = yield
    if not isinstance(event, Message):
        raise MalformedMessage(f"The server sent {_named(event)} within the handshake")
    if event.kind not in kinds:
        wanted = " or ".join(map(str, kinds))
        raise MalformedMessage(
            f"A handshake message is of type {event.kind}, where {wanted} was due"
        )
    channel.transcript += event.raw
    return event


def _named(event: Event) -> str:
    if isinstance(event, ApplicationData):
        return "application data"
    return "ChangeCipherSpec" if isinstance(event, CipherChanged) else "an alert"


__all__ = [
    "Alerted",
    "ApplicationData",
    "Channel",
    "CipherChanged",
    "Ended",
    "Event",
    "HandshakeFailed",
    "Message",
    "Part",
    "Silence",
    "Talk",
    "message",
]
