# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A probe from its target to its result."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._probe import _target
from ansible_collections.postmaster.tls.plugins.module_utils._probe._reactor import Reactor
from ansible_collections.postmaster.tls.plugins.module_utils._probe._session import Session
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._dialogue import Dialogue
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import Survey, survey


@dataclass(frozen=True)
class Probe:
    """What came of probing one target.

    C(reached) is False when no connection came about, None when one did and the server said nothing. C(failure) is why
    there was no handshake, or why the probe ended early. C(survey) is None when no handshake could begin.
    """

    target: Target
    reached: bool | None
    address: str | None = None
    failure: NotDetermined | None = None
    dialogue: Dialogue | None = None
    early: bytes = b""
    survey: Survey | None = None
    connections: int = 0
    throttled: bool = False
    seconds: float = 0.0


def probe(target: Target, clock: t.Callable[[], float] = time.monotonic) -> Probe:
    """Ask one server; an unreachable one is a result, no error."""
    started = clock()
    endpoints = _target.resolve(target)
    if isinstance(endpoints, NotDetermined):
        return Probe(target, False, failure=endpoints, seconds=clock() - started)
    session = Session(
        target,
        endpoints,
        survey(target.checks, server_name=target.server_name),
        ehlo_name=target.ehlo_name or _target.own_name(endpoints[0]),
        now=clock(),
    )
    Reactor(clock).run([session])
    return Probe(
        target,
        _reached(session),
        session.endpoint.address,
        session.failure,
        session.dialogue,
        session.early,
        session.result if session.contacted else None,
        session.connections,
        session.throttled,
        clock() - started,
    )


def _reached(session: Session) -> bool | None:
    if session.contacted or (session.dialogue is not None and session.dialogue.transcript):
        return True
    return None if session.connected else False


__all__ = ["Probe", "probe"]
