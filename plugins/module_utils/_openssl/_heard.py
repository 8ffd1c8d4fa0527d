# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a service answers to the hellos of senders: raw flights, for the controller to judge.

The hellos come ready-made, so that the data of the senders need not travel to the host.
"""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import Choices
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import (
    Oracle,
    unrestricted,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Refusal,
    Settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._shapes import NEEDED
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass


@dataclass(frozen=True)
class Caller:
    """A sender: its first hello, and the second one for each group that a HelloRetryRequest may name."""

    sender: str
    hello: bytes
    retries: tuple[tuple[int, bytes], ...] = ()
    server_name: str = ""


SettingsFor = t.Callable[[str], Settings]


def callers_of(wanted: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[Caller, ...]:
    """The senders of the option C(why), as the action plugin completes them. Raises InvalidInput for anything else."""
    found = []
    for one in wanted:
        if "hello" not in one:
            raise InvalidInput(
                "why: an entry is the name of a cipher suite, or a dictionary with the name of a sender: {sender: exchange-2016}."
            )
        retries = ((int(group), _bytes(text)) for group, text in one["retries"].items())
        name = str(one.get("server_name") or "")
        found.append(Caller(one["sender"], _bytes(one["hello"]), tuple(retries), name))
    return tuple(found)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def service_heard(
    facts: t.Mapping[str, t.Any],
    oracle: Oracle | None,
    ask: t.Callable[[Oracle], dict[str, t.Any]],
    *,
    config: str,
) -> dict[str, t.Any]:
    """The facts that the answers to senders are judged with, and as `senders` what the service answers: none where it has no
    TLS, None where that could not be found out. `ask` is asked() for this service.
    """
    told: dict[str, t.Any] = {"senders": None}
    if facts["ciphers"] == [] and not facts["dropped"]:
        told = {"senders": []}
    elif facts["ciphers"] is not None and oracle is not None:
        told = ask(oracle)
    return {
        "config_directory": config,
        "service": facts["name"],
        "library": oracle.library.version if oracle else "",
        **{name: facts[name] for name in NEEDED},
        **told,
    }


def asked(
    oracle: Oracle, settings_for: SettingsFor, choices: Choices, callers: t.Iterable[Caller]
) -> dict[str, t.Any]:
    """What a service answers to each sender, None if the library fails; what a refusal may come from; and the protocols that
    the library would speak if none were excluded: at the security level, and without one.
    """
    found: dict[str, t.Any] = {"speaks": None, "speaks_without_level": None, **_blamed(choices)}
    try:
        for name, level in (("speaks", choices.level), ("speaks_without_level", 0)):
            free = oracle.effective(unrestricted(settings_for(""), level))
            found[name] = [one.label for one in free.protocols]
        return {**found, "senders": [_heard(oracle, settings_for, one) for one in callers]}
    except NotSupported:
        return {**found, "senders": None}


def _heard(oracle: Oracle, settings_for: SettingsFor, caller: Caller) -> dict[str, t.Any]:
    """What the service sends after the first hello, and after the second one if there is one; nothing where the library makes no
    context for this server name. `by_name` tells that it has other certificates for that.
    """
    settings = settings_for(caller.server_name)
    context = oracle.library.open(settings)
    flights: list[bytes] = []
    if not isinstance(context, Refusal):
        flights = oracle.library.talk(context, caller.hello, caller.retries)
    texts = [base64.b64encode(flight).decode("ascii") for flight in flights]
    by_name = settings != settings_for("")
    return {"sender": caller.sender, "flights": texts, "by_name": by_name}


def _blamed(choices: Choices) -> dict[str, t.Any]:
    """The settings that a refusal may come from apart from the list of ciphers, and the protocols that are configured."""
    return {
        "settings": {
            "protocol": choices.protocol_setting,
            "bounds": choices.bound_setting,
            "certificate": choices.certificate_setting,
            "group": choices.group_setting,
            "security-level": choices.level_setting,
        },
        "configured": [protocol.label for protocol in sorted(choices.protocols)],
        "out_of_bounds": [protocol.label for protocol in sorted(choices.out_of_bounds)],
        "level": choices.level,
    }


__all__ = ["Caller", "SettingsFor", "asked", "callers_of", "service_heard"]
