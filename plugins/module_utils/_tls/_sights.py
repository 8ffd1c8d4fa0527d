# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the flights of a scan show in passing: kept once each, apart from suites and chains."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    DhParameters,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

MOST: t.Final = 64
_EXTENDED_MASTER_SECRET: t.Final = 23


class Sight(t.NamedTuple):
    """One flight, without what tells it from others of its kind.

    C(offered) and C(answered) are types of extensions; C(block) whether the suite has a block cipher and a MAC, which
    encrypt_then_mac is for; C(session) whether there was a session id; C(anonymous) whether the suite has no certificate.
    """

    version: Protocol
    offered: frozenset[int]
    answered: frozenset[int]
    block: bool = False
    session: bool = False
    dh: DhParameters | None = None
    requested: bool = False
    authorities: tuple[bytes, ...] = ()
    staple: bytes = b""
    anonymous: bool = False


def sight(hello: ClientHello, answer: ServerHello) -> Sight:
    """What a flight shows in passing."""
    suite = _suites.by_code(answer.suite)
    offered = {kind for kind, _content in hello.extra} | {_EXTENDED_MASTER_SECRET}
    return Sight(
        answer.version,
        frozenset(offered if hello.version > Protocol.SSLv3 else ()),
        answer.extensions,
        suite is not None and "_CBC_" in suite.iana,
        bool(answer.session_id),
        answer.dh,
        answer.certificate_requested,
        answer.authorities,
        answer.staple,
        suite is not None and suite.authentication == "anon",
    )


def dh_of(
    sights: t.Iterable[Sight],
) -> tuple[tuple[DhParameters, ...], frozenset[DhParameters]]:
    """The groups that were seen, the smallest first, and those that only suites without a certificate showed."""
    seen = dict.fromkeys((one.dh, one.anonymous) for one in sights if one.dh is not None)
    groups = dict.fromkeys(dh for dh, _anonymous in seen)
    signed = {dh for dh, anonymous in seen if not anonymous}
    return tuple(sorted(groups, key=lambda one: one.bits)), frozenset(groups) - signed


__all__ = ["MOST", "Sight", "dh_of", "sight"]
