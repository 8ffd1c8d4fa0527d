# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a peer can really get from a context: the library itself is asked, hello by hello."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._offer import parse_offer
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    SERVER_PREFERENCE,
    Context,
    Library,
    LibraryCipher,
    Refusal,
    Settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    NotDetermined,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._flight import FlightReader
from ansible_collections.postmaster.tls.plugins.module_utils._tls._group_scan import accepted_groups
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import (
    Offer,
    SuiteScan,
    accepted_suites,
    merged,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import PROTOCOLS


@dataclass(frozen=True)
class Effective:
    """What can be negotiated: suites by protocol (only protocols with a suite), in the order of the library's list.

    `listed` are the suites that the cipher string stands for, `keys` the types of the loaded keys, `refusal` why the
    context could not be made: then nothing can be negotiated. `unknown` names what could not be found out.
    """

    suites: t.Mapping[Protocol, tuple[int, ...]]
    groups: tuple[int, ...] = ()
    listed: tuple[LibraryCipher, ...] = ()
    keys: tuple[str, ...] = ()
    refusal: Refusal | None = None
    unknown: tuple[str, ...] = ()

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        return tuple(sorted(self.suites))

    def order(self) -> tuple[int, ...]:
        """Every suite once: those of the newest protocol first, then in the order of the list."""
        codes = [
            code for protocol in sorted(self.suites, reverse=True) for code in self.suites[protocol]
        ]
        return tuple(dict.fromkeys(codes))


def _ask(library: Library, context: Context) -> t.Callable[[ClientHello], Answer]:
    def ask(hello: ClientHello) -> Answer:
        reader = FlightReader()
        answer = reader.feed(library.answer(context, hello.encode()))
        return answer or NotDetermined("silent", "The library sent no complete answer.")

    return ask


def _candidates(listed: t.Sequence[LibraryCipher], protocol: Protocol) -> tuple[int, ...]:
    found = []
    for cipher in listed:
        suite = _suites.by_code(cipher.code)
        if suite is None or suite.minimum <= protocol <= suite.maximum:
            found.append(cipher.code)
    return tuple(found)


def _ordered(scan: SuiteScan, listed: t.Sequence[LibraryCipher], *, picks: bool) -> tuple[int, ...]:
    if picks:
        return scan.accepted
    return tuple(cipher.code for cipher in listed if cipher.code in scan.accepted)


def _settled(scan: SuiteScan, ask: t.Callable[[ClientHello], Answer]) -> SuiteScan:
    """The scan with what stayed open asked for one by one: in memory there is no need to be sparing."""
    singles = [
        drive(accepted_suites(scan.protocol, (code,)), ask) for code in sorted(scan.undetermined)
    ]
    return merged(replace(scan, undetermined=frozenset()), *singles)


def _server(library: Library, context: Context, settings: Settings) -> Effective:
    ask = _ask(library, context)
    suites: dict[Protocol, tuple[int, ...]] = {}
    unknown: list[str] = []
    allowed = [protocol for protocol in PROTOCOLS if int(protocol) not in settings.excluded]
    for protocol in allowed:
        candidates = _candidates(context.ciphers, protocol)
        if not candidates:
            continue
        scan = _settled(drive(accepted_suites(protocol, candidates), ask), ask)
        if scan.undetermined:
            unknown.append(f"{len(scan.undetermined)} suites in {protocol.label}")
        if scan.accepted:
            suites[protocol] = _ordered(
                scan, context.ciphers, picks=bool(settings.options & SERVER_PREFERENCE)
            )
    groups: dict[int, None] = {}
    for protocol in (Protocol.TLSv1_3, Protocol.TLSv1_2):
        if protocol in suites:
            groups.update(
                dict.fromkeys(drive(accepted_groups(protocol, offer=Offer()), ask).accepted)
            )
    return Effective(suites, tuple(groups), context.ciphers, context.keys, unknown=tuple(unknown))


def _client(library: Library, context: Context) -> Effective:
    sent = library.offer(context)
    if not sent:
        return Effective({}, listed=context.ciphers, keys=context.keys)
    offer = parse_offer(sent)
    versions = [protocol for protocol in PROTOCOLS if int(protocol) in offer.versions]
    listed = tuple(LibraryCipher(code, "", 0) for code in offer.suites)
    suites = {protocol: _candidates(listed, protocol) for protocol in versions}
    spoken = {protocol: codes for protocol, codes in suites.items() if codes}
    return Effective(spoken, offer.groups, context.ciphers, context.keys)


def effective(library: Library, settings: Settings) -> Effective:
    """What a peer gets from a server, or what a client offers, with these settings of this very library.

    Raises NotSupported if the child that holds the library fails: then nothing is known.
    """
    context = library.open(settings)
    if isinstance(context, Refusal):
        if context.stage == "unsupported":
            raise NotSupported(f"{library.linked.libssl} lacks a function: {context.error}.")
        return Effective({}, refusal=context)
    if settings.role == "client":
        return _client(library, context)
    return _server(library, context, settings)


__all__ = ["Effective", "effective"]
