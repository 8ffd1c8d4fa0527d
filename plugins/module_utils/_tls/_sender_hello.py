# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The ClientHello of a sender, as a template: everything that is the same in each of its connections."""

from __future__ import annotations

import os
import struct
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _sender_shares
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._flight import FlightReader

_SUPPORTED_GROUPS: t.Final = 10
_SIGNATURE_ALGORITHMS: t.Final = 13
_SUPPORTED_VERSIONS: t.Final = 43
COOKIE: t.Final = 44
_KEY_SHARE: t.Final = 51
#: The length up to which a padding extension fills a hello (RFC 7685).
PADDED: t.Final = 512


@dataclass(frozen=True)
class Extension:
    """One extension: its bytes, or the groups whose shares are made afresh, or a place for the name or the padding."""

    kind: int
    content: bytes = b""
    shares: tuple[int, ...] = ()
    place: str = ""


@dataclass(frozen=True)
class HelloTemplate:
    """What a client sends first; C(record) 2 is the form of SSL 2.0 (RFC 5246 appendix E.2), with a 3-byte suite kind.

    C(session) is the length of the session id, or of the challenge in the form of SSL 2.0.
    """

    record: int
    version: int
    session: int
    suites: tuple[int, ...]
    compressions: bytes = b"\x00"
    extensions: tuple[Extension, ...] = ()

    def codes_of(self, kind: int, width: int = 2) -> tuple[int, ...]:
        """The 16-bit codes of an extension that is a list with a length of this many bytes; none where it is absent."""
        for extension in self.extensions:
            if extension.kind == kind:
                body = extension.content[width:]
                return struct.unpack(f"!{len(body) // 2}H", body)
        return ()

    @property
    def groups(self) -> tuple[int, ...]:
        """The groups on offer."""
        return self.codes_of(_SUPPORTED_GROUPS)

    @property
    def signature_algorithms(self) -> tuple[int, ...]:
        """The signature schemes on offer; none before TLS 1.2."""
        return self.codes_of(_SIGNATURE_ALGORITHMS)

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions on offer by name, which only a client of TLS 1.3 gives."""
        return self.codes_of(_SUPPORTED_VERSIONS, width=1)

    def encode(
        self,
        *,
        random: bytes,
        session: bytes,
        server_name: str | None,
        entropy: _sender_shares.Entropy,
        retry: int | None = None,
    ) -> bytes:
        """The hello in one record; after a HelloRetryRequest for the group C(retry), the second one."""
        if self.record == 2:
            return self._encode_old(random)
        body = struct.pack("!H", self.version) + random + _vector(session, 1)
        body += _vector(struct.pack(f"!{len(self.suites)}H", *self.suites), 2)
        body += _vector(self.compressions, 1)
        extensions = b""
        for extension in self.extensions:
            content: bytes | None = extension.content
            if extension.place == "name":
                content = _name(server_name) if server_name else None
            elif extension.place == "padding":
                content = _padding(len(body) + 6 + len(extensions))
            elif extension.kind == _KEY_SHARE:
                groups = extension.shares if retry is None else (retry,)
                content = _shares(groups, entropy)
            if content is not None:
                extensions += struct.pack("!H", extension.kind) + _vector(content, 2)
        if self.extensions:
            body += _vector(extensions, 2)
        message = b"\x01" + struct.pack("!I", len(body))[1:] + body
        return b"\x16" + struct.pack("!HH", self.record, len(message)) + message

    def _encode_old(self, challenge: bytes) -> bytes:
        kinds = b"".join(struct.pack("!I", suite)[1:] for suite in self.suites)
        lengths = struct.pack("!HHH", len(kinds), 0, self.session)
        message = (
            b"\x01" + struct.pack("!H", self.version) + lengths + kinds + challenge[: self.session]
        )
        return struct.pack("!H", 0x8000 | len(message)) + message


def _vector(content: bytes, width: int) -> bytes:
    return len(content).to_bytes(width, "big") + content


def _name(server_name: str) -> bytes:
    return _vector(b"\x00" + _vector(server_name.encode("ascii"), 2), 2)


def _padding(used: int) -> bytes | None:
    """Zeros up to the length of RFC 7685; nothing for a hello that is short enough or too long for it."""
    if not 0xFF < used < PADDED:
        return None
    return bytes(max(PADDED - used - 4, 1))


def _shares(groups: tuple[int, ...], entropy: _sender_shares.Entropy) -> bytes:
    shares = b"".join(
        struct.pack("!H", group) + _vector(_sender_shares.key_share(group, entropy), 2)
        for group in groups
    )
    return _vector(shares, 2)


class SenderExchange:
    """A sender's hello and the server's answer; after a HelloRetryRequest the second hello, as the sender would."""

    def __init__(
        self,
        template: HelloTemplate,
        *,
        server_name: str | None,
        entropy: _sender_shares.Entropy = os.urandom,
    ) -> None:
        self._template = template
        self._server_name = server_name
        self._entropy = entropy
        self._random = entropy(32)
        self._session = entropy(template.session) if template.record != 2 else b""
        self._reader = FlightReader()
        self._retried = False

    @property
    def progress(self) -> str:
        return self._reader.progress

    def opening(self) -> bytes:
        return self._hello(None)

    def receive(self, data: bytes) -> tuple[bytes, Answer | None]:
        answer = self._reader.feed(data)
        if isinstance(answer, ServerHello) and self._may_retry(answer):
            self._retried = True
            self._reader = self._reader.retried()
            return self._hello(answer.group), None
        return b"", answer

    def _may_retry(self, answer: ServerHello) -> bool:
        offered = answer.group in self._template.groups
        return answer.retry and not self._retried and offered and COOKIE not in answer.extensions

    def _hello(self, retry: int | None) -> bytes:
        return self._template.encode(
            random=self._random,
            session=self._session,
            server_name=self._server_name,
            entropy=self._entropy,
            retry=retry,
        )


__all__ = ["COOKIE", "PADDED", "Extension", "HelloTemplate", "SenderExchange"]
