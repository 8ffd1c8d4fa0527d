# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The client's side of a handshake of SSL 3.0 to TLS 1.2 (RFC 6101, RFC 5246), whole or abbreviated, and what follows."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _after_handshake,
    _server_messages,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _handshake_messages as messages,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._channel import (
    Channel,
    CipherChanged,
    Message,
    Part,
    Talk,
    message,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cipher_specs import (
    spec,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_key import client_key
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import MalformedMessage
from ansible_collections.postmaster.tls.plugins.module_utils._tls._framing import (
    CHANGE_CIPHER_SPEC,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake import (
    STATUS_REQUEST,
    Handshake,
    verify_finished,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
    Resumption,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._master_secret import MasterSecret
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_RENEGOTIATION_SUITE: t.Final = 0x00FF
_NO_CERTIFICATE: t.Final = 41
_WARNING: t.Final = 1
_FLIGHT: t.Final = (
    messages.CERTIFICATE,
    messages.CERTIFICATE_STATUS,
    messages.SERVER_KEY_EXCHANGE,
    messages.CERTIFICATE_REQUEST,
    messages.SERVER_HELLO_DONE,
)


class Handshake12(Handshake):
    """One handshake of SSL 3.0 to TLS 1.2; C(entropy) gives the random bytes."""

    def __init__(
        self, question: FullHandshake, channel: Channel, entropy: t.Callable[[int], bytes]
    ) -> None:
        super().__init__(question, channel, entropy)
        session = question.session
        self._session_id = session.session_id if session is not None else b""
        if session is not None and session.ticket:
            self._session_id = entropy(32)
        self._own_finished = b""
        self._ticket: messages.Ticket | None = None

    def talk(self) -> Talk:
        """The whole handshake as a generator of what it waits for."""
        channel = self._channel
        channel.send(messages.CLIENT_HELLO, self._hello_body(b"\0"))
        answer = yield from message(channel, messages.SERVER_HELLO)
        hello = channel.hello = self._chosen(answer)
        server = messages.hello(answer.body)
        self._extended = messages.EXTENDED_MASTER_SECRET in server.extensions
        master = MasterSecret(hello, self._random, server.random)
        session = self._question.session
        self._resumed = bool(self._session_id) and hello.session_id == self._session_id
        if self._resumed and session is not None:
            master.known(session.secret)
            yield from self._server_end(master)
            self._own_end(master)
        else:
            yield from self._whole(master)
        channel.established = True
        return (yield from self._after(master))

    def _hello_body(self, renegotiation: bytes) -> bytes:
        extra = [
            (messages.STATUS_REQUEST, STATUS_REQUEST),
            (messages.RENEGOTIATION_INFO, renegotiation),
        ]
        session = self._question.session
        if self._question.tickets:
            ticket = session.ticket if session is not None else b""
            extra.append((messages.SESSION_TICKET, ticket))
        signalling = (_RENEGOTIATION_SUITE,) if self._version == Protocol.SSLv3 else ()
        hello = ClientHello(
            (self._version,),
            (*self._suites, *signalling),
            tuple(self._groups),
            self._question.signature_algorithms,
            self._question.server_name,
            extra=tuple(extra),
            session_id=self._session_id,
        )
        return hello.encode(lambda _count: self._random)[9:]

    def _whole(self, master: MasterSecret) -> Part[None]:
        channel = self._channel
        flight = yield from self._server_flight()
        if messages.CERTIFICATE_REQUEST in flight:
            if self._version == Protocol.SSLv3:
                channel.send_alert(_WARNING, _NO_CERTIFICATE)
            else:
                channel.send(messages.CERTIFICATE, bytes(3))
        key = client_key(
            self._hello, flight.get(messages.SERVER_KEY_EXCHANGE, b""), entropy=self._entropy
        )
        channel.send(messages.CLIENT_KEY_EXCHANGE, key.message)
        master.agreed(key.premaster, channel.transcript if self._extended else None)
        self._own_end(master)
        yield from self._server_end(master)

    def _server_flight(self) -> Part[dict[int, bytes]]:
        """The messages from the Certificate to the ServerHelloDone, by type."""
        channel, flight = self._channel, dict[int, bytes]()
        while messages.SERVER_HELLO_DONE not in flight:
            answer = yield from message(channel, *_FLIGHT)
            if answer.kind in flight:
                raise MalformedMessage(f"The server sent a message of type {answer.kind} twice")
            flight[answer.kind] = answer.body
            self._note(answer)
        return flight

    def _note(self, answer: Message) -> None:
        fields: dict[str, t.Any] = {}
        if answer.kind == messages.CERTIFICATE:
            fields["certificates"] = _server_messages.certificates(answer.body)
        elif answer.kind == messages.CERTIFICATE_STATUS:
            fields["staple"] = _server_messages.staple(answer.body)
        elif answer.kind == messages.CERTIFICATE_REQUEST:
            names = _server_messages.authorities(answer.body, self._version)
            fields = {"certificate_requested": True, "authorities": names}
        elif answer.kind == messages.SERVER_KEY_EXCHANGE:
            suite = spec(self._hello.suite)
            known = suite.suite if suite is not None else None
            exchange = _server_messages.key_exchange(answer.body, known, self._version)
            fields = exchange._asdict()
        self._learn(**fields)

    def _own_end(self, master: MasterSecret) -> None:
        channel = self._channel
        channel.send_record(CHANGE_CIPHER_SPEC, b"\x01")
        channel.protect_writing(master.protection("client", self._entropy(16)))
        self._own_finished = master.finished("client", channel.transcript)
        channel.send(messages.FINISHED, self._own_finished)

    def _server_end(self, master: MasterSecret) -> Part[None]:
        """From the ticket, if there is one, to the server's Finished."""
        channel = self._channel
        event = yield
        if isinstance(event, Message) and event.kind == messages.NEW_SESSION_TICKET:
            channel.transcript += event.raw
            self._ticket = messages.ticket_12(event.body)
            event = yield
        if not isinstance(event, CipherChanged):
            raise MalformedMessage("The server did not send ChangeCipherSpec where it was due")
        channel.protect_reading(master.protection("server", self._entropy(16)))
        answer = yield from message(channel, messages.FINISHED)
        verify_finished(answer, master.finished("server", self._before(answer)))

    def _after(self, master: MasterSecret) -> Talk:
        channel, question = self._channel, self._question
        if question.purpose == "injection":
            return (yield from _after_handshake.unasked_reply(channel, question.farewell))
        if question.purpose == "renegotiation":
            known = self._own_finished
            if messages.RENEGOTIATION_INFO not in self._hello.extensions:
                known = b""
            body = self._hello_body(bytes((len(known),)) + known)
            return (yield from _after_handshake.renegotiation(channel, question.farewell, body))
        _after_handshake.leave(channel, question.farewell)
        if question.purpose == "certificates":
            return self._hello
        resumed = self._resumed if question.session is not None else None
        return HandshakeResult(self._hello, self._resumption(master), resumed)

    def _resumption(self, master: MasterSecret) -> Resumption | None:
        ticket = self._ticket
        if not self._hello.session_id and (ticket is None or not ticket.ticket):
            return None
        return Resumption(
            self._version,
            self._hello.suite,
            master.secret,
            session_id=self._hello.session_id,
            ticket=ticket.ticket if ticket is not None else b"",
            lifetime=ticket.lifetime if ticket is not None else 0,
            extended_master_secret=self._extended,
        )


__all__ = ["Handshake12"]
