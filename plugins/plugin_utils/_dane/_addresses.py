# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which of the addresses that the DNS has for a mail server are asked, since whoever answers for the name chooses them."""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import where
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import is_address
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey

_MOST_ADDRESSES: t.Final = 32
#: Neither is ever an address to send to, or to send to one machine (RFC 1122 section 3.2.1.3).
_THIS_NETWORK: t.Final = ipaddress.ip_network("0.0.0.0/8")
_EVERYBODY: t.Final = ipaddress.ip_address("255.255.255.255")


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
    asked = tuple(possible[:_MOST_ADDRESSES])
    return ToAsk(asked, tuple(_unasked(survey.addresses, possible)), survey.unsettled)


def leading_back(result: Mapping[str, t.Any]) -> list[dict[str, str]]:
    """The finding about a result of the probe whose address, which the name has, is one of the machine that probed."""
    address, port = result["address"], int(result["port"])
    if not address or not is_address(address) or not _inner(address).is_loopback:
        return []
    said = (
        f"{address} is an address of the machine that asked: what answered there runs on that machine, and is the server "
        f"{result['host']} only if that machine is"
    )
    return [finding("not-determined", where=where(address, port), evidence=said).as_dict()]


def _unasked(found: tuple[str, ...], possible: list[str]) -> Iterator[str]:
    wrong = [one for one in found if one not in possible]
    if wrong:
        more = f" and {len(wrong) - 1} more" if wrong[1:] else ""
        yield f"{wrong[0]}{more} cannot be the address of a server: not asked"
    beyond = len(possible) - _MOST_ADDRESSES
    if beyond > 0:
        yield f"{beyond} of the {len(found)} addresses were not asked: name all of them"


def _inner(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def _of_no_server(text: str) -> bool:
    """Whether this is no address of one machine: a connection to the unspecified one ends on the machine that makes it."""
    address = _inner(text)
    unusable = address.version == 4 and (address in _THIS_NETWORK or address == _EVERYBODY)
    return bool(address.is_unspecified or address.is_multicast or unusable)


__all__ = ["ToAsk", "leading_back", "to_ask"]
