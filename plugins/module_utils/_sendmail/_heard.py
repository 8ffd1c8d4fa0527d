# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the daemons of a sendmail answer to senders; the same for every name, since sendmail has one certificate for all."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._heard import (
    Caller,
    blamed,
    heard,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._blame import choices_of
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._describe import Asker
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    Sendmail,
    request_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._services import Service


def service_heard(
    sendmail: Sendmail, service: Service, asker: Asker, callers: t.Sequence[Caller]
) -> dict[str, t.Any]:
    """senders: what the service answers to each, None if nobody could be asked; and the settings that a refusal may come from."""
    settings, oracle = request_of(sendmail, client=False).settings, asker.oracle
    if settings is None or service.level == "none" or oracle is None:
        return {"senders": [] if oracle else None, "settings": dict.fromkeys(_BLAMED, "")}
    try:
        result = oracle.effective(settings)
        choices = choices_of(sendmail, result, asker.policy, client=False)
        answers = heard(oracle, lambda _name: settings, callers)
    except NotSupported:
        return {"senders": None, "settings": dict.fromkeys(_BLAMED, "")}
    return {"senders": answers, "settings": blamed(choices)}


_BLAMED: t.Final = ("protocol", "certificate", "group")

__all__ = ["service_heard"]
