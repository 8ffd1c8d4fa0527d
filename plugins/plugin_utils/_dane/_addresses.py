# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which of the addresses that the DNS has for a mail server are asked, since whoever answers for the name chooses them."""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey

MOST_ADDRESSES: t.Final = 32


@dataclass(frozen=True)
class ToAsk:
    """The addresses to ask, and why others are not, or why there is none; ``unsettled`` is why there may be more."""

    addresses: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()


def to_ask(survey: Survey) -> ToAsk:
    """The addresses of a survey that can be those of a server, at most 32; with none there is always a reason."""
    if survey.nowhere:
        return ToAsk(unasked=(survey.nowhere,))
    possible = [one for one in survey.addresses if not _of_no_server(one)]
    asked = tuple(possible[:MOST_ADDRESSES])
    return ToAsk(asked, tuple(_unasked(survey.addresses, possible)), survey.unsettled)


def _unasked(found: tuple[str, ...], possible: list[str]) -> Iterator[str]:
    wrong = [one for one in found if one not in possible]
    if wrong:
        more = f" and {len(wrong) - 1} more" if wrong[1:] else ""
        yield f"{wrong[0]}{more} cannot be the address of a server: not asked"
    beyond = len(possible) - MOST_ADDRESSES
    if beyond > 0:
        yield f"{beyond} of the {len(found)} addresses were not asked: name all of them"


def _of_no_server(text: str) -> bool:
    """Whether this is no address of one machine: a connection to the unspecified one ends on the machine that makes it."""
    address = ipaddress.ip_address(text)
    inner = getattr(address, "ipv4_mapped", None) or address
    return bool(inner.is_unspecified or inner.is_multicast)


__all__ = ["MOST_ADDRESSES", "ToAsk", "to_ask"]
