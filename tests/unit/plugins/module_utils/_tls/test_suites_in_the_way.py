# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that picks a suite without a certificate and then has no credentials for it, as GnuTLS does."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites, _survey
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive

CERTIFIED = (0x002F, 0x0035, 0xC013, 0xCCA8)
NAMED_ONLY = (0x0018, 0x0034, 0x006C)


def without_credentials(question: t.Any) -> Answer:
    """The client decides; a suite of NAMED_ONLY that comes first spoils the offer."""
    if not isinstance(question, ClientHello) or Protocol.TLSv1_2 not in question.versions:
        return Alert(2, 70) if isinstance(question, ClientHello) else NotDetermined("closed", "")
    known = [code for code in question.suites if code in CERTIFIED + NAMED_ONLY]
    if not known or known[0] in NAMED_ONLY:
        return Alert(2, 40)
    return ServerHello(Protocol.TLSv1_2, known[0], certificates=(b"leaf",))


def test_what_is_named_without_credentials_hides_nothing() -> None:
    result = drive(_survey.survey(["ciphers"]), without_credentials)
    scan = next(scan for scan in result.protocols if scan.protocol == Protocol.TLSv1_2)
    assert set(scan.suites.accepted) == set(CERTIFIED)
    assert set(NAMED_ONLY) <= scan.suites.rejected
    assert scan.preference == "client"
    assert all(_suites.by_code(code) for code in CERTIFIED + NAMED_ONLY)
