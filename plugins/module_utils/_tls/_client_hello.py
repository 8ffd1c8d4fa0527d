# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The ClientHello of SSL 3.0 to TLS 1.3 (RFC 6101, RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2)."""

from __future__ import annotations

import functools
import os
import struct
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

if t.TYPE_CHECKING:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._exchange import HelloExchange

# RFC 8446 section 4.2.3; SHA-1, SHA-224, MD5 and DSA have the codes of RFC 5246 section 7.4.1.4.1.
SIGNATURE_ALGORITHMS: t.Final[tuple[int, ...]] = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081A, 0x081B, 0x081C),
    *(0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501, 0x0601),
    *(0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0302, 0x0202, 0x0101),
)
#: What a server answers of its own accord costs no connection of its own: status_request (RFC 6066), heartbeat
#: (RFC 6520), encrypt_then_mac (RFC 7366), session_ticket (RFC 5077), renegotiation_info (RFC 5746).
FEATURES: t.Final[tuple[tuple[int, bytes], ...]] = (
    (5, b"\x01\0\0\0\0"),
    (15, b"\x01"),
    (22, b""),
    (35, b""),
    (0xFF01, b"\0"),
)


@dataclass(frozen=True)
class ClientHello:
    """One hello: C(versions) from the preferred down, C(suites) and C(groups) as code points by preference.

    With TLS 1.3 among the versions and no key share, a server answers with a HelloRetryRequest, which tells its suite
    and group without a signature. C(extra) are further extensions, type and content, the last of the hello; C(session_id)
    is by default a random one in TLS 1.3, as RFC 8446 appendix D.4 has it, and none before. Signalling suites (RFC 5746,
    RFC 7507) are offered among the suites. Raises ValueError for a hello that cannot be put on the wire.
    """

    versions: tuple[Protocol, ...]
    suites: tuple[int, ...]
    groups: tuple[int, ...] = _groups.USUAL
    signature_algorithms: tuple[int, ...] = SIGNATURE_ALGORITHMS
    server_name: str | None = None
    key_shares: tuple[tuple[int, bytes], ...] = ()
    compressions: tuple[int, ...] = (0,)
    extra: tuple[tuple[int, bytes], ...] = ()
    session_id: bytes | None = None

    def __post_init__(self) -> None:
        if not self.versions or min(self.versions) < Protocol.SSLv3:
            raise ValueError("a ClientHello offers SSL 3.0 or later")
        if not 0 < len(self.suites) <= 0x7FFF:
            raise ValueError("a ClientHello offers 1 to 32767 suites")
        if len(set(self.suites)) != len(self.suites):
            raise ValueError("a ClientHello offers each suite once")

    @property
    def version(self) -> Protocol:
        """The highest version that is offered."""
        return max(self.versions)

    def exchange(self) -> HelloExchange:
        """The talk that answers it, with fresh random bytes."""
        from ansible_collections.postmaster.tls.plugins.module_utils._tls._exchange import (  # noqa: PLC0415 - for a network
            HelloExchange,
        )

        return HelloExchange(
            self.encode(),
            version=self.version,
            suites=self.suites,
            groups=self.groups,
            compressions=self.compressions,
        )

    def encode(self, entropy: t.Callable[[int], bytes] = os.urandom) -> bytes:
        """The hello in one TLS record; C(entropy) gives the random bytes."""
        legacy = min(self.version, Protocol.TLSv1_2)
        session = self.session_id
        if session is None:
            session = entropy(32) if self.version >= Protocol.TLSv1_3 else b""
        suites = struct.pack(f"!{len(self.suites)}H", *self.suites)
        body = (
            struct.pack("!H", legacy)
            + entropy(32)
            + _vector(session, 1)
            + _vector(suites, 2)
            + _vector(bytes(self.compressions), 1)
            + self._extensions()
        )
        message = b"\x01" + struct.pack("!I", len(body))[1:] + body
        record_version = min(legacy, Protocol.TLSv1)
        return b"\x16" + struct.pack("!HH", record_version, len(message)) + message

    def _extensions(self) -> bytes:
        if self.version == Protocol.SSLv3:
            return b""
        shares = b""
        if self.version >= Protocol.TLSv1_3:
            versions = struct.pack(f"!{len(self.versions)}H", *self.versions)
            keys = (struct.pack("!H", group) + _vector(key, 2) for group, key in self.key_shares)
            shares = _extension(43, _vector(versions, 1))
            shares += _extension(51, _vector(b"".join(keys), 2))
        algorithms = self.signature_algorithms if self.version >= Protocol.TLSv1_2 else ()
        extra = b"".join([_extension(kind, content) for kind, content in self.extra])
        return _vector(_common(self.server_name, self.groups, algorithms) + shares + extra, 2)


@functools.lru_cache(maxsize=64)
def _common(name: str | None, groups: tuple[int, ...], algorithms: tuple[int, ...]) -> bytes:
    """The extensions that the hellos of one scan have in common."""
    parts = []
    if name:
        parts.append(_extension(0, _vector(b"\x00" + _vector(name.encode("ascii"), 2), 2)))
    if groups:
        parts.append(_extension(10, _codes(groups)))
        parts.append(_extension(11, b"\x01\x00"))
    if algorithms:
        parts.append(_extension(13, _codes(algorithms)))
    return b"".join([*parts, _extension(23, b"")])


def _vector(content: bytes, width: int) -> bytes:
    return len(content).to_bytes(width, "big") + content


def _codes(codes: tuple[int, ...]) -> bytes:
    return _vector(struct.pack(f"!{len(codes)}H", *codes), 2)


def _extension(kind: int, content: bytes) -> bytes:
    return struct.pack("!H", kind) + _vector(content, 2)


__all__ = ["FEATURES", "SIGNATURE_ALGORITHMS", "ClientHello"]
