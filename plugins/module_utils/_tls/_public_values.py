# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Public values of a key exchange that no client can go on with, told without computing the exchange."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import DhParameters
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cursor import MalformedMessage

#: OpenSSL stops at 10000 bits (OPENSSL_DH_MAX_MODULUS_BITS in openssl/dh.h), others before or a little later.
MOST_DH_BITS: t.Final = 16384
_MONTGOMERY: t.Final[dict[int, int]] = {0x001D: 32, 0x001E: 56}
_UNCOMPRESSED: t.Final = 4
_WITH_ARITHMETIC: t.Final = range(0x0017, 0x001A)
#: The bytes of a coordinate, by code point from 0x0001 to 0x001C.
_COORDINATES: t.Final[tuple[int, ...]] = (
    *(21, 21, 21, 25, 25, 30, 30, 30, 36, 36, 52, 52, 72, 72),
    *(20, 20, 20, 24, 24, 28, 28, 32, 32, 48, 66, 32, 48, 64),
)


def check_point(group: int, point: bytes) -> None:
    """Raises MalformedMessage for what is no point of a named curve: RFC 8422 section 5.4, RFC 7748 section 6.

    Only the uncompressed form is offered. Of a curve without a known size nothing is said.
    """
    if group in _MONTGOMERY:
        sound = len(point) == _MONTGOMERY[group] and any(point)
    elif 0 < group <= len(_COORDINATES):
        size = 1 + 2 * _COORDINATES[group - 1]
        sound = len(point) == size and point[0] == _UNCOMPRESSED
    else:
        sound = bool(point)
    if not sound:
        name = _groups.name_of(group)
        raise MalformedMessage(f"The server's key has {len(point)} bytes and is no key of {name}")
    if group in _WITH_ARITHMETIC:
        _check_on_curve(group, point)


def _check_on_curve(group: int, point: bytes) -> None:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import (  # noqa: PLC0415 - for these three
        _weierstrass,
    )

    try:
        (_weierstrass.P256, _weierstrass.P384, _weierstrass.P521)[group - 0x0017].point(point)
    except CryptoError as error:
        raise MalformedMessage(str(error)) from None


def check_dh(group: DhParameters, public: int) -> None:
    """Raises MalformedMessage for a finite-field group or key of which nobody can compute a secret."""
    if group.bits > MOST_DH_BITS:
        raise MalformedMessage(f"The DH prime has {group.bits} bits, over {MOST_DH_BITS}")
    if not group.prime % 2:
        raise MalformedMessage("The DH prime is an even number")
    for value, what in ((group.generator, "generator"), (public, "public key")):
        if not 1 < value < group.prime - 1:
            raise MalformedMessage(f"The DH {what} is not between 1 and the prime less 1")


__all__ = ["MOST_DH_BITS", "check_dh", "check_point"]
