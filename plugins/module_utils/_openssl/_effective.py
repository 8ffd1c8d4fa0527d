# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a peer can really get from a context: the library itself is asked, hello by hello."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._offer import parse_offer
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Bounds,
    Context,
    Library,
    LibraryCipher,
    Refusal,
    Settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, field
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _groups,
    _signatures,
    _suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import (
    SIGNATURE_ALGORITHMS,
    ClientHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._flight import FlightReader
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import (
    PROTOCOLS,
    Protocol,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

_HANDSHAKE: t.Final = b"\x16"
_OF_CERTIFICATES: t.Final = ("key too small", "md too weak")
_STATUS_REQUEST: t.Final = ((5, b"\x01\0\0\0\0"),)


@dataclass(frozen=True)
class Effective:
    """What can be negotiated: suites by protocol (only protocols with a suite), in the order of the library's list.

    `listed` are the suites that the cipher string stands for, `keys` the types of the loaded keys, `refusal` why the
    context could not be made: then nothing can be negotiated. `unknown` names what could not be found out. `signatures`
    are the schemes that a server signs with, or that a client offers. `dh` are the sizes in bits of the primes of DHE,
    `anonymous_dh` those of the suites without a certificate, which OpenSSL may choose by the suite.
    `ignored` are refusals that the MTA passes over, `bounds` what is in force in the context itself. In a protocol of
    `broken` the library chooses a suite and then ends the handshake with this error, since a certificate is too weak.
    `weak` has such an error for each type of key that TLS 1.3 does not use for that reason.
    """

    suites: t.Mapping[Protocol, tuple[int, ...]]
    groups: tuple[int, ...] = ()
    listed: tuple[LibraryCipher, ...] = ()
    keys: tuple[str, ...] = ()
    refusal: Refusal | None = None
    unknown: tuple[str, ...] = ()
    signatures: t.Mapping[Protocol, tuple[int, ...]] = field(default_factory=dict)
    dh: tuple[int, ...] = ()
    anonymous_dh: tuple[int, ...] = ()
    ignored: tuple[Refusal, ...] = ()
    bounds: Bounds = Bounds()
    broken: t.Mapping[Protocol, str] = field(default_factory=dict)
    weak: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        return tuple(sorted(self.suites))

    def order(self) -> tuple[int, ...]:
        """Every suite once: those of the newest protocol first, then in the order of the list."""
        codes = [
            code for protocol in sorted(self.suites, reverse=True) for code in self.suites[protocol]
        ]
        return tuple(dict.fromkeys(codes))


def _answer(flight: bytes) -> Answer:
    answer = FlightReader().feed(flight)
    return answer or NotDetermined("silent", "The library sent no complete answer.")


def _candidates(listed: t.Sequence[LibraryCipher], protocol: Protocol) -> tuple[int, ...]:
    found = []
    for cipher in listed:
        suite = _suites.by_code(cipher.code)
        if suite is None or suite.minimum <= protocol <= suite.maximum:
            found.append(cipher.code)
    return tuple(found)


def _kind(suite: Suite) -> tuple[object, ...]:
    """For an anonymous suite OpenSSL takes a larger prime if its cipher has 256 bits: ssl_get_auto_dh() of ssl/t1_lib.c."""
    large = suite.authentication == "anon" and suite.bits == 256
    return suite.key_exchange, suite.authentication, large


def _kinds(codes: t.Iterable[int]) -> list[tuple[int, ...]]:
    """The suites by what a server needs for them beside the cipher: one of each kind stands for the others."""
    kinds: dict[object, list[int]] = {}
    for code in codes:
        suite = _suites.by_code(code)
        kind = _kind(suite) if suite else code
        kinds.setdefault(kind, []).append(code)
    return [tuple(kind) for kind in kinds.values()]


@dataclass
class _Server:
    """One context that is asked, and what it has answered up to now."""

    library: Library
    context: Context
    suites: dict[Protocol, tuple[int, ...]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    asked: list[Protocol] = field(default_factory=list)
    primes: dict[bool, set[int]] = field(default_factory=lambda: {True: set(), False: set()})
    broken: dict[Protocol, str] = field(default_factory=dict)
    weak: dict[str, str] = field(default_factory=dict)

    def ask_suites(self, protocol: Protocol) -> None:
        """Every kind by itself, so that one that the library cannot serve does not hide another."""
        self.asked.append(protocol)
        kinds = _kinds(_candidates(self.context.ciphers, protocol))
        wanted = [(int(protocol), _hello(protocol, kind), kind) for kind in kinds]
        accepted: set[int] = set()
        for picked, flight in self.library.choices(self.context, wanted):
            answer = _answer(flight) if picked else None
            if isinstance(answer, ServerHello):
                accepted.update(picked)
                if answer.dh:
                    self.primes[_is_anonymous(picked[0])].add(answer.dh.bits)
            elif isinstance(answer, NotDetermined):
                self.unknown.append(f"{len(picked)} suites in {protocol.label}")
        if accepted:
            ordered = (cipher.code for cipher in self.context.ciphers if cipher.code in accepted)
            self.suites[protocol] = tuple(ordered)

    def rehearse(self, signatures: dict[Protocol, tuple[int, ...]]) -> None:
        """Leave out the schemes of TLS 1.3 whose certificate the library does not want to send when it has chosen a suite, and
        the protocol if no other scheme is left. In older versions its first flight shows that.
        """
        protocol = Protocol.TLSv1_3
        if protocol not in signatures:
            return
        kinds: dict[str, list[int]] = {}
        for scheme in signatures[protocol]:
            kinds.setdefault(_signatures.key_type_of(scheme), []).append(scheme)
        named = [":".join(map(_signatures.name_of, schemes)) for schemes in kinds.values()]
        errors = self.library.rehearsed(self.context, [(int(protocol), one) for one in named])
        self.weak.update(
            (kind, error)
            for kind, error in zip(kinds, errors)
            if any(reason in error for reason in _OF_CERTIFICATES)
        )
        left = (code for kind, codes in kinds.items() if kind not in self.weak for code in codes)
        signatures[protocol] = tuple(left)
        if self.weak and not signatures[protocol]:
            self.broken[protocol] = next(iter(self.weak.values()))
            del self.suites[protocol], signatures[protocol]

    def groups(self) -> tuple[int, ...]:
        """The groups of the newest versions, those of TLS 1.3 first; without TLS 1.2 those of the newest one before it whose
        suites have any.
        """
        found: dict[int, None] = {}
        for protocol in (Protocol.TLSv1_3, Protocol.TLSv1_2):
            if protocol in self.asked:
                found.update(dict.fromkeys(self._groups(protocol)))
        older = [
            one
            for one in self.suites
            if Protocol.SSLv3 < one < Protocol.TLSv1_2
            and self._with("ECDHE", "RSA", "ECDSA", "anon", protocol=one)
        ]
        if older and Protocol.TLSv1_2 not in self.suites:
            found.update(dict.fromkeys(self._groups(max(older))))
        return tuple(found)

    def _groups(self, protocol: Protocol) -> tuple[int, ...]:
        """Suites that are not accepted are asked with as well, where only they have groups.

        Below TLS 1.3 a suite is needed that works whatever the curve of the certificate is.
        """
        if protocol == Protocol.TLSv1_3:
            suites = self.suites.get(protocol) or _candidates(self.context.ciphers, protocol)
            return self._one_by_one(protocol, suites, _groups.IN_TLS13)
        listed = _candidates(self.context.ciphers, protocol)
        plain = _of(listed, "ECDHE", "RSA", "anon") if "RSA" in self.context.keys else ()
        plain = plain or self._with("ECDHE", "anon", protocol=protocol)
        if plain:
            return self._one_by_one(protocol, plain, _groups.IN_TLS12)
        if not _of(listed, "ECDHE", "RSA", "ECDSA"):
            return ()
        return self._scanned(protocol)

    def _scanned(self, protocol: Protocol) -> tuple[int, ...]:
        from ansible_collections.postmaster.tls.plugins.module_utils._tls._group_scan import (  # noqa: PLC0415 - seldom needed
            accepted_groups,
        )
        from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import (  # noqa: PLC0415
            Offer,
        )
        from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import (  # noqa: PLC0415
            drive,
        )

        scan = accepted_groups(protocol, offer=Offer())
        return drive(
            scan, lambda hello: _answer(self.library.answer(self.context, hello.encode()))
        ).accepted

    def _one_by_one(
        self, protocol: Protocol, suites: tuple[int, ...], groups: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Which groups are taken by themselves; of those that are refused together, none is."""
        usual = [group for group in groups if group in _groups.USUAL] if suites else []
        pending: list[tuple[int, ...]] = [(group,) for group in usual]
        rare = tuple(group for group in groups if group not in _groups.USUAL) if suites else ()
        taken: set[int] = set()
        pending += [rare] if rare else []
        while pending:
            hellos = [_hello(protocol, suites, groups=some) for some in pending]
            found = self._taken(protocol, range(len(pending)), hellos)
            accepted = [pending[position] for position in found]
            taken.update(some[0] for some in accepted if len(some) == 1)
            pending = [half for some in accepted for half in _halves(some)]
        return tuple(group for group in groups if group in taken)

    def signatures(self) -> dict[Protocol, tuple[int, ...]]:
        """The schemes that the server would sign with, in TLS 1.2 and 1.3, asked for one by one."""
        found = {}
        for protocol, schemes in (
            (Protocol.TLSv1_3, _signatures.IN_TLS13),
            (Protocol.TLSv1_2, _signatures.IN_TLS12),
        ):
            asked = [(scheme, self._signed(protocol, scheme)) for scheme in schemes]
            usable = [(scheme, suites) for scheme, suites in asked if suites]
            hellos = [_hello(protocol, suites, schemes=(scheme,)) for scheme, suites in usable]
            if hellos:
                values = [scheme for scheme, _suites in usable]
                found[protocol] = self._taken(protocol, values, hellos)
        return found

    def _signed(self, protocol: Protocol, scheme: int) -> tuple[int, ...]:
        """The suites with which a scheme can be used.

        Below TLS 1.3 those of its own kind of key: OpenSSL may choose another before it finds that no scheme is left for it.
        """
        if protocol == Protocol.TLSv1_3:
            return self.suites.get(protocol, ())
        kind = _signatures.key_type_of(scheme)
        if kind == "DSA":
            return self._with("DHE", "DSS")
        if kind.startswith("RSA"):
            return self._with("ECDHE", "RSA") + self._with("DHE", "RSA")
        return self._with("ECDHE", "ECDSA")

    def _with(
        self, exchange: str, *authentications: str, protocol: Protocol = Protocol.TLSv1_2
    ) -> tuple[int, ...]:
        return _of(self.suites.get(protocol, ()), exchange, *authentications)

    def _taken(
        self, protocol: Protocol, values: t.Sequence[int], hellos: t.Sequence[bytes]
    ) -> tuple[int, ...]:
        chosen = self.library.chosen(self.context, [(int(protocol), hello) for hello in hellos])
        return tuple(value for value, suite in zip(values, chosen) if suite)


def _halves(groups: tuple[int, ...]) -> list[tuple[int, ...]]:
    middle = len(groups) // 2
    return [groups[:middle], groups[middle:]] if middle else []


def _is_anonymous(code: int) -> bool:
    suite = _suites.by_code(code)
    return suite is not None and suite.authentication == "anon"


def _of(codes: t.Iterable[int], exchange: str, *authentications: str) -> tuple[int, ...]:
    found = []
    for code in codes:
        suite = _suites.by_code(code)
        if suite and suite.key_exchange == exchange and suite.authentication in authentications:
            found.append(code)
    return tuple(found)


def _hello(
    protocol: Protocol,
    suites: tuple[int, ...],
    *,
    groups: tuple[int, ...] = (),
    schemes: tuple[int, ...] = SIGNATURE_ALGORITHMS,
) -> bytes:
    offered = groups or _groups.asked_in(protocol)
    return ClientHello(
        (protocol,), suites, offered, signature_algorithms=schemes, extra=_STATUS_REQUEST
    ).encode()


def _server(library: Library, context: Context, settings: Settings) -> Effective:
    server = _Server(library, context)
    for protocol in PROTOCOLS:
        if int(protocol) not in settings.excluded:
            server.ask_suites(protocol)
    signatures = server.signatures()
    server.rehearse(signatures)
    return Effective(
        server.suites,
        server.groups(),
        context.ciphers,
        context.keys,
        unknown=tuple(server.unknown),
        signatures=signatures,
        dh=tuple(sorted(server.primes[False])),
        anonymous_dh=tuple(sorted(server.primes[True])),
        ignored=context.ignored,
        bounds=context.bounds,
        broken=server.broken,
        weak=server.weak,
    )


def _client(library: Library, context: Context) -> Effective:
    """Without anything to offer, a library sends nothing, or an alert (RFC 8446 section 5.1) instead of a ClientHello."""
    sent = library.offer(context)
    if sent[:1] != _HANDSHAKE:
        return Effective(
            {},
            listed=context.ciphers,
            keys=context.keys,
            ignored=context.ignored,
            bounds=context.bounds,
        )
    offer = parse_offer(sent)
    versions = [protocol for protocol in PROTOCOLS if int(protocol) in offer.versions]
    listed = tuple(LibraryCipher(code, "", 0) for code in offer.suites)
    suites = {protocol: _candidates(listed, protocol) for protocol in versions}
    spoken = {protocol: codes for protocol, codes in suites.items() if codes}
    signatures = dict.fromkeys(spoken, offer.signatures) if offer.signatures else {}
    return Effective(
        spoken,
        offer.groups,
        context.ciphers,
        context.keys,
        signatures=signatures,
        ignored=context.ignored,
        bounds=context.bounds,
    )


def effective(library: Library, settings: Settings) -> Effective:
    """What a peer gets from a server, or what a client offers, with these settings of this very library.

    Raises NotSupported if the child that holds the library fails: then nothing is known.
    """
    context = library.open(settings)
    if isinstance(context, Refusal):
        if context.stage in ("unsupported", "context"):
            raise NotSupported(f"{library.linked.libssl} makes no context: {context.error}.")
        return Effective({}, refusal=context)
    if settings.role == "client":
        return _client(library, context)
    return _server(library, context, settings)


__all__ = ["Effective", "effective"]
