# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the daemons of a sendmail answer to senders; the same for every name, since sendmail has one certificate for all."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._config import SystemPolicy
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._heard import (
    Caller,
    asked,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Oracle
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import Settings
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._blame import choices_of
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    Sendmail,
    request_of,
)


def answers(
    sendmail: Sendmail,
    oracle: Oracle,
    policy: SystemPolicy | None,
    callers: t.Sequence[Caller],
) -> dict[str, t.Any]:
    """What the daemons with TLS answer to each sender, as asked() tells it."""
    settings = t.cast("Settings", request_of(sendmail, client=False).settings)
    choices = choices_of(sendmail, oracle.effective(settings), policy, client=False)

    def settings_for(_name: str) -> Settings:
        return settings

    return asked(oracle, settings_for, choices, callers)


__all__ = ["answers"]
