# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The client's side of a TLS 1.3 handshake (RFC 8446), with or without a ticket, and what follows it."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _after_handshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _handshake_messages as messages,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._channel import (
    Channel,
    HandshakeFailed,
    Message,
    Part,
    Talk,
    message,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cipher_specs import (
    CipherSpec,
    spec,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._key_agreement import (
    KeyPair,
    group,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._key_schedule import (
    KeySchedule,
)
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
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._record_protection import (
    Tls13Protection,
)

_PSK_WITH_KEY_SHARE: t.Final = b"\x01\x01"


class Handshake13(Handshake):
    """One handshake of TLS 1.3; C(entropy) gives the random bytes."""

    def __init__(
        self, question: FullHandshake, channel: Channel, entropy: t.Callable[[int], bytes]
    ) -> None:
        super().__init__(question, channel, entropy)
        if not self._groups:
            raise ValueError("a full handshake needs a group that it can compute")
        self._session_id = entropy(32)
        self._pair: tuple[int, KeyPair] | None = None

    def talk(self) -> Talk:
        """The whole handshake as a generator of what it waits for."""
        channel = self._channel
        self._offer(self._groups[0], b"")
        answer = yield from message(channel, messages.SERVER_HELLO)
        chosen = self._chosen(answer)
        if chosen.retry:
            answer = yield from self._again(answer, chosen)
            second = self._chosen(answer)
            if second.retry or second.suite != chosen.suite:
                raise HandshakeFailed("The server contradicts its HelloRetryRequest")
            chosen = second
        cipher = t.cast(CipherSpec, spec(chosen.suite))
        schedule = self._schedule(answer, cipher)
        channel.hello = chosen
        channel.protect_reading(self._protection(schedule, schedule.server, cipher))
        request = yield from self._server_flight(schedule)
        self._finish(schedule, cipher, request)
        return (yield from self._after(schedule, cipher))

    def _offer(self, code: int, cookie: bytes) -> None:
        pair = KeyPair(group(code), self._entropy)
        self._pair = (code, pair)
        extra = [(messages.STATUS_REQUEST, STATUS_REQUEST)]
        session = self._question.session
        if cookie:
            extra.append((messages.COOKIE, cookie))
        if session is not None or self._question.purpose == "resumption":
            extra.append((messages.PSK_MODES, _PSK_WITH_KEY_SHARE))
        if session is not None:
            extra.append((messages.PRE_SHARED_KEY, _pre_shared_key(session)))
        hello = ClientHello(
            (Protocol.TLSv1_3,),
            tuple(self._suites),
            tuple(self._groups),
            self._question.signature_algorithms,
            self._question.server_name,
            ((code, pair.public),),
            extra=tuple(extra),
            session_id=self._session_id,
        )
        body = hello.encode(lambda _count: self._random)[9:]
        if session is not None:
            body = self._bound(body, session)
        self._channel.send(messages.CLIENT_HELLO, body)

    def _bound(self, body: bytes, session: Resumption) -> bytes:
        """The hello with the right binder, which are its last bytes."""
        hash_name = t.cast(CipherSpec, spec(session.suite)).prf
        size = len(session.secret)
        raw = Message(messages.CLIENT_HELLO, body).raw
        truncated = self._channel.transcript + raw[: -size - 3]
        return body[:-size] + KeySchedule(hash_name, session.secret).binder(truncated)

    def _again(self, answer: Message, retry: ServerHello) -> Part[Message]:
        """The second hello that a HelloRetryRequest asks for (RFC 8446 sections 4.1.4 and 4.4.1)."""
        if retry.group not in self._groups[1:] and retry.group is not None:
            raise HandshakeFailed("The server asks for a group that was not offered, or was sent")
        channel = self._channel
        first = channel.transcript[: -len(answer.raw)]
        hash_name = t.cast(CipherSpec, spec(retry.suite)).prf
        digest = KeySchedule(hash_name).hashed(first)
        channel.transcript = Message(messages.MESSAGE_HASH, digest).raw + answer.raw
        cookie = messages.hello(answer.body).extensions.get(messages.COOKIE, b"")
        cookie = messages.repeatable(cookie, "cookie")
        self._offer(self._groups[0] if retry.group is None else retry.group, cookie)
        return (yield from message(channel, messages.SERVER_HELLO))

    def _schedule(self, answer: Message, cipher: CipherSpec) -> KeySchedule:
        found = messages.hello(answer.body).extensions
        if messages.KEY_SHARE not in found:
            raise HandshakeFailed("The server sent no key share")
        code, key = messages.key_share(found[messages.KEY_SHARE])
        ours, pair = t.cast(tuple[int, KeyPair], self._pair)
        if code != ours:
            raise HandshakeFailed(f"The server chose the group 0x{code:04X} without a key share")
        psk = b""
        session = self._question.session
        if messages.PRE_SHARED_KEY in found:
            offered = spec(session.suite) if session is not None else None
            if offered is None or session is None or offered.prf != cipher.prf:
                raise HandshakeFailed("The server chose a ticket that was not offered")
            psk = session.secret
            self._resumed = True
        schedule = KeySchedule(cipher.prf, psk)
        schedule.handshake(pair.shared(key), self._channel.transcript)
        return schedule

    def _protection(
        self, schedule: KeySchedule, secret: bytes, cipher: CipherSpec
    ) -> Tls13Protection:
        key, iv = schedule.keys(secret, cipher.key_size)
        return Tls13Protection(cipher.aead(key), iv)

    def _server_flight(self, schedule: KeySchedule) -> Part[messages.CertificateRequest | None]:
        """What the server sends encrypted, up to and with its Finished."""
        channel = self._channel
        answer = yield from message(channel, messages.ENCRYPTED_EXTENSIONS)
        extensions = messages.encrypted_extensions(answer.body)
        self._learn(extensions=self._hello.extensions | frozenset(extensions))
        request = None
        if not self._resumed:
            kinds = (messages.CERTIFICATE_REQUEST, messages.CERTIFICATE)
            answer = yield from message(channel, *kinds)
            if answer.kind == messages.CERTIFICATE_REQUEST:
                request = messages.certificate_request_13(answer.body)
                self._learn(certificate_requested=True, authorities=request.authorities)
                answer = yield from message(channel, messages.CERTIFICATE)
            chain, staple = messages.certificates_13(answer.body)
            self._learn(certificates=chain, staple=staple)
            answer = yield from message(channel, messages.CERTIFICATE_VERIFY)
            self._learn(signature=int.from_bytes(answer.body[:2], "big"))
        answer = yield from message(channel, messages.FINISHED)
        verify_finished(answer, schedule.finished(schedule.server, self._before(answer)))
        return request

    def _finish(
        self,
        schedule: KeySchedule,
        cipher: CipherSpec,
        request: messages.CertificateRequest | None,
    ) -> None:
        """Our own flight: no certificate even if one is asked for, and Finished."""
        channel = self._channel
        channel.send_record(CHANGE_CIPHER_SPEC, b"\x01")
        own = schedule.client
        ended = channel.transcript
        channel.protect_writing(self._protection(schedule, own, cipher))
        if request is not None:
            context = bytes((len(request.context),)) + request.context
            channel.send(messages.CERTIFICATE, context + bytes(3))
        channel.send(messages.FINISHED, schedule.finished(own, channel.transcript))
        schedule.application(ended)
        channel.protect_writing(self._protection(schedule, schedule.client, cipher))
        channel.protect_reading(self._protection(schedule, schedule.server, cipher))
        channel.established = True

    def _after(self, schedule: KeySchedule, cipher: CipherSpec) -> Talk:
        channel, question = self._channel, self._question
        if question.purpose == "injection":
            return (yield from _after_handshake.unasked_reply(channel, question.farewell))
        if question.purpose == "resumption" and question.session is None:
            finished = channel.transcript

            def resumption(answer: Message) -> Resumption:
                return _resumption(answer, schedule, cipher, finished)

            return (yield from _after_handshake.ticket(channel, question.farewell, resumption))
        _after_handshake.leave(channel, question.farewell)
        if question.purpose == "resumption":
            return HandshakeResult(self._hello, resumed=self._resumed)
        return self._hello


def _resumption(
    answer: Message, schedule: KeySchedule, cipher: CipherSpec, finished: bytes
) -> Resumption:
    ticket = messages.ticket_13(answer.body)
    return Resumption(
        Protocol.TLSv1_3,
        cipher.suite.code,
        schedule.ticket_secret(finished, ticket.nonce),
        ticket=ticket.ticket,
        lifetime=ticket.lifetime,
        age_add=ticket.age_add,
        early_data=ticket.early_data,
    )


def _pre_shared_key(session: Resumption) -> bytes:
    """The extension with one identity, of no age, and an empty binder (RFC 8446 section 4.2.11)."""
    age = session.age_add.to_bytes(4, "big")
    identity = len(session.ticket).to_bytes(2, "big") + session.ticket + age
    size = len(session.secret)
    binders = (size + 1).to_bytes(2, "big") + bytes((size,)) + bytes(size)
    return len(identity).to_bytes(2, "big") + identity + binders


__all__ = ["Handshake13"]
