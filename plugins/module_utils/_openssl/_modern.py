# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a sender of today offers, without the code that would ask a server for it."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

#: The versions that are asked for, the oldest first.
PROTOCOLS: t.Final = tuple(protocol for protocol in Protocol if protocol >= Protocol.SSLv3)
_OFFERED: t.Final = (("ECDHE", "AES"), ("ECDHE", "CHACHA20"), ("DHE", "AES"), ("RSA", "AES"))


def _is_modern(suite: _suites.Suite) -> bool:
    if suite.minimum == Protocol.TLSv1_3:
        return True
    return (
        suite.authentication in ("RSA", "ECDSA")
        and suite.minimum <= Protocol.TLSv1_2 <= suite.maximum
        and "_OLD" not in suite.iana
        and any(
            suite.key_exchange == exchange and f"_{cipher}" in suite.iana
            for exchange, cipher in _OFFERED
        )
    )


@functools.cache
def modern_suites() -> frozenset[int]:
    """The suites of the hello that a probe sends first, C(modern_hello) of the room C(_tls)."""
    return frozenset(suite.code for suite in _suites.ALL if _is_modern(suite))


__all__ = ["PROTOCOLS", "modern_suites"]
