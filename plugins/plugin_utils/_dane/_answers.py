# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a look-up came to, whoever validated it: found, denied or failed, and whether that is secure."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import Message, RRset
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import (
    Failure,
    Resolver,
)

with contextlib.suppress(ImportError):
    import dns.name
    import dns.rdatatype

Status = t.Literal[
    "found", "nodata", "nxdomain", "bogus", "servfail", "refused", "timeout", "unreachable", "malformed"
]  # fmt: skip
MOST_ALIASES: t.Final = 10
_NXDOMAIN: t.Final = 3
#: DNSSEC Bogus, Signature Expired, Signature Not Yet Valid, DNSKEY Missing, RRSIGs Missing, No Zone Key Bit Set, NSEC Missing (RFC 8914).
_OF_DNSSEC: t.Final = frozenset((6, 7, 8, 9, 10, 11, 12))


@dataclass(frozen=True)
class Answer:
    """``name`` is where aliases led; ``secure`` is None where nobody who can be trusted said. ``ttl`` is that of the zone, where it shows."""

    status: Status
    secure: bool | None
    name: dns.name.Name
    rrset: RRset | None = None
    ttl: int | None = None
    reason: str | None = None

    @property
    def denied(self) -> bool:
        """Whether there is no such record."""
        return self.status in ("nodata", "nxdomain")

    @property
    def failed(self) -> bool:
        """Whether there is no answer that anybody could use."""
        return self.status != "found" and not self.denied


class Look(t.Protocol):
    """Looks up a name and a type."""

    def look(self, name: dns.name.Name, rdtype: int) -> Answer:
        """The records, or why there are none; never raises for what a server says."""


class ByResolver:
    """Believes the AD bit of a resolver that is trusted (RFC 4035 section 4.9.3)."""

    def __init__(self, resolver: Resolver, *, trusted: bool) -> None:
        self._resolver = resolver
        self._trusted = trusted

    def look(self, name: dns.name.Name, rdtype: int) -> Answer:
        found = self._resolver.ask(name, rdtype, unchecked=False)
        if isinstance(found, Failure):
            return self._failed(found, name, rdtype)
        secure, reason = self._judged(found)
        current = name
        for _alias in range(MOST_ALIASES):
            for rrset in found.answer:
                if rrset.name == current and rrset.rdtype == rdtype:
                    ttls = [one.original_ttl for one in rrset.signatures]
                    ttl = max(ttls, default=rrset.ttl)
                    return Answer("found", secure, current, rrset, ttl=ttl, reason=reason)
            alias, target = renamed(found, current)
            if alias is None:
                status: Status = "nxdomain" if found.rcode == _NXDOMAIN else "nodata"
                return Answer(status, secure, current, reason=reason)
            current = target
        return Answer("malformed", None, name, reason=f"{name} leads through too many aliases")

    def _judged(self, found: Message) -> tuple[bool | None, str | None]:
        """Whether an answer is secure, and why not. One that is signed is not insecure by a resolver that does not validate."""
        if not self._trusted:
            return None, "the resolver is not on loopback, so its word on DNSSEC is not taken"
        if found.authenticated:
            return True, None
        signed = any(one.signatures for one in (*found.answer, *found.authority))
        if signed and not self._validates():
            return (
                None,
                "the answer is signed, and the resolver validates nothing, not even the root",
            )
        return False, "the resolver did not authenticate the answer (no AD bit)"

    def _validates(self) -> bool:
        found = self._resolver.ask(dns.name.root, dns.rdatatype.SOA, unchecked=False)
        return isinstance(found, Message) and found.authenticated

    def _failed(self, failure: Failure, name: dns.name.Name, rdtype: int) -> Answer:
        """A resolver that fails, and answers when it is told not to validate, found the answer bogus."""
        if failure.status == "servfail":
            unchecked = self._resolver.ask(name, rdtype, unchecked=True)
            if not isinstance(unchecked, Failure) or _OF_DNSSEC & set(failure.errors):
                reason = f"{failure.reason}, and does answer when told not to validate"
                return Answer("bogus", None, name, reason=reason)
        return failed(failure, name)


def failed(failure: Failure, name: dns.name.Name) -> Answer:
    """The answer that a failure is."""
    return Answer(t.cast(Status, failure.status), None, name, reason=failure.reason)


def renamed(message: Message, name: dns.name.Name) -> tuple[RRset | None, dns.name.Name]:
    """The CNAME or DNAME set that gives a name another one, and that one; else None and the name itself.

    A DNAME above the name comes first, since the CNAME that is made from it is not signed (RFC 6672 section 3.1).
    """
    for one in message.answer:
        above = name != one.name and name.is_subdomain(one.name)
        if one.rdtype == dns.rdatatype.DNAME and above:
            prefix = name.relativize(one.name)
            try:
                return one, prefix.concatenate(one.rdatas[0].target)
            except dns.name.NameTooLong:
                return None, name
    for one in message.answer:
        if one.rdtype == dns.rdatatype.CNAME and one.name == name:
            return one, one.rdatas[0].target
    return None, name


__all__ = ["MOST_ALIASES", "Answer", "ByResolver", "Look", "Status", "failed", "renamed"]
