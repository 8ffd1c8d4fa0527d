# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a handshake to its end tells beyond the server's flight: resumption, renegotiation, plaintext of its own accord."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, field
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    ServerHello,
    SSLv2ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol


@dataclass(frozen=True)
class Resumption:
    """What a server gave to be offered again: a session id, or a ticket (RFC 5077, RFC 8446 section 4.6.1).

    C(secret) is the master secret, or the PSK of the ticket in TLS 1.3; it lives no longer than the probe. C(lifetime) is
    in seconds, C(early_data) the most bytes of early data that the server would take.
    """

    version: Protocol
    suite: int
    secret: bytes = field(repr=False)
    session_id: bytes = b""
    ticket: bytes = b""
    lifetime: int = 0
    age_add: int = 0
    early_data: int = 0
    extended_master_secret: bool = False

    @property
    def kind(self) -> str:
        """C(tls13), C(ticket) or C(id)."""
        if self.version >= Protocol.TLSv1_3:
            return "tls13"
        return "ticket" if self.ticket else "id"


@dataclass(frozen=True)
class HandshakeResult:
    """A handshake that came to its end, and what followed.

    C(resumption) is what the server gave, None when it certainly gave nothing. C(resumed) is None where no session was
    offered. C(renegotiation) is whether the client may begin a second handshake; C(reason) says how it was refused, or
    why it is None although it was asked. C(reply) is what the server said after the handshake to a
    command of before it, empty if it forgot that command.
    """

    hello: ServerHello
    resumption: Resumption | None = None
    resumed: bool | None = None
    renegotiation: bool | None = None
    reason: str = ""
    reply: bytes = b""


ExchangeAnswer = t.Union[Answer, HandshakeResult, SSLv2ServerHello]

__all__ = ["ExchangeAnswer", "HandshakeResult", "Resumption"]
