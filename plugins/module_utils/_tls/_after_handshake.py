# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is done once a handshake is over, by its purpose: each is a generator of what it waits for."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _handshake_messages as messages,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._channel import (
    Alerted,
    ApplicationData,
    Channel,
    Ended,
    Event,
    Message,
    Silence,
    Talk,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._framing import (
    APPLICATION_DATA,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    ExchangeAnswer,
    HandshakeResult,
    Resumption,
)

_WARNING: t.Final = 1
_CLOSE_NOTIFY: t.Final = 0
_NO_RENEGOTIATION: t.Final = 100
_MOST_REPLY: t.Final = 512
_MOST_SILENCES: t.Final = 3
_GREETING, _DONE, _CLOSING = b"220", b"250", b"221"


def leave(channel: Channel, farewell: bytes = b"") -> None:
    """Say the last words, and that nothing more will come."""
    channel.send_record(APPLICATION_DATA, farewell)
    channel.send_alert(_WARNING, _CLOSE_NOTIFY)


def ticket(
    channel: Channel, farewell: bytes, resumption: t.Callable[[Message], Resumption]
) -> Talk:
    """Wait for the first NewSessionTicket of TLS 1.3.

    The farewell is said at once: whoever reads it has come past the place where tickets are sent, so that a reply or a
    close_notify in return proves that there is none. A close_notify of ours would be in the way of a server that answers
    a farewell and closes: with something unread, its last bytes may be lost to a reset.
    """
    hello = t.cast(ServerHello, channel.hello)
    if farewell:
        channel.send_record(APPLICATION_DATA, farewell)
    else:
        leave(channel)
    while True:
        event = yield
        if isinstance(event, Message) and event.kind == messages.NEW_SESSION_TICKET:
            return HandshakeResult(hello, resumption(event))
        closing = isinstance(event, Alerted) and event.description == _CLOSE_NOTIFY
        if closing or isinstance(event, ApplicationData):
            return HandshakeResult(hello)
        reply = _ending(event, hello)
        if reply is not None:
            return reply


def unasked_reply(channel: Channel, farewell: bytes) -> Talk:
    """Say QUIT, and learn from the first reply whether a NOOP that was sent in plaintext came before it.

    Replies come in the order of their commands: 250 is one to NOOP (RFC 5321 section 4.2.2), 221 the one to QUIT. Some
    servers greet again under TLS, which is a reply to neither.
    """
    hello = t.cast(ServerHello, channel.hello)
    channel.send_record(APPLICATION_DATA, farewell)
    heard, silences = b"", 0
    while True:
        event = yield
        if isinstance(event, ApplicationData):
            heard = (heard + event.content)[:_MOST_REPLY]
            verdict = _first_reply(heard, hello)
            if verdict is not None:
                channel.send_alert(_WARNING, _CLOSE_NOTIFY)
                return verdict
        elif isinstance(event, Silence):
            silences += 1
            if silences == _MOST_SILENCES:
                return NotDetermined("no-reply", "The server has no reply to QUIT under TLS.")
        else:
            reply = _ending(event, hello)
            if reply is not None:
                return reply


def _first_reply(heard: bytes, hello: ServerHello) -> ExchangeAnswer | None:
    """What the first reply says that is no greeting; None if it is not there yet."""
    replies = (line for line in heard.splitlines(keepends=True) if line[:3] != _GREETING)
    first = next(replies, b"")
    if not first.endswith(b"\n") and len(heard) < _MOST_REPLY:
        return None
    if first[:3] == _DONE:
        return HandshakeResult(hello, reply=heard[heard.index(first) :])
    if first[:3] == _CLOSING:
        return HandshakeResult(hello)
    detail = "The first reply under TLS is neither one to NOOP nor one to QUIT."
    return NotDetermined("unexpected-reply", detail)


def renegotiation(channel: Channel, farewell: bytes, hello_body: bytes) -> Talk:
    """Send a second ClientHello, once, and wait for what comes of it.

    Only where the server refuses and goes on, which RFC 5246 section 7.2.2 allows, is there anybody to say farewell to.
    """
    result = HandshakeResult(t.cast(ServerHello, channel.hello))
    channel.send(messages.CLIENT_HELLO, hello_body, alone=True)
    while True:
        event = yield
        if isinstance(event, Message) and event.kind == messages.SERVER_HELLO:
            leave(channel)
            return replace(result, renegotiation=True)
        if isinstance(event, Alerted) and (
            event.level != _WARNING or event.description in (_CLOSE_NOTIFY, _NO_RENEGOTIATION)
        ):
            leave(channel, farewell)
            alert = Alert(event.level, event.description)
            return replace(result, renegotiation=False, reason=f"alert {alert.name}")
        if isinstance(event, Ended):
            return replace(result, renegotiation=False, reason="closed")
        if isinstance(event, Silence):
            return replace(result, reason="timeout")


def _ending(event: Event, hello: ServerHello) -> ExchangeAnswer | None:
    """What the end of a talk says that should have said more; None if the event is no end of it."""
    if isinstance(event, Alerted) and event.level != _WARNING:
        return Alert(event.level, event.description, hello)
    if isinstance(event, Ended) or (
        isinstance(event, Alerted) and event.description == _CLOSE_NOTIFY
    ):
        return NotDetermined("closed", "The server closed the connection after the handshake.")
    if isinstance(event, Silence):
        return NotDetermined("timeout", "The server said nothing after the handshake.")
    return None


__all__ = ["leave", "renegotiation", "ticket", "unasked_reply"]
