# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The suites of a sender of today, without the code that would ask a server for them."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_OFFERED: t.Final = (("ECDHE", "AES"), ("ECDHE", "CHACHA20"), ("DHE", "AES"), ("RSA", "AES"))


@functools.cache
def suites_of_tls12() -> tuple[int, ...]:
    """What a sender of today offers below TLS 1.3: forward-secret AEAD suites first, and AES-CBC for old servers."""
    return tuple(
        suite.code
        for exchange, cipher in _OFFERED
        for suite in _suites.in_version(Protocol.TLSv1_2)
        if suite.key_exchange == exchange
        and f"_{cipher}" in suite.iana
        and suite.authentication in ("RSA", "ECDSA")
        and "_OLD" not in suite.iana
    )


@functools.cache
def modern_suites() -> frozenset[int]:
    """Every suite that a sender of today offers, of all versions."""
    tls13 = {suite.code for suite in _suites.in_version(Protocol.TLSv1_3)}
    return frozenset({*tls13, *suites_of_tls12()})


__all__ = ["modern_suites", "suites_of_tls12"]
