# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A key pair of our own in a named group or in one that the server sent."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError

_SECRET_BYTES: t.Final = 72

#: The groups that can be computed, quickest first.
GROUPS: t.Final = (0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x0100, 0x0101, 0x0102)


class Group(t.Protocol):
    """What makes public keys and shared secrets of secret bytes."""

    def public(self, secret: bytes) -> bytes:
        """The public key as it stands on the wire."""

    def shared(self, secret: bytes, peer: bytes) -> bytes:
        """The shared secret; raises CryptoError for a bad key of the peer."""


def group(code: int) -> Group:
    """The group of a code point in GROUPS; raises CryptoError for another."""
    if code in (0x0017, 0x0018, 0x0019):
        from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import (  # noqa: PLC0415 - most handshakes need no other
            _weierstrass,
        )

        return (_weierstrass.P256, _weierstrass.P384, _weierstrass.P521)[code - 0x0017]
    if code in (0x0100, 0x0101, 0x0102):
        from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import (  # noqa: PLC0415 - most handshakes need no other
            _finite_field,
        )

        return _finite_field.ffdhe((2048, 3072, 4096)[code - 0x0100])
    if code in (0x001D, 0x001E):
        from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import (  # noqa: PLC0415 - most handshakes need no other
            _montgomery,
        )

        return (_montgomery.X25519, _montgomery.X448)[code - 0x001D]
    raise CryptoError(f"The group 0x{code:04X} cannot be computed here")


class KeyPair:
    """A secret that is used for one handshake, and its public key."""

    def __init__(self, where: Group, entropy: t.Callable[[int], bytes]) -> None:
        self._group = where
        self._secret = entropy(_SECRET_BYTES)
        self.public = where.public(self._secret)

    def shared(self, peer: bytes) -> bytes:
        """The secret in common with the peer; raises CryptoError for a bad key."""
        return self._group.shared(self._secret, peer)


__all__ = ["GROUPS", "Group", "KeyPair", "group"]
