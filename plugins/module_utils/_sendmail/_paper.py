# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is certain about the suites of the daemons where no library can be asked: what CipherList and ServerSSLOptions take
away from a sender of today.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl import _paper
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import Cause, Dropped
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    OP_NO,
    Sendmail,
    ssl_option_bits,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._services import Service
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

_SEPARATORS: t.Final = re.compile(r"[:;, ]+")
_ITEM: t.Final = re.compile(r"[!+-]?[A-Za-z0-9][A-Za-z0-9_.+-]*|@STRENGTH|@SECLEVEL=[0-5]")
_HAS_TLS13: t.Final = 0x10101000


def _exclusions(sendmail: Sendmail) -> list[str]:
    """What CipherList excludes for good; nothing where OpenSSL may not be able to read it, and goes on with its own list."""
    items = [one for one in _SEPARATORS.split(sendmail.value("CipherList")) if one]
    if not all(_ITEM.fullmatch(one) for one in items):
        return []
    return [one[1:] for one in items if one.startswith("!")]


def _allowed(sendmail: Sendmail) -> frozenset[Protocol]:
    bits = ssl_option_bits(sendmail, client=False)
    return frozenset(protocol for protocol, bit in OP_NO.items() if not bits & bit)


def _protocol_setting(sendmail: Sendmail) -> str:
    return f"ServerSSLOptions = {', '.join(sendmail.values('ServerSSLOptions'))}"


def certain_losses(sendmail: Sendmail) -> tuple[Dropped, ...]:
    """Of the suites up to TLS 1.2 that a sender of today offers, those that the daemons do not have whatever the library is."""
    excluded, allowed = _exclusions(sendmail), _allowed(sendmail)
    setting = f"CipherList = {sendmail.value('CipherList')}"

    def causes(suite: Suite) -> list[Cause]:
        found = [
            Cause(f"excluded by {item}", setting, "excluded", item)
            for item in excluded
            if _paper.matches(item, suite)
        ]
        return found + _paper.protocol_causes(suite, allowed, _protocol_setting(sendmail))

    return _paper.losses(causes)


def loss_findings(
    sendmail: Sendmail, service: Service, dropped: t.Sequence[Dropped], where: str
) -> list[Finding]:
    """Whether nothing, or only DHE, is left up to TLS 1.2, or opportunistic TLS is too strict."""
    allowed, strict = _allowed(sendmail), ""
    if service.level == "may" and service.lane == "mx":
        strict = _paper.strict_evidence(dropped, allowed, _protocol_setting(sendmail))
    newest = Protocol.TLSv1_3 in allowed and sendmail.build.linked >= _HAS_TLS13
    return _paper.loss_findings(dropped, allowed, newest=newest, strict=strict, where=where)


__all__ = ["certain_losses", "loss_findings"]
