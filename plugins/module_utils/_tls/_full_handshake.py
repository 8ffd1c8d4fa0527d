# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A handshake to its end, for what the first flight of a server does not show."""

from __future__ import annotations

import importlib
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import (
    SIGNATURE_ALGORITHMS,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._exchange import Exchange
from ansible_collections.postmaster.tls.plugins.module_utils._tls._flight import MOST_BYTES
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    Resumption,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol


@dataclass(frozen=True)
class FullHandshake:
    """A real handshake of one C(version) to its end.

    Empty C(suites) and C(groups) are all that can be done here. C(session) is what an earlier handshake was given;
    C(tickets) whether a ticket is asked for up to TLS 1.2. The answer for the purpose C(certificates) is a ServerHello
    with the chain, for C(resumption), C(renegotiation) (up to TLS 1.2) and C(injection) a HandshakeResult, and else an
    Alert or NotDetermined.
    """

    server_name: str | None = None
    version: Protocol = Protocol.TLSv1_3
    signature_algorithms: tuple[int, ...] = SIGNATURE_ALGORITHMS
    suites: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    session: Resumption | None = None
    purpose: str = "certificates"
    tickets: bool = True

    def exchange(self) -> Exchange:
        """The talk that answers it."""
        return HandshakeExchange(self)


class HandshakeExchange:
    """A whole TLS 1.3 handshake by the interpreter's library, verifying nothing, for the chain that is served.

    The library is loaded only here, since few servers need it. Before Python 3.10 it shows the leaf only.
    """

    def __init__(self, question: FullHandshake) -> None:
        self._ssl: t.Any = importlib.import_module("ssl")
        context = self._ssl.SSLContext(self._ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = self._ssl.CERT_NONE
        context.minimum_version = self._ssl.TLSVersion.TLSv1_3
        self._from_server = self._ssl.MemoryBIO()
        self._to_server = self._ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._from_server, self._to_server, server_hostname=question.server_name
        )
        self._received = 0

    @property
    def progress(self) -> str:
        return "within the handshake" if self._received else "before any answer"

    def opening(self) -> bytes:
        return self._step()[0]

    def receive(self, data: bytes) -> tuple[bytes, Answer | None]:
        self._received += len(data)
        if self._received > MOST_BYTES:
            detail = f"The server's handshake is over {MOST_BYTES} bytes."
            return b"", NotDetermined("oversized", detail)
        self._from_server.write(data)
        return self._step()

    def _step(self) -> tuple[bytes, Answer | None]:
        answer: Answer | None = None
        try:
            self._tls.do_handshake()
            answer = self._result()
        except self._ssl.SSLWantReadError:
            pass
        except self._ssl.SSLError as error:
            detail = f"The handshake failed: {error.reason or error}."
            answer = NotDetermined("handshake-failed", detail)
        return t.cast(bytes, self._to_server.read()), answer

    def _result(self) -> ServerHello:
        name = self._tls.cipher()[0]
        suite = _suites.by_name(name)
        return ServerHello(Protocol.TLSv1_3, suite.code if suite else 0, certificates=self._chain())

    def _chain(self) -> tuple[bytes, ...]:
        public = getattr(self._tls, "get_unverified_chain", None)
        if public is not None:
            return tuple(public())
        private = getattr(getattr(self._tls, "_sslobj", None), "get_unverified_chain", None)
        if private is not None:
            return tuple(
                self._ssl.PEM_cert_to_DER_cert(certificate.public_bytes())
                for certificate in private()
            )
        leaf = self._tls.getpeercert(binary_form=True)
        return (leaf,) if leaf else ()


__all__ = ["FullHandshake", "HandshakeExchange"]
