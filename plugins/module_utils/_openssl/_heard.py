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

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import Choices
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Oracle
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Refusal,
    Settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, replace


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


def heard(
    oracle: Oracle, settings_for: SettingsFor, callers: t.Iterable[Caller]
) -> list[dict[str, t.Any]]:
    """sender and flights of each: what the service sends after the first hello, and after the second one if there is one.

    `settings_for` tells the settings for a server name. No flight where the library makes no context. Raises NotSupported
    if the library fails.
    """
    found = []
    for caller in callers:
        context = oracle.library.open(settings_for(caller.server_name))
        flights: list[bytes] = []
        if not isinstance(context, Refusal):
            flights = oracle.library.talk(context, caller.hello, caller.retries)
        texts = [base64.b64encode(flight).decode("ascii") for flight in flights]
        found.append({"sender": caller.sender, "flights": texts})
    return found


def blamed(choices: Choices) -> dict[str, t.Any]:
    """The settings that a refusal may come from apart from the list of ciphers, and the protocols that are configured."""
    return {
        "settings": {
            "protocol": choices.protocol_setting,
            "certificate": choices.certificate_setting,
            "group": choices.group_setting,
            "security-level": choices.level_setting,
        },
        "configured": [protocol.label for protocol in sorted(choices.protocols)],
        "level": choices.level,
    }


def spoken(oracle: Oracle, settings: Settings, level: int) -> dict[str, list[str]]:
    """The protocols that the library would speak if none were excluded: at the security level, and without one."""
    found = {}
    for name, number in (("speaks", level), ("speaks_without_level", 0)):
        ciphers = f"ALL:COMPLEMENTOFALL:@SECLEVEL={number}"
        free = replace(settings, ciphers=ciphers, level=0, excluded=())
        found[name] = [one.label for one in oracle.effective(free).protocols]
    return found


__all__ = ["Caller", "SettingsFor", "blamed", "callers_of", "heard", "spoken"]
