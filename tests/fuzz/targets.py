# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fuzzed: each target takes any bytes and raises AssertionError when something is wrong with the answer.

Beside "no other exception" they check that the same bytes in other pieces give the same answer, that an answer is given
once, that buffers stay bounded, and that every text is one that a terminal shows and does not obey.
"""

from __future__ import annotations

import base64
import contextlib
import json
import types
import typing as t
from dataclasses import dataclass
from datetime import UTC, datetime
from unittest import mock

from ansible_collections.postmaster.tls.plugins.module_utils._probe import _report, _survey_parts
from ansible_collections.postmaster.tls.plugins.module_utils._smtp import _dialogue, _reply
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _client_key,
    _exchange,
    _flight,
    _framing,
    _full_handshake,
    _handshake,
    _handshake_12,
    _handshake_13,
    _handshake_exchange,
    _handshake_result,
    _sslv2,
    _suites,
    _survey,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import (
    FEATURES,
    ClientHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import (
    _aes,
    _ciphers,
    _finite_field,
    _key_agreement,
    _rsa,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._aead import (
    Ccm,
    ChaCha20Poly1305,
    Gcm,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._record_protection import (
    AeadProtection,
    MacProtection,
    Tls13Protection,
)
from ansible_collections.postmaster.tls.tests.fuzz.dane import answers, tlsa
from ansible_collections.postmaster.tls.tests.support.harmless import obedient

Run = t.Callable[[bytes], None]
_V10, _V12, _V13 = Protocol.TLSv1, Protocol.TLSv1_2, Protocol.TLSv1_3
_ALL_13 = tuple(suite.code for suite in _suites.in_version(_V13))
_ALL_12 = tuple(suite.code for suite in _suites.in_version(_V12))


def entropy(count: int) -> bytes:
    """Always the same."""
    return (bytes(range(1, 33)) * (count // 32 + 1))[:count]


def pieces(data: bytes, size: int) -> t.Iterator[bytes]:
    """The data cut by a size from 0 (as a whole) to 255."""
    step = size or len(data) or 1
    return (data[start : start + step] for start in range(0, len(data), step))


def headed(data: bytes) -> tuple[int, int, bytes]:
    """Two bytes that choose a variant and a size of pieces, and the rest."""
    head = data[:2].ljust(2, b"\0")
    return head[0], head[1], data[2:]


def shown(value: t.Any) -> None:
    """Every text in it is harmless, and it can be sent as JSON."""
    assert json.dumps(value)
    assert obedient(value) == []


def sound_reason(answer: object) -> None:
    if isinstance(answer, NotDetermined):
        assert answer.reason
        assert answer.detail.endswith("."), answer.detail
        assert answer.detail.isprintable(), answer.detail


# --- SMTP


def _replies(data: bytes, size: int) -> list[t.Any]:
    parser = _reply.ReplyParser()
    found: list[t.Any] = []
    try:
        for piece in pieces(data, size):
            reply = parser.feed(piece)
            while reply is not None:
                found.append(reply)
                reply = parser.feed(b"")
            assert len(parser.rest) <= _reply.MOST_BYTES
    except _reply.MalformedReply as error:
        found.append(str(error))
    return found


def reply(data: bytes) -> None:
    """The parser of replies."""
    _variant, size, rest = headed(data)
    whole = _replies(rest, 0)
    assert _replies(rest, size) == whole
    assert _replies(rest, 1) == whole
    for item in whole:
        shown(item if isinstance(item, str) else [item.code, item.lines, item.text])


def _talk(lines: t.Iterable[bytes], variant: int) -> tuple[t.Any, ...]:
    """Whole lines may come in any pieces; several replies at once are another thing than one by one."""
    talk = _dialogue.Dialogue(
        "client.example.test", lmtp=bool(variant & 1), injection=bool(variant & 2)
    )
    sent = b""
    for line in lines:
        if talk.ready:
            break
        for piece in pieces(line, variant >> 2):
            sent += talk.receive(piece)
    assert not (talk.ready and talk.stop)
    assert len(talk.transcript) <= 110
    assert set(sent.split(b"\r\n")) <= {
        *(b"", b"STARTTLS", b"NOOP"),
        *(verb + b" client.example.test" for verb in (b"EHLO", b"HELO", b"LHLO")),
    }
    return talk.stop, talk.ready, talk.banner, talk.ehlo, talk.starttls, talk.transcript, sent


def dialogue(data: bytes) -> None:
    """The talk up to STARTTLS."""
    variant, _size, rest = headed(data)
    lines = [part + b"\n" for part in rest.split(b"\n")]
    whole = _talk(lines, variant & 3)
    assert _talk(lines, variant) == whole
    stop = whole[0]
    shown([stop.detail if stop else "", *whole[2:6]])


# --- the first flight


def _read(reader: t.Any, data: bytes, size: int) -> t.Any:
    """The answer of a reader or exchange that is fed in pieces; it must not change once it is given."""
    answer = None
    for piece in pieces(data, size):
        found = reader(piece)
        assert answer is None or found is answer or found == answer
        answer = found
    return answer


def _same(make: t.Callable[[], t.Any], data: bytes, size: int) -> t.Any:
    whole = _read(make(), data, 0)
    if len(data) < _framing.MOST_BYTES:
        assert _read(make(), data, size) == whole
    sound_reason(whole)
    return whole


def flight(data: bytes) -> None:
    """The reader of first flights, whatever was asked."""
    _variant, size, rest = headed(data)
    _same(lambda: _flight.FlightReader().feed, rest, size)


_HELLOS: t.Final = (
    ClientHello((_V12, _V10), _ALL_12, extra=FEATURES, server_name="mx.example.test"),
    ClientHello((_V13,), _ALL_13, server_name="mx.example.test"),
    ClientHello((_V13, _V12), (*_ALL_13, *_ALL_12), key_shares=((29, bytes(range(32))),)),
    ClientHello((Protocol.SSLv3,), (0x000A, 0x0005)),
    ClientHello((_V10,), _ALL_12[:64], compressions=(1, 0)),
)


def hello(data: bytes) -> None:
    """A hello and its answer, and what the result of a probe makes of it."""
    variant, size, rest = headed(data)
    asked = _HELLOS[variant % len(_HELLOS)]

    def fresh() -> t.Any:
        exchange = _exchange.HelloExchange(
            asked.encode(entropy),
            version=asked.version,
            suites=asked.suites,
            groups=asked.groups,
            compressions=asked.compressions,
        )
        return lambda piece: exchange.receive(piece)[1]

    answer = _same(fresh, rest, size)
    if isinstance(answer, ServerHello):
        assert answer.version <= max(asked.versions)
        assert answer.suite in asked.suites
        assert answer.compression in asked.compressions
    if answer is not None:
        shown(_report._handshake(answer))


def sslv2(data: bytes) -> None:
    """The answer to a hello of SSL 2.0."""
    _variant, size, rest = headed(data)

    def fresh() -> t.Any:
        exchange = _sslv2.SSLv2Exchange(b"")
        return lambda piece: exchange.receive(piece)[1]

    _same(fresh, rest, size)


# --- whole handshakes


class _Bare:
    """The shape of protected records without the protection, so that a fuzzer can write them."""

    def __init__(self, *, typed: bool) -> None:
        self._typed = typed

    def seal(self, content: int, fragment: bytes) -> bytes:
        inner = fragment + bytes((content,)) if self._typed else fragment
        head = b"\x17" if self._typed else bytes((content,))
        return head + b"\x03\x03" + len(inner).to_bytes(2, "big") + inner

    def open(self, header: bytes, body: bytes) -> tuple[int, bytes]:
        if not self._typed or header[0] != 23:
            return header[0], body
        inner = body.rstrip(b"\0")
        if not inner:
            raise CryptoError("A record has no type")
        return inner[-1], inner[:-1]


class _Pair:
    """A key pair that takes no time."""

    public = bytes(range(1, 33))

    def __init__(self, _group: t.Any, _entropy: t.Any) -> None:
        pass

    def shared(self, peer: bytes) -> bytes:
        if not any(peer):
            raise CryptoError("The server's key makes a degenerate secret")
        return bytes(32)


_AGREES: t.Final = types.SimpleNamespace(compare_digest=lambda _left, _right: True)
_HELLO: t.Final = ServerHello(_V12, 0xC02F)
_TICKET: t.Final = _handshake_result.Resumption(
    _V13, 0x1301, bytes(32), ticket=b"ticket", lifetime=60
)
_ID: t.Final = _handshake_result.Resumption(_V12, 0xC02F, bytes(48), session_id=bytes(range(32)))
_PURPOSES: t.Final = ("certificates", "resumption", "renegotiation", "injection")


def _handshaken(question: t.Any, data: bytes, size: int, *, end: int) -> t.Any:
    exchange = _handshake_exchange.HandshakeExchange(question, entropy)
    exchange.opening()
    answer, sent = None, 0
    for piece in pieces(data, size):
        output, found = exchange.receive(piece)
        sent += len(output)
        assert answer is None or found == answer
        answer = found
    assert sent < 1 << 20
    if answer is None:
        answer = exchange.idle() if end & 1 else exchange.closed()
    sound_reason(answer)
    assert exchange.progress.isprintable()
    return answer


def _both(question: t.Any, data: bytes, variant: int, size: int) -> None:
    whole = _handshaken(question, data, 0, end=variant)
    assert _handshaken(question, data, size, end=variant) == whole
    if isinstance(whole, Alert):
        assert whole.name.isprintable()


def handshake13(data: bytes) -> None:
    """A handshake of TLS 1.3 whose protected records a fuzzer can write."""
    variant, size, rest = headed(data)
    question = _full_handshake.FullHandshake(
        server_name="mx.example.test",
        purpose=_PURPOSES[(0, 1, 3)[(variant >> 1) % 3]],
        session=_TICKET if variant & 128 else None,
    )
    _both(question, rest, variant, size)


def handshake12(data: bytes) -> None:
    """The same for SSL 3.0 to TLS 1.2."""
    variant, size, rest = headed(data)
    question = _full_handshake.FullHandshake(
        server_name="mx.example.test",
        version=(Protocol.SSLv3, _V10, Protocol.TLSv1_1, _V12)[(variant >> 3) & 3],
        purpose=_PURPOSES[(variant >> 1) & 3],
        session=_ID if variant & 128 and (variant >> 3) & 3 == 3 else None,
    )
    _both(question, rest, variant, size)


@contextlib.contextmanager
def unprotected() -> t.Iterator[None]:
    """Handshakes without arithmetic, with a Finished that always matches and records that a fuzzer can write."""
    with contextlib.ExitStack() as stack:
        for owner, name, stub in (
            (_handshake_13, "KeyPair", _Pair),
            (_handshake, "hmac", _AGREES),
            (_handshake_13, "Tls13Protection", lambda *_: _Bare(typed=True)),
            (_handshake_12.MasterSecret, "protection", lambda *_: _Bare(typed=False)),
            (_client_key, "KeyPair", _Pair),
            (_client_key, "group", lambda code: code),
        ):
            stack.enter_context(mock.patch.object(owner, name, stub))
        yield


# --- arithmetic and protection


def keys(data: bytes) -> None:
    """Public keys of a server: of every group, of a finite field of its own, and in an RSA certificate."""
    variant, _size, rest = headed(data)
    choice = variant % (len(_key_agreement.GROUPS) + 2)
    try:
        if choice < len(_key_agreement.GROUPS):
            group = _key_agreement.group(_key_agreement.GROUPS[choice])
            secret = group.shared(entropy(72), rest)
            assert any(secret)
        elif choice == len(_key_agreement.GROUPS):
            third = len(rest) // 3
            prime, generator = (int.from_bytes(rest[at : at + third], "big") for at in (0, third))
            field = _finite_field.FiniteField("DH", prime, generator)
            assert len(field.shared(entropy(72), rest[2 * third :])) == field.size
        else:
            key = _rsa.public_key(rest)
            assert len(key.encrypted(bytes(48), entropy)) == (key.modulus.bit_length() + 7) // 8
    except CryptoError as error:
        shown(str(error))


def _protections() -> tuple[t.Any, ...]:
    def mac(cipher: t.Any, name: str, version: Protocol, iv: bytes) -> MacProtection:
        return MacProtection(cipher, bytes(20), name=name, version=version, iv=iv)

    aes = _aes.Aes(bytes(16))
    return (
        Tls13Protection(ChaCha20Poly1305(bytes(32)), bytes(12)),
        Tls13Protection(Gcm(bytes(16)), bytes(12)),
        AeadProtection(Gcm(bytes(16)), bytes(4)),
        AeadProtection(Ccm(bytes(16), 8), bytes(4)),
        AeadProtection(ChaCha20Poly1305(bytes(32)), bytes(12)),
        mac(_ciphers.Cbc(aes, bytes(16)), "sha1", _V12, bytes(16)),
        mac(_ciphers.Cbc(aes, bytes(16)), "sha1", _V10, bytes(16)),
        mac(_ciphers.Cbc(aes, bytes(16)), "md5", Protocol.SSLv3, bytes(16)),
        mac(_ciphers.Rc4(bytes(16)), "md5", _V10, b""),
        mac(_ciphers.Null(), "sha256", _V12, b""),
    )


def records(data: bytes) -> None:
    """Protected records that were not made with the keys, or were and are then opened."""
    variant, size, rest = headed(data[:258])
    opening = _protections()[variant % len(_protections())]
    header = bytes((size, 3, 3)) + len(rest).to_bytes(2, "big")
    try:
        content, fragment = opening.open(header, rest)
        assert len(fragment) <= len(rest)
        assert content in (20, 21) or isinstance(opening, MacProtection)
    except CryptoError as error:
        shown(str(error))
    sealing, opening = (_protections()[variant % len(_protections())] for _end in range(2))
    sealed = sealing.seal(22, rest + b"\x01")
    assert opening.open(sealed[:5], sealed[5:]) == (22, rest + b"\x01")


# --- names and certificates


def names(data: bytes) -> None:
    """A name that a server asks certificates of, as the result of a probe shows it."""
    wanted = _survey.Features({"client_certificate": True}, {}, (data, data[1:]))
    shown(_survey_parts._features(wanted))
    said = _handshake_result.HandshakeResult(_HELLO, reply=data)
    shown(_survey_parts._injection(said))


def chain_of(data: bytes) -> list[bytes]:
    """At most 8 certificates, each behind its length in two bytes; the last may be cut."""
    chain = []
    while data and len(chain) < 8:
        length = int.from_bytes(data[:2], "big")
        chain.append(data[2 : 2 + length])
        data = data[2 + length :]
    return chain


def certificates(data: bytes) -> None:
    """What the controller makes of served chains, and of an OCSP response beside them."""
    from ansible_collections.postmaster.tls.plugins.action import starttls_probe  # noqa: PLC0415
    from ansible_collections.postmaster.tls.plugins.plugin_utils import (  # noqa: PLC0415
        _chain_building,
    )

    variant, _size, rest = headed(data)
    chain = chain_of(rest)
    staples = [base64.b64encode(chain.pop()).decode("ascii")] if variant & 1 and chain else []
    trusted = []
    with contextlib.suppress(ValueError, IndexError):
        trusted.append(_chain_building.load_certificate(chain[-1]))
    result = {
        "host": "mx.example.test",
        "port": 25,
        "findings": [],
        "_chains": [[_report._pem(der) for der in chain]],
        "_staples": staples,
    }
    complete = starttls_probe.understood(
        result,
        name="mx.example.test",
        trust=_chain_building.TrustStore(trusted) if variant & 2 else None,
        policy=None,
        now=datetime(2026, 11, 21, tzinfo=UTC),
    )
    shown(complete)


@dataclass(frozen=True)
class Target:
    """What to call with the bytes, and what has to stand around all calls."""

    run: Run
    scope: t.Callable[[], t.ContextManager[None]] = contextlib.nullcontext


_PLAIN: t.Final = (
    *(reply, dialogue, flight, hello, sslv2, keys, records, names, certificates),
    *(answers, tlsa),
)
TARGETS: t.Final[dict[str, Target]] = {
    **{run.__name__: Target(run) for run in _PLAIN},
    **{run.__name__: Target(run, unprotected) for run in (handshake13, handshake12)},
}


#: Arithmetic in plain Python takes too long for a short run.
QUICK: t.Final = tuple(name for name in TARGETS if name not in ("keys", "records"))


def everything(data: bytes) -> None:
    """Most targets in one process, for a short run; the first byte chooses."""
    TARGETS[QUICK[(data[0] if data else 0) % len(QUICK)]].run(data[1:])


EVERYTHING: t.Final = Target(everything, unprotected)

__all__ = ["EVERYTHING", "QUICK", "TARGETS", "Target", "entropy", "headed", "pieces"]
