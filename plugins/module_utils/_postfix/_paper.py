# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is certain about the suites of a service where no library can be asked: what its parameters take away from a sender of
today.
"""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl import _paper
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import Cause, Dropped
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import Request
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import TlsService
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._verdicts import setting_of
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.module_utils._tls._notable import OLD_PROTOCOLS
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

_CURVES: t.Final = PostfixVersion(2, 6, 0)
_ALWAYS_CURVES: t.Final = PostfixVersion(3, 4, 0)
#: INSTALL of Postfix 3.6: OpenSSL 1.1.1 at least, whose builds leave SSL out.
_NEEDS_TLS13: t.Final = PostfixVersion(3, 6, 0)


def _causes(
    suite: Suite, service: TlsService, request: Request, version: PostfixVersion
) -> list[Cause]:
    found = [
        Cause(f"excluded by {one.item}", one.setting, "excluded", one.item)
        for one in request.cipher_string.exclusions
        if _paper.matches(one.item, suite)
    ]
    strings = request.cipher_string
    base = strings.base_setting
    found += [
        Cause(f"excluded by {item} in {base}", base, "excluded", item)
        for item in strings.base.split(":")
        if item.startswith("!") and _paper.matches(item[1:], suite)
    ]
    if service.direction == "inbound" and suite.key_exchange == "ECDHE":
        grade = f"{service.prefix}_eecdh_grade"
        off = service.macros.value(grade).lower() == "none" and version < _ALWAYS_CURVES
        if version < _CURVES:
            found.append(Cause("this Postfix has no elliptic curves", "none", "mta"))
        elif off:
            found.append(Cause("elliptic curves are off", setting_of(service, grade), "group"))
    setting = setting_of(service, request.protocol_setting)
    return found + _paper.protocol_causes(suite, request.protocols.protocols, setting)


def _is_refused(request: Request) -> bool:
    return request.cipher_string.text is None and not request.cipher_string.unknown


def certain_losses(
    service: TlsService, request: Request, version: PostfixVersion
) -> tuple[Dropped, ...]:
    """Of the suites up to TLS 1.2 that a sender of today offers, those that this configuration takes away whatever the
    library is.
    """
    if _is_refused(request):
        return ()
    return _paper.losses(lambda suite: _causes(suite, service, request, version))


def old_protocol_findings(
    service: TlsService, request: Request, version: PostfixVersion, where: str
) -> list[Finding]:
    """SSL 2.0 and 3.0 where the list does not exclude them. From 3.6 on Postfix needs an OpenSSL that has neither."""
    if service.direction != "inbound" or request.problem or version >= _NEEDS_TLS13:
        return []
    setting = setting_of(service, request.protocol_setting).rstrip()
    evidence = f"{setting} leaves it to the library, which was not asked"
    return [
        finding(code, where=where, message=f"{protocol.label} is not excluded", evidence=evidence)
        for protocol, code in OLD_PROTOCOLS.items()
        if protocol in request.protocols.protocols
    ]


def loss_findings(
    dropped: t.Sequence[Dropped],
    service: TlsService,
    request: Request,
    version: PostfixVersion,
    where: str,
) -> list[Finding]:
    """Whether nothing, or only DHE, is left of what senders of today offer up to TLS 1.2, or opportunistic TLS is too strict."""
    allowed = request.protocols.protocols
    strict = ""
    if service.level == "may" and service.lane == "mx":
        setting = setting_of(service, request.protocol_setting)
        strict = _paper.strict_evidence(dropped, allowed, setting)
    newest = Protocol.TLSv1_3 in allowed and version >= _NEEDS_TLS13
    return _paper.loss_findings(dropped, allowed, newest=newest, strict=strict, where=where)


__all__ = ["certain_losses", "loss_findings", "old_protocol_findings"]
