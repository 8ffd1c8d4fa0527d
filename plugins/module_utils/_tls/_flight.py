# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Bytes of a server, in pieces of any size, to one answer; bounded in memory whatever the server sends."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _framing,
    _server_messages,
    _suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_WARNING, _FATAL = 1, 2
_CLOSE_NOTIFY = 0
_SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE, _REQUEST, _DONE, _STATUS = 2, 11, 12, 13, 14, 22
_ORDER: t.Final[dict[int, int]] = {
    kind: place
    for place, kind in enumerate((_CERTIFICATE, _STATUS, _KEY_EXCHANGE, _REQUEST, _DONE))
}
_STATUS_REQUEST: t.Final = 5
_WITH_CERTIFICATE: t.Final = frozenset(("RSA", "DSS", "ECDSA"))


class FlightReader:
    """Give it what the socket gives; it returns the answer once, as soon as it is certain.

    Up to TLS 1.2 a ServerHello counts only with the rest of its flight, because a server may still find after it that
    it cannot go on. Warning alerts are passed over (RFC 6066 section 3 has one), fatal ones are the answer.
    """

    def __init__(self) -> None:
        self._records = _framing.Records(last=_framing.HEARTBEAT)
        self._messages = _framing.Messages()
        self._passed_over: int | None = None
        self._received = 0
        self._hello: ServerHello | None = None
        self._seen: set[int] = set()
        self._place = -1
        self._answer: Answer | None = None

    @property
    def progress(self) -> str:
        """What has been understood so far, for the detail of a cut connection."""
        if self._hello is not None:
            return "after its ServerHello"
        return "within its answer" if self._received else "before any answer"

    def retried(self) -> FlightReader:
        """Reads the flight behind a HelloRetryRequest, which may begin with a ChangeCipherSpec (RFC 8446 appendix D.4)."""
        following = FlightReader()
        following._records = self._records
        following._passed_over = _framing.CHANGE_CIPHER_SPEC
        return following

    def feed(self, data: bytes) -> Answer | None:
        """Take the next bytes; the answer, or None while more bytes are needed."""
        if self._answer is None:
            self._received += len(data)
            self._records.feed(data)
            try:
                self._answer = self._read_records()
            except _framing.NotTls as error:
                self._answer = NotDetermined("not-tls", f"{error}.")
            except _framing.Oversized as error:
                self._answer = _oversized(str(error))
            except _server_messages.MalformedMessage as error:
                self._answer = NotDetermined("malformed", f"{error}.")
            if self._answer is None and self._received > _framing.MOST_BYTES:
                self._answer = _oversized(f"its first flight is over {_framing.MOST_BYTES} bytes")
        return self._answer

    def _read_records(self) -> Answer | None:
        while (content := self._records.begun()) is not None:
            if content not in (_framing.ALERT, _framing.HANDSHAKE, self._passed_over):
                raise _server_messages.MalformedMessage(
                    f"A record of type {content} comes before the end of the first flight"
                )
            record = self._records.take()
            if record is None:
                return None
            answer = None
            if content == _framing.ALERT:
                answer = self._alert(record[1])
            elif content == _framing.HANDSHAKE:
                answer = self._fragment(record[1])
            if answer is not None:
                return answer
        return None

    def _alert(self, fragment: bytes) -> Answer | None:
        if len(fragment) != 2:
            return NotDetermined("malformed", f"An alert has {len(fragment)} bytes instead of 2.")
        level, description = fragment
        if description == _CLOSE_NOTIFY:
            return NotDetermined("closed", "The server ended the connection with close_notify.")
        if level not in (_WARNING, _FATAL):
            return NotDetermined("malformed", f"An alert is of level {level}.")
        if level == _WARNING:
            return None
        return Alert(level, description, self._hello)

    def _fragment(self, fragment: bytes) -> Answer | None:
        self._messages.feed(fragment)
        while (message := self._messages.take()) is not None:
            answer = self._first(*message) if self._hello is None else self._next(*message)
            if answer is not None:
                return answer
        return None

    def _first(self, kind: int, body: bytes) -> Answer | None:
        if kind != _SERVER_HELLO:
            raise _server_messages.MalformedMessage(
                f"The first handshake message is of type {kind} instead of a ServerHello"
            )
        self._hello = _server_messages.server_hello(body)
        return self._hello if self._hello.version >= Protocol.TLSv1_3 else None

    def _next(self, kind: int, body: bytes) -> Answer | None:
        hello = t.cast(ServerHello, self._hello)
        place = _ORDER.get(kind, -1)
        if place <= self._place or (kind == _STATUS and _STATUS_REQUEST not in hello.extensions):
            raise _server_messages.MalformedMessage(
                f"A handshake message of type {kind} does not belong there in a server's first flight"
            )
        self._place = place
        self._seen.add(kind)
        if kind == _DONE:
            return self._complete(hello, body)
        self._hello = replace(hello, **_PARTS[kind](body, hello))
        return None

    def _complete(self, hello: ServerHello, body: bytes) -> ServerHello:
        """RFC 5246 section 7.4: what a suite cannot do without."""
        suite = _suites.by_code(hello.suite)
        needed = set()
        if suite is not None and suite.authentication in _WITH_CERTIFICATE:
            needed.add(_CERTIFICATE)
        if suite is not None and suite.key_exchange in ("DHE", "ECDHE"):
            needed.add(_KEY_EXCHANGE)
        if body or not needed <= self._seen:
            raise _server_messages.MalformedMessage("The first flight ends without all its parts")
        return hello


def _certificate(body: bytes, _hello: ServerHello) -> dict[str, t.Any]:
    return {"certificates": _server_messages.certificates(body)}


def _key_exchange(body: bytes, hello: ServerHello) -> dict[str, t.Any]:
    suite = _suites.by_code(hello.suite)
    return _server_messages.key_exchange(body, suite, hello.version)._asdict()


def _request(body: bytes, hello: ServerHello) -> dict[str, t.Any]:
    return {
        "certificate_requested": True,
        "authorities": _server_messages.authorities(body, hello.version),
    }


def _status(body: bytes, _hello: ServerHello) -> dict[str, t.Any]:
    return {"staple": _server_messages.staple(body)}


_PARTS: t.Final[dict[int, t.Callable[[bytes, ServerHello], dict[str, t.Any]]]] = {
    _CERTIFICATE: _certificate,
    _KEY_EXCHANGE: _key_exchange,
    _REQUEST: _request,
    _STATUS: _status,
}


def _oversized(what: str) -> NotDetermined:
    return NotDetermined("oversized", f"The server's answer was not read to its end: {what}.")


__all__ = ["FlightReader"]
