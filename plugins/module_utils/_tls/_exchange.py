# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is said after STARTTLS on one connection, without a socket: bytes to send, bytes received, an answer."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._flight import FlightReader
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    ExchangeAnswer,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._offered import offered
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

#: Of a handshake; the compatible hello of SSL 2.0 offers neither extensions nor a session id.
_RECORD: t.Final = b"\x16"


class Exchange(t.Protocol):
    """One connection's talk in TLS; it is driven until it gives an answer."""

    @property
    def progress(self) -> str:
        """How far it came, in words."""

    def opening(self) -> bytes:
        """What is sent first."""

    def receive(self, data: bytes) -> tuple[bytes, ExchangeAnswer | None]:
        """Takes the server's bytes; gives bytes to send, and the answer if there is one."""


class HelloExchange:
    """A ClientHello, and the server's first flight; nothing more is sent.

    C(version) is the highest that the hello offers, C(suites) and C(groups) are its code points: an answer that no
    client could go on with is no verdict.
    """

    def __init__(
        self,
        hello: bytes,
        *,
        version: Protocol,
        suites: t.Collection[int],
        groups: t.Collection[int],
        compressions: t.Collection[int] = (0,),
    ) -> None:
        self._hello = hello
        self._version = version
        self._suites = suites
        self._groups = groups
        self._compressions = compressions
        self._reader = FlightReader()

    @property
    def progress(self) -> str:
        return self._reader.progress

    def opening(self) -> bytes:
        return self._hello

    def receive(self, data: bytes) -> tuple[bytes, Answer | None]:
        answer = self._reader.feed(data)
        if isinstance(answer, ServerHello):
            strange = self._contradiction(answer)
            if strange:
                detail = f"The server chose {strange}, which was not offered."
                return b"", NotDetermined("contradictory", detail)
        return b"", answer

    def _contradiction(self, answer: ServerHello) -> str:
        """What the server chose although nobody offered it; empty if a sender could go on with the answer.

        A version below the offered ones is no contradiction: it is how an old server refuses. Neither is another curve
        up to TLS 1.2, which old servers choose by their certificate.
        """
        if answer.version > self._version:
            return answer.version.label
        if answer.compression not in self._compressions:
            return f"compression {answer.compression}"
        if answer.suite not in self._suites or not _suites.fits(answer.suite, answer.version):
            return f"the suite 0x{answer.suite:04X} in {answer.version.label}"
        if answer.version >= Protocol.TLSv1_3 and answer.group not in self._groups:
            return "no group" if answer.group is None else f"the group 0x{answer.group:04X}"
        return offered(self._hello).contradiction(answer) if self._hello[:1] == _RECORD else ""


__all__ = ["Exchange", "HelloExchange"]
