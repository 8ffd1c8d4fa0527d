# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One protocol version: whether it is accepted, with which suites, and who decides their order."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _scan, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
    SSLv2ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import (
    Offer,
    Rotation,
    SuiteScan,
    Tally,
    Upset,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sslv2 import CODES, SSLv2Hello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import (
    USUAL_WIDTH,
    Fork,
    Strategy,
    Width,
)

#: Chains side by side in a version: as many as pay on a LAN, and where each answer takes long.
_CHAINS: t.Final[dict[Protocol, tuple[int, int]]] = {
    Protocol.TLSv1_2: (4, 7),
    Protocol.TLSv1_1: (2, 3),
    Protocol.TLSv1: (2, 3),
}
_SESSION_TICKET: t.Final = 35
_TLS13: t.Final = 0x13
_SHARED_SECRETS: t.Final = frozenset(("RSAPSK", "SRP"))

Begun = tuple[ClientHello, Answer]


@dataclass(frozen=True)
class ProtocolScan:
    """One version: C(accepted) is None where it could not be found out, and C(reason) says why it is not True.

    C(complete) tells whether every suite was asked for, or only one that is accepted. C(preference) is C(server) or
    C(client), None with fewer than two suites or where it was not asked. C(chacha_first) is whether a server that
    decides lets a client that begins with ChaCha20 have it (SSL_OP_PRIORITIZE_CHACHA), None where there is no
    difference to see, and in TLS 1.3, where it is not asked. C(groups) were seen in passing, in the order of the picks.
    """

    protocol: Protocol
    accepted: bool | None
    reason: str
    suites: SuiteScan
    complete: bool
    preference: str | None = None
    chacha_first: bool | None = None
    groups: tuple[int, ...] = ()


def protocol_alone(
    protocol: Protocol, *, offer: Offer
) -> t.Generator[ClientHello, Answer, ProtocolScan]:
    """Whether a version is accepted at all."""
    scan = yield from _scan.accepted_suites(protocol, listed(protocol), offer=offer, stop_after=1)
    return _result(scan, complete=False)


def sslv2_scan(*, complete: bool = True) -> Strategy[ProtocolScan]:
    """SSL 2.0 in one connection: its server lists the suites, and the client chooses.

    One that lists none speaks SSL 2.0 all the same (CVE-2015-3197 is about such servers).
    """
    answer = yield SSLv2Hello()
    if isinstance(answer, SSLv2ServerHello):
        rejected = frozenset(CODES).difference(answer.suites)
        chains = ((answer.certificate,),) if answer.certificate else ()
        scan = SuiteScan(Protocol.SSLv2, answer.suites, rejected, chains=chains)
        reason = "" if answer.suites else "no suite listed"
        return ProtocolScan(Protocol.SSLv2, True, reason, scan, complete)
    tally = Tally(Protocol.SSLv2, Offer())
    if isinstance(answer, Alert):
        tally.reject(CODES, f"alert {answer.name}")
    else:
        tally.leave_open(CODES, _scan.reason_of(t.cast(NotDetermined, answer)))
    return _result(tally.result(), complete=complete)


def protocol_scan(
    protocol: Protocol,
    *,
    offer: Offer,
    begun: Begun | None = None,
    alike: ProtocolScan | None = None,
) -> Strategy[ProtocolScan]:
    """A version with all its suites: one chain in the server's order, parallel chains where the client decides.

    C(begun) is a hello with the suites of C(listed), and its answer; C(alike) is the scan of a version whose troubles this
    one may share. Who decides shows in the picks from the whole list and from its reverse; both picks count as accepted
    suites. The reverse asks for no session ticket, so that a session id shows.
    """
    codes = listed(protocol)
    rotation = Rotation(_groups_of(protocol, offer), alone=protocol >= Protocol.TLSv1_3)
    tally = Tally(protocol, offer, rotation=rotation, stop_after=1)
    upset = yield from _scan.eliminate(tally, codes, begun)
    if upset is not None:
        tally.stop_after = None
        yield from _scan.settle(tally, upset, key_is_to_blame=_same_trouble(upset, alike))
        return (yield from _decided(tally.result(), offer, rotation))
    first = tally.result()
    if not first.accepted:
        return _result(first, complete=True)
    plain = _ticketless(offer)
    second = yield from _scan.accepted_suites(
        protocol, _backwards(codes), offer=plain, rotation=rotation, stop_after=1
    )
    picks = tuple(dict.fromkeys(first.accepted + second.accepted))
    left = [code for code in codes if code not in picks]
    chains = 1 if len(picks) == 1 else (yield from _chains(protocol))
    parts = yield Fork(
        tuple(
            _scan.accepted_suites(protocol, left[start::chains], offer=offer, rotation=rotation)
            for start in range(chains)
        )
    )
    known = replace(
        _scan.merged(first, second), accepted=picks, rejected=frozenset(), undetermined=frozenset()
    )
    result = _result(_scan.merged(known, *parts), complete=True)
    decides = None
    if len(result.suites.accepted) > 1 and second.accepted:
        decides = "client" if len(picks) > 1 else (yield from _server_decides(result.suites, offer))
    return (yield from _ordered(result, rotation, decides, offer))


def _same_trouble(upset: Upset, alike: ProtocolScan | None) -> bool:
    """Whether the other version was refused with the same alert for everything that needs the server's key."""
    if alike is None:
        return False
    needy = [code for code in listed(alike.protocol) if _scan.needs_key(code)]
    return all(alike.suites.reasons.get(code) == upset.reason for code in needy)


def old_versions(*, offer: Offer) -> Strategy[tuple[ProtocolScan, ProtocolScan]]:
    """TLS 1.1 and 1.0 side by side, unless the first hello of TLS 1.1 upsets the server: its scan spares the other some."""
    newer, older = Protocol.TLSv1_1, Protocol.TLSv1
    hello = offer.hello(newer, listed(newer))
    answer = yield hello
    scan = protocol_scan(newer, offer=offer, begun=(hello, answer))
    if not isinstance(answer, Alert) or answer.description in _scan.REFUSALS:
        both = yield Fork((scan, protocol_scan(older, offer=offer)))
        return t.cast("tuple[ProtocolScan, ProtocolScan]", both)
    first = yield from scan
    second = yield from protocol_scan(older, offer=offer, alike=first)
    return first, second


def _chains(protocol: Protocol) -> Strategy[int]:
    width = yield Width()
    near, far = _CHAINS.get(protocol, (1, 1))
    return far if width > USUAL_WIDTH else near


def _ordered(
    scan: ProtocolScan, rotation: Rotation, decides: str | None, offer: Offer
) -> t.Generator[ClientHello, Answer, ProtocolScan]:
    suites, preference = yield from _in_order(scan.suites, decides, offer)
    first = yield from _chacha_first(suites, offer, preference)
    seen = tuple(rotation.seen)
    return replace(scan, suites=suites, preference=preference, chacha_first=first, groups=seen)


def _ticketless(offer: Offer) -> Offer:
    extra = tuple(extension for extension in offer.extra if extension[0] != _SESSION_TICKET)
    return replace(offer, extra=extra)


def _server_decides(scan: SuiteScan, offer: Offer) -> t.Generator[ClientHello, Answer, str | None]:
    """Who chose one suite twice: an accepted suite that stands alone before those in the way was first both times.

    Refused suites stand at the front, because of servers that look whether a client begins with ChaCha20.
    """
    first, *others = scan.accepted
    if any(_in_the_way(code) == _in_the_way(first) for code in others):
        return "server"
    refused = (code for code in sorted(scan.rejected) if not any(_in_the_way(code)))
    answer = yield offer.hello(scan.protocol, (*refused, *others, first))
    if not isinstance(answer, ServerHello):
        return None
    return "server" if answer.suite == first else "client"


def _decided(
    scan: SuiteScan, offer: Offer, rotation: Rotation
) -> t.Generator[ClientHello, Answer, ProtocolScan]:
    """A scan that went in parts, whose picks do not say who decides: asked for among the accepted alone."""
    decides = None
    if len(scan.accepted) > 1:
        forth = yield offer.hello(scan.protocol, scan.accepted)
        back = yield offer.hello(scan.protocol, scan.accepted[::-1])
        if isinstance(forth, ServerHello) and isinstance(back, ServerHello):
            decides = "server" if forth.suite == back.suite else "client"
    scan, decides = yield from _in_order(scan, decides, offer)
    return replace(_result(scan, complete=True), preference=decides, groups=tuple(rotation.seen))


def _in_order(
    scan: SuiteScan, decides: str | None, offer: Offer
) -> t.Generator[ClientHello, Answer, tuple[SuiteScan, str | None]]:
    """The order of a server that decides, asked for among the accepted alone where they were found in parts.

    A server that does not pick each of them again has no order that could be told: nobody is said to decide then.
    """
    if decides != "server" or not scan.in_parts:
        return scan, decides
    offered = sorted(scan.accepted, key=_in_the_way)
    again = yield from _scan.accepted_suites(scan.protocol, offered, offer=offer)
    if again.in_parts or set(again.accepted) != set(scan.accepted):
        return scan, None
    return replace(scan, accepted=again.accepted), decides


def _chacha_first(
    scan: SuiteScan, offer: Offer, decides: str | None
) -> t.Generator[ClientHello, Answer, bool | None]:
    chacha = tuple(code for code in scan.accepted if _is_chacha(code))
    newest = scan.protocol >= Protocol.TLSv1_3
    if decides != "server" or not chacha or _is_chacha(scan.accepted[0]) or newest:
        return None
    others = tuple(code for code in scan.accepted if code not in chacha)
    answer = yield offer.hello(scan.protocol, chacha + others)
    return _is_chacha(answer.suite) if isinstance(answer, ServerHello) else None


def _is_chacha(code: int) -> bool:
    suite = _suites.by_code(code)
    return suite is not None and "CHACHA20" in suite.iana


def listed(protocol: Protocol) -> tuple[int, ...]:
    """Every suite of a version, with those at the end that would stand in the way of others.

    Some servers change their order for a client that begins with ChaCha20. GnuTLS picks suites without a certificate
    (anonymous, pre-shared key) that its configuration names although it has no credentials for them, and then refuses
    the whole offer.
    """
    codes = [suite.code for suite in _suites.in_version(protocol)]
    if protocol >= Protocol.TLSv1_3:
        codes.sort(key=_is_regional)
    return tuple(sorted(codes, key=_in_the_way))


@functools.cache
def _in_the_way(code: int) -> tuple[bool, bool]:
    suite = _suites.by_code(code)
    keyless = suite is not None and suite.authentication in _scan.KEYLESS
    shared = suite is not None and suite.key_exchange in _SHARED_SECRETS
    return keyless or shared, _is_chacha(code)


def _is_regional(code: int) -> bool:
    return code >> 8 != _TLS13


def _backwards(codes: tuple[int, ...]) -> tuple[int, ...]:
    backwards = codes[::-1]
    return tuple(sorted(backwards, key=_in_the_way))


def _groups_of(protocol: Protocol, offer: Offer) -> tuple[int, ...]:
    return _groups.asked_in(protocol) if protocol >= Protocol.TLSv1_2 else offer.groups


def _result(scan: SuiteScan, *, complete: bool) -> ProtocolScan:
    if scan.accepted:
        return ProtocolScan(scan.protocol, True, "", scan, complete)
    doubts = sorted({scan.reasons[code] for code in scan.undetermined})
    if doubts:
        return ProtocolScan(scan.protocol, None, ", ".join(doubts), scan, complete)
    refusals = sorted(set(scan.reasons.values()))
    return ProtocolScan(scan.protocol, False, ", ".join(refusals), scan, complete)


def refused_by_closing(scan: ProtocolScan) -> ProtocolScan:
    """The scan of a server that answers other hellos: ending the connection over each of these is a refusal."""
    doubts = {scan.suites.reasons[code] for code in scan.suites.undetermined}
    if scan.accepted is not None or not doubts <= _scan.CUT_AFTER_HELLO:
        return scan
    suites = replace(
        scan.suites,
        rejected=scan.suites.rejected | scan.suites.undetermined,
        undetermined=frozenset(),
    )
    return replace(scan, accepted=False, suites=suites)


__all__ = [
    "Begun",
    "ProtocolScan",
    "listed",
    "old_versions",
    "protocol_alone",
    "protocol_scan",
    "refused_by_closing",
    "sslv2_scan",
]
