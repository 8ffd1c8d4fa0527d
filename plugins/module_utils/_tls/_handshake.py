# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a full handshake is in every version: what it offers, what the server chose, and the server's Finished."""

from __future__ import annotations

import hmac
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _server_messages,
    _suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._channel import (
    Channel,
    HandshakeFailed,
    Message,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cipher_specs import (
    computable,
    spec,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._key_agreement import (
    GROUPS,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)

#: The content of a status_request extension that asks for any response (RFC 6066 section 8).
STATUS_REQUEST: t.Final = b"\x01\0\0\0\0"


class Handshake:
    """One handshake; C(entropy) gives the random bytes. Raises ValueError where it can compute no suite."""

    def __init__(
        self, question: FullHandshake, channel: Channel, entropy: t.Callable[[int], bytes]
    ) -> None:
        self._question = question
        self._channel = channel
        self._entropy = entropy
        self._version = question.version
        self._suites = [
            code
            for code in question.suites or computable(self._version)
            if spec(code) and _suites.fits(code, self._version)
        ]
        self._groups = [code for code in question.groups or GROUPS if code in GROUPS]
        if not self._suites:
            raise ValueError("a full handshake needs a suite that it can compute")
        self._random = entropy(32)
        self._resumed = False

    @property
    def _hello(self) -> ServerHello:
        return t.cast(ServerHello, self._channel.hello)

    def _learn(self, **fields: t.Any) -> None:
        self._channel.hello = replace(self._hello, **fields)

    def _chosen(self, answer: Message) -> ServerHello:
        hello = _server_messages.server_hello(answer.body)
        if hello.version != self._version:
            raise HandshakeFailed(f"The server chose {hello.version.label}, which was not offered")
        if hello.suite not in self._suites or hello.compression:
            raise HandshakeFailed(f"The server chose 0x{hello.suite:04X}, which was not offered")
        return hello

    def _before(self, finished: Message) -> bytes:
        """The transcript that the server's Finished, which is the last of it now, stands for."""
        return self._channel.transcript[: -len(finished.raw)]


def verify_finished(finished: Message, expected: bytes) -> None:
    """Raise CryptoError unless the server's Finished is the expected one."""
    if not hmac.compare_digest(finished.body, expected):
        raise CryptoError("The server's Finished does not match the handshake")


__all__ = ["STATUS_REQUEST", "Handshake", "verify_finished"]
