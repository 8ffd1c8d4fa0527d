# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Signatures and keys of DNSSEC (RFC 4035 section 5), with bounds on the work that an answer can ask for."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import RRset

with contextlib.suppress(ImportError):
    import dns.dnssec
    import dns.exception
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdataset
    import dns.rdatatype

#: RSASHA256, RSASHA512, ECDSAP256SHA256, ECDSAP384SHA384, ED25519, ED448. Those with SHA-1 count as unknown (RFC 9905).
ALGORITHMS: t.Final = frozenset((8, 10, 13, 14, 15, 16))
#: SHA-256 and SHA-384 (RFC 4509, RFC 6605); SHA-1 counts as unknown (RFC 9905).
_DIGESTS: t.Final = {2: "SHA256", 4: "SHA384"}
_ZONE_KEY: t.Final = 0x0100
_REVOKED: t.Final = 0x0080
_MOST_SIGNATURES: t.Final = 8
_MOST_KEYS: t.Final = 4
_MOST_DNSKEYS: t.Final = 64


class Bogus(Exception):
    """Something is not signed as it has to be; the message says what."""


class TooMuchWork(Bogus):
    """The answers ask for more signatures to be verified than any sound zone does (CVE-2023-50387)."""


@dataclass
class Budget:
    """How many signatures may still be verified."""

    left: int = 200

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooMuchWork("the answers ask for too many signatures to be verified")


def verified(
    rrset: RRset,
    zone: dns.name.Name,
    keys: Sequence[t.Any],
    *,
    now: float,
    budget: Budget,
    wildcard: bool = False,
) -> t.Any:
    """The first signature of the zone that holds for a set at a time (seconds since 1970). Raises Bogus.

    One with fewer labels than the name was made for a ``wildcard``, and says nothing of the name unless the caller allows for that.
    """
    shown = f"{rrset.name} {dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rrset.rdtype))}"
    most = labels_of(rrset.name)
    least = 0 if wildcard else most
    own = [one for one in rrset.signatures if one.signer == zone and least <= one.labels <= most]
    reason = f"has no signature of {zone}"
    rdataset = dns.rdataset.from_rdata_list(rrset.ttl, list(rrset.rdatas))
    for signature in own[:_MOST_SIGNATURES]:
        if not signature.inception <= now <= signature.expiration:
            reason = f"has a signature that is not valid at this time ({_span(signature)})"
            continue
        fitting = [key for key in keys if _fits(key, signature)]
        if not fitting:
            reason = f"is signed with key {signature.key_tag}, which {zone} does not have"
        for key in fitting[:_MOST_KEYS]:
            budget.spend()
            if _holds(rrset.name, rdataset, signature, zone=zone, key=key, now=now):
                return signature
            reason = f"has a signature that does not hold (key {signature.key_tag} of {zone})"
    raise Bogus(f"{shown} {reason}")


def labels_of(name: dns.name.Name) -> int:
    """How many labels a signature for a name itself counts (RFC 4034 section 3.1.3)."""
    return len(name.labels) - (2 if name.is_wild() else 1)


def _span(signature: t.Any) -> str:
    words = signature.to_text().split()
    return f"from {words[5]} to {words[4]}"


def _fits(key: t.Any, signature: t.Any) -> bool:
    return bool(
        key.algorithm == signature.algorithm
        and key.algorithm in ALGORITHMS
        and key.protocol == 3
        and key.flags & _ZONE_KEY
        and dns.dnssec.key_id(key) == signature.key_tag
    )


def _holds(
    name: dns.name.Name,
    rdataset: dns.rdataset.Rdataset,
    signature: t.Any,
    *,
    zone: dns.name.Name,
    key: t.Any,
    now: float,
) -> bool:
    keys: dict[t.Any, t.Any] = {zone: dns.rdataset.from_rdata_list(0, [key])}
    try:
        dns.dnssec.validate_rrsig(
            (name, rdataset), signature, keys, now=now, policy=dns.dnssec.allow_all_policy
        )
    except Exception:
        # The library reads the key as it goes, and stumbles over some that are broken in ways of its own (IndexError, struct.error).
        return False
    return True


def trusted_keys(
    zone: dns.name.Name, dnskeys: RRset, anchors: Sequence[t.Any], *, now: float, budget: Budget
) -> list[t.Any]:
    """The keys of a zone, when a key that one of the DS or DNSKEY ``anchors`` is for has signed them. Raises Bogus."""
    served = dnskeys.rdatas[:_MOST_DNSKEYS]
    entries = [key for key in served if any(_anchored(zone, key, one) for one in anchors)]
    if not entries:
        raise Bogus(f"{zone} has no key that its parent or the trust anchor names")
    verified(dnskeys, zone, entries, now=now, budget=budget)
    return [key for key in served if key.flags & _ZONE_KEY and not key.flags & _REVOKED]


def known(anchors: Sequence[t.Any]) -> list[t.Any]:
    """Those DS and DNSKEY records whose algorithm and digest are known here; none makes a zone insecure (RFC 4035 section 5.2)."""
    return [
        one
        for one in anchors
        if one.algorithm in ALGORITHMS and getattr(one, "digest_type", 2) in _DIGESTS
    ]


def _anchored(zone: dns.name.Name, key: t.Any, anchor: t.Any) -> bool:
    if anchor.rdtype == dns.rdatatype.DNSKEY:
        return bool(key == anchor)
    if key.algorithm != anchor.algorithm or dns.dnssec.key_id(key) != anchor.key_tag:
        return False
    digest = _DIGESTS.get(anchor.digest_type)
    return digest is not None and bool(dns.dnssec.make_ds(zone, key, digest) == anchor)


def load_anchors(path: str) -> dict[dns.name.Name, list[t.Any]]:
    """DS and DNSKEY records by zone, from zone-file lines. Raises InvalidInput."""
    try:
        content = Path(path).read_text("utf-8", "replace")
    except OSError as error:
        raise InvalidInput(
            f"The trust anchor file {path} cannot be read ({error.strerror}): give a file on the controller."
        ) from error
    found: dict[dns.name.Name, list[t.Any]] = {}
    for line in _joined(content):
        words = line.split()
        kind = next((at for at, word in enumerate(words) if word.upper() in ("DS", "DNSKEY")), None)
        if not kind:
            continue
        try:
            zone = dns.name.from_text(words[0])
            rdtype = dns.rdatatype.from_text(words[kind])
            rdata = dns.rdata.from_text(
                dns.rdataclass.IN, rdtype, " ".join(words[kind + 1 :]), origin=dns.name.root
            )
        except (dns.exception.DNSException, ValueError) as error:
            raise InvalidInput(
                f"The trust anchor file {path} has a line that cannot be read ({line[:60]}): {error}."
            ) from error
        found.setdefault(zone, []).append(rdata)
    if not found:
        raise InvalidInput(f"The trust anchor file {path} has no DS or DNSKEY record.")
    return found


def _joined(content: str) -> list[str]:
    """The records of a file: comments are gone, and what stands in parentheses is one line."""
    lines = [line.partition(";")[0] for line in content.splitlines()]
    joined: list[str] = []
    depth = 0
    for line in lines:
        if depth:
            joined[-1] += " " + line
        else:
            joined.append(line)
        depth = max(0, depth + line.count("(") - line.count(")"))
    return [line.replace("(", " ").replace(")", " ") for line in joined]


__all__ = [
    "ALGORITHMS",
    "Bogus",
    "Budget",
    "known",
    "labels_of",
    "load_anchors",
    "trusted_keys",
    "verified",
]
