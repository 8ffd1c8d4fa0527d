# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A handshake to its end, for what the first flight of a server does not show."""

from __future__ import annotations

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import (
    SIGNATURE_ALGORITHMS,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._exchange import Exchange
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    Resumption,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol


@dataclass(frozen=True)
class FullHandshake:
    """A real handshake of one C(version) to its end.

    Empty C(suites) and C(groups) are all that can be done here. C(session) is what an earlier handshake was given;
    C(tickets) whether a ticket is asked for up to TLS 1.2; C(farewell) is the last that is said under TLS. The answer for
    the purpose C(certificates) is a ServerHello with the chain, for C(resumption), C(renegotiation) (up to TLS 1.2) and
    C(injection) a HandshakeResult, and else an Alert or NotDetermined.
    """

    server_name: str | None = None
    version: Protocol = Protocol.TLSv1_3
    signature_algorithms: tuple[int, ...] = SIGNATURE_ALGORITHMS
    suites: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    session: Resumption | None = None
    purpose: str = "certificates"
    tickets: bool = True
    farewell: bytes = b"QUIT\r\n"

    def exchange(self) -> Exchange:
        """The talk that answers it; raises ValueError for suites or groups of which none can be computed here.

        The arithmetic is imported only now, since few servers need it.
        """
        from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_exchange import (  # noqa: PLC0415
            HandshakeExchange,
        )

        return HandshakeExchange(self)


__all__ = ["FullHandshake"]
