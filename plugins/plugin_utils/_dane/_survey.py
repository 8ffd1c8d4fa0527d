# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the DNS says of one mail server: its addresses, its TLSA records, and whether senders may rely on them (RFC 7672 section 2.2)."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import is_address
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import Answer, Look
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import Record

with contextlib.suppress(ImportError):
    import dns.exception
    import dns.name
    import dns.rdatatype

_HOSTS_SHOWN: t.Final = 5


@dataclass(frozen=True)
class Survey:
    """What was found: ``base`` is the name whose certificate counts, ``names`` are those that it may show (RFC 7672 section 3.2.2).

    ``hosts`` are the answers for A and AAAA, ``insecure`` is why senders do not use DANE, ``host`` the name that was asked about, ``mx`` the
    answer for the MX records of the ``domain``, and ``own_mx`` that for those of the host itself, looked up where it has no TLSA records.
    """

    host: str
    base: str
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    hosts: tuple[Answer, ...]
    owner: str
    tlsa: Answer
    insecure: str | None
    records: tuple[Record, ...] = field(default=())
    domain: str | None = None
    mx: Answer | None = None
    own_mx: Answer | None = None

    @property
    def missing(self) -> str | None:
        """Why there is no such mail server, where there are no TLSA records either."""
        if not self.tlsa.denied or not all(one.denied for one in self.hosts):
            return None
        return self.nowhere

    @property
    def nowhere(self) -> str | None:
        """Why there is no address to connect to."""
        if any(one.status == "found" for one in self.hosts):
            return None
        bad = next((one for one in self.hosts if one.failed), None)
        if bad is not None:
            return bad.reason or bad.status
        target = _shown(self.hosts[0].name)
        if any(one.status == "nxdomain" for one in self.hosts):
            return f"the name {target} does not exist (NXDOMAIN): look at how it is spelled here, and in the MX records"
        return (
            self.elsewhere
            or f"the name {target} has no address (neither A nor AAAA): look at its zone"
        )

    @property
    def elsewhere(self) -> str | None:
        """Where the mail for the name goes, if it is a domain and no mail server."""
        if self.own_mx is None or self.own_mx.status != "found":
            return None
        hosts = exchanges(self.own_mx)
        if self.host in hosts:
            return None
        if not any(hosts):
            return f"{self.host} is a domain that takes no mail (RFC 7505)"
        return f"{self.host} is a domain whose mail goes to {_few(hosts)}: ask for that name, as the TLSA records belong to it"

    @property
    def astray(self) -> str | None:
        """Where mail for the domain goes, if not to this server."""
        if self.mx is None or self.domain is None or self.mx.failed:
            return None
        if self.mx.status == "nxdomain":
            return f"the domain {self.domain} does not exist (NXDOMAIN)"
        hosts = exchanges(self.mx) if self.mx.status == "found" else (self.domain,)
        if {self.host, self.base} & set(hosts):
            return None
        if not any(hosts):
            return f"{self.domain} takes no mail (RFC 7505)"
        return f"mail for {self.domain} goes to {_few(hosts)}"

    @property
    def trouble(self) -> Answer | None:
        """The look-up that failed, so that senders have to keep the mail: the TLSA records first, then an address."""
        if self.tlsa.failed:
            return self.tlsa
        found = any(one.status == "found" for one in self.hosts)
        bad = [one for one in self.hosts if one.failed and (one.status == "bogus" or not found)]
        return bad[0] if bad else None

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Why the server may have more addresses than those that were found."""
        if not any(one.status == "found" for one in self.hosts):
            return ()
        return tuple(one.reason or one.status for one in self.hosts if one.failed)


def survey(look: Look, name: str, port: int, *, domain: str | None = None) -> Survey:
    """Look up one mail server; ``domain`` is the next-hop domain, which a certificate may name too. Raises InvalidInput."""
    host = named(name)
    hosts = tuple(look.look(host, kind) for kind in (dns.rdatatype.A, dns.rdatatype.AAAA))
    bases, insecure = _bases(look, host, hosts)
    tlsa, base = None, host
    for base in bases:
        tlsa = look.look(_tlsa_name(base, port), dns.rdatatype.TLSA)
        if tlsa.failed or (tlsa.status == "found" and tlsa.secure is not False):
            break
    if tlsa is None:
        base, tlsa = host, look.look(_tlsa_name(host, port), dns.rdatatype.TLSA)
    if insecure is None and tlsa.secure is False:
        insecure = tlsa.reason
    of_domain = named(domain) if domain else None
    mx = None if of_domain is None else look.look(of_domain, dns.rdatatype.MX)
    return Survey(
        host=_shown(host),
        base=_shown(base),
        names=tuple(dict.fromkeys((_shown(base), *_next_hop(of_domain, mx)))),
        addresses=tuple(_addresses(hosts)),
        hosts=hosts,
        owner=_shown(tlsa.name),
        tlsa=tlsa,
        insecure=insecure,
        records=tuple(_records(tlsa)),
        domain=None if of_domain is None else _shown(of_domain),
        mx=mx,
        own_mx=look.look(host, dns.rdatatype.MX) if tlsa.denied else None,
    )


def _next_hop(domain: dns.name.Name | None, mx: Answer | None) -> Iterator[str]:
    """The names of the mail domain that a certificate may show, after those where aliases lead; none if its MX records are not secure."""
    if domain is None or mx is None or (mx.status == "found" and mx.secure is False):
        return
    yield _shown(domain)
    if mx.status == "found":
        yield _shown(mx.name)


def exchanges(mx: Answer) -> tuple[str, ...]:
    """The hosts of MX records in the order of their names; an empty text is that of a domain that takes no mail (RFC 7505)."""
    rdatas = mx.rrset.rdatas if mx.rrset else ()
    return tuple(sorted({_shown(one.exchange).rstrip(".") for one in rdatas}))


def named(name: str) -> dns.name.Name:
    """A host name as the DNS has it. Raises InvalidInput, for an address too: DANE does not apply to one (RFC 7672 section 2.2)."""
    if is_address(name.strip(" []")):
        raise InvalidInput(
            f"{name!r} is an address, and TLSA records belong to a name: give the MX name, such as mx1.example.com."
        )
    try:
        found = dns.name.from_text(name.strip())
    except (dns.exception.DNSException, UnicodeError):
        found = dns.name.root
    if len(found.labels) < 2:
        raise InvalidInput(f"The name {name!r} is not a host name.")
    return found


def _bases(
    look: Look, host: dns.name.Name, hosts: Sequence[Answer]
) -> tuple[list[dns.name.Name], str | None]:
    """The TLSA base domains in the order of RFC 7672 section 2.2.3; none, and why, where senders do not look for TLSA records."""
    found = [one for one in hosts if one.status == "found"]
    if not found:
        return [host], None
    insecure = next((one for one in found if one.secure is False), None)
    target = found[0].name
    if insecure is None:
        return list(dict.fromkeys((target, host))), None
    if target != host:
        alias = look.look(host, dns.rdatatype.CNAME)
        if alias.status == "found" and alias.secure is not False:
            return [host], None
    return [], f"the addresses of {_shown(host)} are not secure: {insecure.reason}"


def _tlsa_name(base: dns.name.Name, port: int) -> dns.name.Name:
    try:
        return dns.name.from_text(f"_{port}._tcp", base)
    except dns.exception.DNSException:
        raise InvalidInput(f"The name {_shown(base)} is too long for TLSA records.") from None


def _addresses(hosts: Sequence[Answer]) -> Iterator[str]:
    for one in hosts:
        if one.rrset is not None:
            yield from (str(rdata.address) for rdata in one.rrset.rdatas)


def _records(tlsa: Answer) -> Iterator[Record]:
    if tlsa.rrset is not None:
        for rdata in sorted(tlsa.rrset.rdatas, key=lambda one: t.cast(bytes, one.data)):
            yield Record(rdata.data, tlsa.ttl)


def _few(hosts: Sequence[str]) -> str:
    more = len(hosts) - _HOSTS_SHOWN
    return ", ".join(hosts[:_HOSTS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _shown(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


__all__ = ["Survey", "exchanges", "named", "survey"]
