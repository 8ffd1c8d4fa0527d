# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNSSEC-signed zones in memory, and a resolver that answers from them, sound unless a test spoils the answer."""

from __future__ import annotations

import base64
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Resolver
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._validation import Validator
from cryptography.hazmat.primitives.asymmetric import ec
from dns.rdtypes.ANY.NSEC import NSEC, Bitmap
from dns.rdtypes.ANY.NSEC3 import NSEC3
from dns.rdtypes.ANY.NSEC3 import Bitmap as Bitmap3

Name = dns.name.Name
Sets = list[dns.rrset.RRset]
NOW = 1_800_000_000.0
DAY = 86400
IN = dns.rdataclass.IN
HEAD = "@ 300 IN SOA ns hostmaster 1 3600 600 86400 60\n@ 300 IN NS ns\nns 300 IN A 203.0.113.2\n"


@dataclass
class SignedZone:
    """A zone and its signatures. ``iterations`` makes NSEC3 of NSEC; with ``opt_out`` unsigned delegations are left out of it."""

    origin: Name
    text: str
    iterations: int | None = None
    opt_out: bool = False
    signed: bool = True
    inception: float = NOW - DAY
    expiration: float = NOW + DAY
    sets: dict[Name, dict[int, dns.rdataset.Rdataset]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.dnskey = dns.dnssec.make_dnskey(
            self.key.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=257
        )
        zone = dns.zone.from_text(
            HEAD + self.text, self.origin, relativize=False, check_origin=False
        )
        for name, node in zone.items():
            for rdataset in node.rdatasets:
                self.sets.setdefault(name, {})[rdataset.rdtype] = rdataset
        if self.signed:
            keys = dns.rdataset.from_rdata_list(300, [self.dnskey])
            self.sets[self.origin][dns.rdatatype.DNSKEY] = keys

    @property
    def ds(self) -> dns.rdata.Rdata:
        return dns.dnssec.make_ds(self.origin, self.dnskey, "SHA256")

    def add(self, name: Name, rdata: dns.rdata.Rdata) -> None:
        self.sets.setdefault(name, {})[rdata.rdtype] = dns.rdataset.from_rdata_list(300, [rdata])

    def with_signature(self, rrset: dns.rrset.RRset, source: Name | None = None) -> Sets:
        """A set and its signature, which is that of the wildcard ``source`` where one answers."""
        cut = self._cut(rrset.name)
        unsigned = cut is not None and rrset.rdtype not in (
            dns.rdatatype.DS, dns.rdatatype.NSEC, dns.rdatatype.NSEC3,
        )  # fmt: skip
        if not self.signed or unsigned:
            return [rrset]
        own = dns.rrset.from_rdata_list(source or rrset.name, rrset.ttl, list(rrset))
        signature = dns.dnssec.sign(
            own, self.key, self.origin, self.dnskey,
            inception=int(self.inception), expiration=int(self.expiration),
        )  # fmt: skip
        return [rrset, dns.rrset.from_rdata_list(rrset.name, rrset.ttl, [signature])]

    def answer(self, name: Name, rdtype: int) -> tuple[int, Sets, Sets]:
        """Code, answer and authority."""
        soa = self.with_signature(self._rrset(self.origin, dns.rdatatype.SOA))
        if self._exists(name):
            here = self.sets.get(name, {})
            for kind in (rdtype, dns.rdatatype.CNAME):
                if kind in here:
                    return 0, self.with_signature(self._rrset(name, kind)), []
            return 0, [], [*soa, *self._denials([name], self._encloser(name))]
        for ancestor in self._ancestors(name):
            if dns.rdatatype.DNAME in self.sets.get(ancestor, {}):
                return 0, self._renamed(name, ancestor), []
        encloser = self._encloser(name)
        closer = Name(name.labels[-len(encloser.labels) - 1 :])
        wildcard = Name((b"*", *encloser.labels))
        if wildcard not in self.sets:
            return 3, [], [*soa, *self._denials([closer, wildcard], encloser)]
        if rdtype not in self.sets[wildcard]:
            return 0, [], [*soa, *self._denials([closer, wildcard], encloser)]
        found = dns.rrset.from_rdata_list(name, 300, list(self.sets[wildcard][rdtype]))
        return 0, self.with_signature(found, wildcard), self._denials([closer], None)

    def _renamed(self, name: Name, above: Name) -> Sets:
        rrset = self._rrset(above, dns.rdatatype.DNAME)
        target = name.relativize(above).concatenate(rrset[0].target)
        made = dns.rrset.from_text(name, 300, IN, dns.rdatatype.CNAME, target.to_text())
        return [*self.with_signature(rrset), made]

    def _rrset(self, name: Name, rdtype: int) -> dns.rrset.RRset:
        found = self.sets[name][rdtype]
        return dns.rrset.from_rdata_list(name, found.ttl, list(found))

    def _exists(self, name: Name) -> bool:
        return any(one.is_subdomain(name) for one in self.sets)

    def _ancestors(self, name: Name) -> list[Name]:
        shortest = len(self.origin.labels)
        return [Name(name.labels[-n:]) for n in range(len(name.labels), shortest - 1, -1)]

    def _encloser(self, name: Name) -> Name:
        """The closest encloser that the chain of denial has."""
        left_out = [one for one in self.sets if self.opt_out and self._left_out(one)]
        fitting = (one for one in self._ancestors(name) if self._exists(one))
        return next(one for one in fitting if one not in left_out)

    def _cut(self, name: Name) -> Name | None:
        cuts = (one for one in self._ancestors(name) if one != self.origin)
        return next((one for one in cuts if dns.rdatatype.NS in self.sets.get(one, {})), None)

    def _denials(self, names: Sequence[Name], encloser: Name | None) -> Sets:
        if not self.signed:
            return []
        wanted = [*names, *([encloser] if encloser and self.iterations is not None else [])]
        chain = self._chain()
        found: dict[Name, Sets] = {}
        for name in wanted:
            rrset = chain[self._place(name, list(chain))]
            found[rrset.name] = self.with_signature(rrset)
        return [one for sets in found.values() for one in sets]

    def _place(self, name: Name, owners: list[Name]) -> Name:
        position = name if self.iterations is None else self.hashed(name)
        before = [one for one in owners if one <= position]
        return max(before or owners)

    def hashed(self, name: Name) -> Name:
        digest = dns.dnssec.nsec3_hash(name, b"\xab", self.iterations or 0, 1)
        return dns.name.from_text(digest.lower(), self.origin)

    def _chain(self) -> dict[Name, dns.rrset.RRset]:
        names = {
            one: set(kinds)
            for one, kinds in self.sets.items()
            if self._cut(one) in (None, one) and not (self.opt_out and self._left_out(one))
        }
        if self.iterations is not None:
            for one in list(names):
                for ancestor in self._ancestors(one):
                    names.setdefault(ancestor, set())
            names = {self.hashed(one): kinds for one, kinds in names.items()}
        owners = sorted(names)
        return {
            owner: self._link(owner, owners[(at + 1) % len(owners)], names[owner])
            for at, owner in enumerate(owners)
        }

    def _left_out(self, name: Name) -> bool:
        here = self.sets[name]
        return name != self.origin and dns.rdatatype.NS in here and dns.rdatatype.DS not in here

    def _link(self, owner: Name, following: Name, kinds: set[int]) -> dns.rrset.RRset:
        types = [dns.rdatatype.RdataType.make(one) for one in kinds]
        signature = [dns.rdatatype.RRSIG] if kinds else []
        rdata: dns.rdata.Rdata
        if self.iterations is None:
            bits = Bitmap.from_rdtypes([*types, dns.rdatatype.RRSIG, dns.rdatatype.NSEC])
            rdata = NSEC(IN, dns.rdatatype.NSEC, following, bits)
        else:
            bits = Bitmap3.from_rdtypes([*types, *signature])
            digest = base64.b32hexdecode(following.labels[0].upper())
            rdata = NSEC3(
                IN,
                dns.rdatatype.NSEC3,
                1,
                int(self.opt_out),
                self.iterations,
                b"\xab",
                digest,
                bits,
            )
        return dns.rrset.from_rdata_list(owner, 60, [rdata])


Spoil = Callable[[dns.message.Message], dns.message.Message | bytes | None]


class Resolving:
    """A transport: answers from the deepest zone that has a name, through aliases, as a resolver does.

    With ``secure`` it says of every answer that it validated it, else of the root alone, if it ``validates``.
    """

    def __init__(
        self,
        *zones: SignedZone,
        spoil: Spoil | None = None,
        secure: bool = False,
        validates: bool = True,
    ) -> None:
        self.zones = zones
        self.spoil = spoil
        self.secure = secure
        self.validates = validates
        self.asked: list[tuple[str, str]] = []

    def __call__(self, _server: Server, query: bytes, _tcp: bool, _timeout: float) -> bytes:
        asked = dns.message.from_wire(query)
        [question] = asked.question
        self.asked.append((question.name.to_text(), dns.rdatatype.to_text(question.rdtype)))
        found = dns.message.make_response(asked, recursion_available=True)
        found.flags |= asked.flags & dns.flags.CD
        if self.secure or (question.name == dns.name.root and self.validates):
            found.flags |= dns.flags.AD
        name = question.name
        if name == dns.name.root:
            return found.to_wire()
        for _alias in range(8):
            code, answer, authority = self._zone(name, question.rdtype).answer(
                name, question.rdtype
            )
            found.set_rcode(dns.rcode.Rcode(code))
            found.answer += answer
            found.authority += authority
            aliases = [one for one in answer if one.rdtype == dns.rdatatype.CNAME]
            if not aliases or question.rdtype == dns.rdatatype.CNAME:
                break
            name = aliases[0][0].target
        spoilt = self.spoil(found) if self.spoil else found
        if spoilt is None:
            spoilt = found
        return spoilt if isinstance(spoilt, bytes) else spoilt.to_wire(max_size=65535)

    def _zone(self, name: Name, rdtype: int) -> SignedZone:
        above = rdtype == dns.rdatatype.DS
        fitting = [
            one
            for one in self.zones
            if name.is_subdomain(one.origin) and not (above and name == one.origin)
        ]
        return max(fitting or self.zones[:1], key=lambda one: len(one.origin.labels))


def validated(text: str, *origins: str, insecure: Sequence[str] = ()) -> Validator:
    """What validates the records of a zone file with absolute names, each in the zone of its origin; some zones have no anchor."""
    names = {dns.name.from_text(one): "" for one in (*origins, *insecure)}
    for line in filter(None, map(str.strip, text.splitlines())):
        owner = dns.name.from_text(line.split()[0])
        names[max((one for one in names if owner.is_subdomain(one)), key=len)] += f"{line}\n"
    zones = [SignedZone(origin, f"$TTL 300\n{own}") for origin, own in names.items()]
    resolver = Resolver([Server("127.0.0.1")], transport=Resolving(*zones))
    return Validator(
        lambda name, rdtype: resolver.ask(name, rdtype, unchecked=True),
        {one.origin: [one.ds] for one in zones[: len(origins)]},
        now=NOW,
    )


def family(**options: t.Any) -> tuple[SignedZone, SignedZone, SignedZone]:
    """The zone test, which delegates example.test with, and plain.test without a DS record."""
    text = (
        "mx1 300 IN A 203.0.113.11\n"
        "_25._tcp.mx1 300 IN TLSA 3 1 1 " + "ab" * 32 + "\n"
        "alias 300 IN CNAME mx1\n"
        "far 300 IN CNAME mx1.plain.test.\n"
        "bare 300 IN A 203.0.113.12\n"
        "*.wild 300 IN A 203.0.113.13\n"
        "moved 300 IN DNAME example.test.\n"
    )
    child = SignedZone(dns.name.from_text("example.test."), text, **options)
    plain = SignedZone(
        dns.name.from_text("plain.test."),
        "mx1 300 IN A 203.0.113.14\n_25._tcp.mx1 300 IN TLSA 3 1 1 " + "cd" * 32 + "\n",
        signed=False,
    )
    parent = SignedZone(
        dns.name.from_text("test."),
        "example 300 IN NS ns.example\nns.example 300 IN A 203.0.113.2\n"
        "plain 300 IN NS ns.plain\nns.plain 300 IN A 203.0.113.2\n",
        iterations=options.get("iterations"),
        opt_out=options.get("opt_out", False),
    )
    parent.add(child.origin, child.ds)
    return parent, child, plain
