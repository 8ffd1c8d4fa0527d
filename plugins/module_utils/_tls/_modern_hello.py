# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The hello of a sender of today."""

from __future__ import annotations

from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _protocol_scan
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._modern_suites import (
    suites_of_tls12,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer


def modern_hello(offer: Offer) -> ClientHello:
    """What a sender of today offers: TLS 1.0 to 1.3, forward-secret AEAD suites first, and AES-CBC for old servers."""
    codes = (*_protocol_scan.listed(Protocol.TLSv1_3), *suites_of_tls12())
    hello = offer.hello(Protocol.TLSv1_3, codes)
    versions = (Protocol.TLSv1_3, Protocol.TLSv1_2, Protocol.TLSv1_1, Protocol.TLSv1)
    return replace(hello, versions=versions)


__all__ = ["modern_hello"]
