# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the services of Postfix answer to senders."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._heard import (
    Caller,
    blamed,
    heard,
    spoken,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Oracle
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Bounds,
    Settings,
)
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


def service_heard(
    service: TlsService,
    version: PostfixVersion,
    oracle: Oracle | None,
    callers: t.Sequence[Caller],
    disk: Disk,
) -> dict[str, t.Any]:
    """senders: what the service answers to each, None if nobody could be asked; and what a refusal may come from."""
    request = request_of(service, version, library=oracle.library.number if oracle else 0)
    choices = choices_of(service, request, Bounds())
    found: dict[str, t.Any] = {"senders": None, **blamed(choices)}
    settings = request.settings
    if oracle is None or settings is None:
        return {**found, "senders": None if settings else []}
    named, _unread = server_names(service, service.name, disk.read)

    def settings_for(name: str) -> Settings:
        files = chain_for(name, named) if name else ()
        return replace(settings, certificates=(("chain", *files),)) if files else settings

    try:
        answers = heard(oracle, settings_for, callers)
        return {**found, "senders": answers, **spoken(oracle, settings, choices.level)}
    except NotSupported:
        return found


__all__ = ["chain_for", "service_heard"]
