# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a server does in a handshake beside protocols and suites: tickets, renegotiation, client certificates, DHE.

Source: tls_server_init() in src/tls/tls_server.c and tls_bug_bits() in tls_misc.c, at the tags v3.5.0 to v3.11.6.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._shapes import (
    NO_FEATURES,
    dh_dict,
    signature_names,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import (
    Request,
    asks_certificate,
    requires_certificate,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import TlsService
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion

_NEVER_RENEGOTIATES: t.Final = PostfixVersion(3, 8, 0)
_TICKET_CIPHER: t.Final = PostfixVersion(3, 0, 0)


def _tickets(service: TlsService, result: Effective, version: PostfixVersion) -> bool | None:
    """Whether session tickets are issued, provided that tlsmgr(8) runs."""
    if version < _TICKET_CIPHER:
        return None
    value = service.macros.value
    lifetime = re.match(r"[0-9]*[1-9]", value("smtpd_tls_session_cache_timeout"))
    return bool(value("tls_session_ticket_cipher") and lifetime and result.bounds.tickets)


def _renegotiation(result: Effective, version: PostfixVersion, library: int) -> bool:
    """Whether a client may begin a new handshake in a session of TLS 1.2 or older."""
    return version < _NEVER_RENEGOTIATES and result.bounds.renegotiates(library)


def _client_certificate(service: TlsService) -> str:
    if requires_certificate(service):
        return "required"
    return "asked" if asks_certificate(service) else "none"


def features(
    service: TlsService,
    request: Request,
    result: Effective,
    *,
    version: PostfixVersion,
    library: int,
) -> dict[str, t.Any]:
    """signatures, and for a server session_tickets, renegotiation, client_certificate and dh; None where it has none."""
    signatures = signature_names(result)
    if service.direction == "outbound" or not result.suites:
        return {**NO_FEATURES, "signatures": signatures}
    return {
        "signatures": signatures,
        "session_tickets": _tickets(service, result, version),
        "renegotiation": _renegotiation(result, version, library),
        "client_certificate": _client_certificate(service),
        "dh": dh_dict(result, request.settings.dh) if request.settings else None,
    }


__all__ = ["features"]
