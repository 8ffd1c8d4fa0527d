# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The hellos of senders, made on the controller, and what a service's flights mean to them.

The host only lets its library answer: the data of the senders and the judgement stay here.
"""

from __future__ import annotations

import base64
import contextlib
import os
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _senders
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sender_hello import (
    SenderExchange,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sender_shares import is_grease
from ansible_collections.postmaster.tls.plugins.module_utils._tls._senders import (
    SenderProfile,
    SenderResult,
)

_KEYS = {"sender", "server_name"}


def profiles_of(name: object) -> list[SenderProfile]:
    """The profile of a name, or all of them. Raises InvalidInput."""
    if name == "all":
        return [_senders.by_name(one) for one in _senders.NAMES]
    try:
        return [_senders.by_name(str(name))]
    except ValueError as error:
        raise InvalidInput(f"why: {error}, or all.") from None


def call(profile: SenderProfile, server_name: str | None) -> dict[str, t.Any]:
    """What the module needs to know of a sender: its first hello, and the second one for each group that it offers."""
    template = profile.hello
    random = os.urandom(32)
    session = os.urandom(template.session) if template.record != 2 else b""

    def hello(retry: int | None) -> str:
        encoded = template.encode(
            random=random,
            session=session,
            server_name=server_name,
            entropy=os.urandom,
            retry=retry,
        )
        return base64.b64encode(encoded).decode("ascii")

    retries = {}
    if Protocol.TLSv1_3 in profile.versions:
        for group in template.groups:
            with contextlib.suppress(ValueError):
                if not is_grease(group):
                    retries[str(group)] = hello(group)
    return {
        "sender": profile.name,
        "server_name": server_name or "",
        "hello": hello(None),
        "retries": retries,
    }


def with_hellos(why: object) -> object:
    """The option C(why) with the hellos of the senders that it names. Raises InvalidInput for one that does not exist."""
    entries = [why] if isinstance(why, Mapping) else why
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        return why
    completed: list[t.Any] = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            completed.append(entry)
            continue
        if "sender" not in entry or not set(entry) <= _KEYS:
            raise InvalidInput(
                "why: an entry is the name of a cipher suite, or a dictionary with sender, the name of a sender profile or all, "
                "and server_name if that sender asks for one."
            )
        name = entry.get("server_name")
        calls = (call(one, str(name) if name else None) for one in profiles_of(entry["sender"]))
        completed += calls
    return completed


def judged(profile: SenderProfile, flights: Iterable[str]) -> SenderResult:
    """What would come of the sender's handshake; not determined without a whole flight."""
    exchange = SenderExchange(profile.hello, server_name=None)
    for flight in flights:
        _second, answer = exchange.receive(base64.b64decode(flight))
        if answer is not None:
            return _senders.judge(profile, answer)
    return _senders.judge(profile, NotDetermined("silent", "The library sent no whole answer."))


__all__ = ["call", "judged", "profiles_of", "with_hellos"]
