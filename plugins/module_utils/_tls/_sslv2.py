# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""SSL 2.0 as far as recognising it goes: its CLIENT-HELLO, and its SERVER-HELLO, which lists the suites in clear.

Source: The SSL Protocol (Hickman, Netscape, 1995), sections 1.1 (record), 2.5 (CLIENT-HELLO), 2.6 (SERVER-HELLO) and 2.9 (ERROR).
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
    SSLv2ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._flight import FlightReader
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    ExchangeAnswer,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

CODES: t.Final[tuple[int, ...]] = tuple(suite.code for suite in _suites.IN_SSLV2)
_ERROR, _CLIENT_HELLO, _SERVER_HELLO = 0, 1, 4
_FATAL: t.Final = 2
_HANDSHAKE_FAILURE: t.Final = 40
_LEAST: t.Final = 11


class SSLv2Hello(t.NamedTuple):
    """A CLIENT-HELLO of SSL 2.0 with every suite.

    The answer is an SSLv2ServerHello, an Alert (of TLS, or an ERROR of SSL 2.0, as handshake_failure) or NotDetermined.
    """

    suites: tuple[int, ...] = CODES

    def exchange(self) -> SSLv2Exchange:
        """The talk that answers it, with a fresh challenge."""
        return SSLv2Exchange(self.encode())

    def encode(self, entropy: t.Callable[[int], bytes] = os.urandom) -> bytes:
        """The hello in one record; C(entropy) gives the challenge."""
        specs = b"".join(code.to_bytes(3, "big") for code in self.suites)
        challenge = entropy(16)
        lengths = b"".join(
            count.to_bytes(2, "big") for count in (Protocol.SSLv2, len(specs), 0, len(challenge))
        )
        message = bytes((_CLIENT_HELLO,)) + lengths + specs + challenge
        return (0x8000 | len(message)).to_bytes(2, "big") + message


class SSLv2Exchange:
    """The hello and the first message of the answer; what a TLS server says of such a hello is read as TLS."""

    def __init__(self, hello: bytes) -> None:
        self._hello = hello
        self._received = bytearray()
        self._tls: FlightReader | None = None
        self._answer: ExchangeAnswer | None = None

    @property
    def progress(self) -> str:
        return "within its answer" if self._received else "before any answer"

    def opening(self) -> bytes:
        return self._hello

    def receive(self, data: bytes) -> tuple[bytes, ExchangeAnswer | None]:
        if self._answer is None and data:
            self._answer = self._read(data)
        return b"", self._answer

    def _read(self, data: bytes) -> ExchangeAnswer | None:
        if self._tls is None:
            self._received += data
            if not self._received[0] & 0x80:
                self._tls = FlightReader()
        if self._tls is not None:
            return _not_hello(self._tls.feed(data))
        length = int.from_bytes(self._received[:2], "big") & 0x7FFF
        if len(self._received) < 2 or len(self._received) < 2 + length:
            return None
        return _message(bytes(self._received[2 : 2 + length]))


def _not_hello(answer: Answer | None) -> Answer | None:
    if isinstance(answer, ServerHello):
        detail = f"The server answered a hello of SSL 2.0 with {answer.version.label}."
        return NotDetermined("contradictory", detail)
    return answer


def _message(message: bytes) -> ExchangeAnswer:
    if message[:1] == bytes((_ERROR,)) and len(message) == 3:
        return Alert(_FATAL, _HANDSHAKE_FAILURE)
    if message[:1] != bytes((_SERVER_HELLO,)) or len(message) < _LEAST:
        return _malformed("starts with no message that SSL 2.0 has here")
    version, certificate, specs, connection = (
        int.from_bytes(message[at : at + 2], "big") for at in (3, 5, 7, 9)
    )
    if version != Protocol.SSLv2:
        return _malformed(f"names version 0x{version:04X}")
    if len(message) != _LEAST + certificate + specs + connection or specs % 3:
        return _malformed("has lengths that do not fit together")
    start = _LEAST + certificate
    codes = (int.from_bytes(message[at : at + 3], "big") for at in range(start, start + specs, 3))
    return SSLv2ServerHello(tuple(dict.fromkeys(codes)), message[_LEAST:start])


def _malformed(what: str) -> NotDetermined:
    return NotDetermined("malformed", f"The answer to a hello of SSL 2.0 {what}.")


__all__ = ["CODES", "SSLv2Exchange", "SSLv2Hello"]
