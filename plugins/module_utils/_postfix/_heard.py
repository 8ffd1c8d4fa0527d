# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the services of Postfix answer to senders."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._heard import (
    Caller,
    asked,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Oracle
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import Settings
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._describe import (
    Disk,
    choices_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._destinations import (
    ServerName,
    server_names,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._request import request_of
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import TlsService
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.module_utils._records import replace


def chain_for(name: str, known: t.Sequence[ServerName]) -> tuple[str, ...]:
    """The chain files for a server name, looked up as itself and then by its parent domains (tls_server_sni_maps in postconf(5))."""
    files = {one.name.lower(): one.files for one in known}
    labels = name.lower().split(".")
    keys = [name.lower(), *("." + ".".join(labels[at:]) for at in range(1, len(labels)))]
    return next((files[key] for key in keys if key in files), ())


def answers(
    service: TlsService,
    version: PostfixVersion,
    oracle: Oracle,
    callers: t.Sequence[Caller],
    disk: Disk,
) -> dict[str, t.Any]:
    """What a service with TLS answers to each sender, as asked() tells it."""
    request = request_of(service, version, library=oracle.library.number)
    settings = t.cast("Settings", request.settings)
    named, _unread = server_names(service, service.name, disk.read)

    def settings_for(name: str) -> Settings:
        files = chain_for(name, named) if name else ()
        return replace(settings, certificates=(("chain", *files),)) if files else settings

    choices = choices_of(service, request, oracle.effective(settings).bounds)
    return asked(oracle, settings_for, choices, callers)


__all__ = ["answers", "chain_for"]
