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
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import Answer, Look
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import Record

with contextlib.suppress(ImportError):
    import dns.exception
    import dns.name
    import dns.rdatatype


@dataclass(frozen=True)
class Survey:
    """``base`` is the name whose certificate counts; ``hosts`` the answers for A and AAAA; ``insecure`` why senders do not use DANE.

    ``mx`` is the answer for the MX records of the domain, None without one.
    """

    base: str
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    hosts: tuple[Answer, ...]
    owner: str
    tlsa: Answer
    insecure: str | None
    records: tuple[Record, ...] = field(default=())
    mx: Answer | None = None

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
    wanted = [_shown(base), _shown(host), *([_shown(named(domain))] if domain else [])]
    return Survey(
        base=_shown(base),
        names=tuple(dict.fromkeys(wanted)),
        addresses=tuple(_addresses(hosts)),
        hosts=hosts,
        owner=_shown(tlsa.name),
        tlsa=tlsa,
        insecure=insecure,
        records=tuple(_records(tlsa)),
        mx=look.look(named(domain), dns.rdatatype.MX) if domain else None,
    )


def named(name: str) -> dns.name.Name:
    """A host name as the DNS has it. Raises InvalidInput."""
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


def _shown(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


__all__ = ["Survey", "named", "survey"]
