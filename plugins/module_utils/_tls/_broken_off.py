# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""TLS 1.3 of a server that chooses a suite and then ends every handshake: nobody gets it.

OpenSSL does that with a key that is too small for its security level (ssl_add_cert_chain() of ssl/statem/statem_lib.c). Up
to TLS 1.2 the first flight shows it; in TLS 1.3 only a handshake that goes on behind the ServerHello does.
"""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._group_scan import GroupScan
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocol_scan import ProtocolScan
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol


def breaking_off(answers: t.Iterable[t.Any]) -> Alert | None:
    """The alert behind a ServerHello of TLS 1.3, where every handshake ended with an alert; None where one did not."""
    alerts = list(answers)
    if not all(isinstance(one, Alert) for one in alerts):
        return None
    late = (one for one in alerts if one.after and one.after.version >= Protocol.TLSv1_3)
    return next(late, None)


def taken_back(
    alert: Alert | None,
    handshake: Answer,
    versions: tuple[ProtocolScan, ...],
    groups: list[t.Any],
) -> tuple[Answer, tuple[ProtocolScan, ...]]:
    """What a server that ends all its handshakes of TLS 1.3 with this alert seemed to agree to; C(groups) are changed in place."""
    if alert is None:
        return handshake, versions
    groups[:] = [_never_agreed(scan, alert) for scan in groups]
    return _ended(handshake, alert), tuple(_never_served(scan, alert) for scan in versions)


def _never_served(scan: ProtocolScan, alert: Alert) -> ProtocolScan:
    """The scan of a version, none of whose suites is accepted after all if it is TLS 1.3."""
    if scan.protocol < Protocol.TLSv1_3 or not scan.accepted:
        return scan
    reason = f"alert {alert.name} after its ServerHello"
    taken = scan.suites.accepted
    suites = replace(
        scan.suites,
        accepted=(),
        rejected=scan.suites.rejected.union(taken),
        reasons={**scan.suites.reasons, **dict.fromkeys(taken, reason)},
    )
    return replace(
        scan, accepted=False, reason=reason, suites=suites, preference=None, chacha_first=None
    )


def _never_agreed(scan: GroupScan, alert: Alert) -> GroupScan:
    """The scan of the groups of a version, which is of no use if it is TLS 1.3."""
    if scan.protocol < Protocol.TLSv1_3:
        return scan
    reason = f"alert {alert.name} after its ServerHello"
    return replace(scan, accepted=(), rejected=scan.rejected.union(scan.accepted), reason=reason)


def _ended(handshake: Answer, alert: Alert) -> Answer:
    """The first handshake, as it would have ended."""
    if isinstance(handshake, ServerHello) and handshake.version >= Protocol.TLSv1_3:
        return replace(alert, after=handshake)
    return handshake


__all__ = ["breaking_off", "taken_back"]
