# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""DNSSEC validated here, from a trust anchor down to an answer (RFC 4035 section 5), through servers that need not be trusted."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import (
    MOST_ALIASES,
    Answer,
    failed,
    renamed,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._denial import (
    Proof,
    expanded,
    proof,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import Message, RRset
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import Failure
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._signatures import (
    Bogus,
    Budget,
    known,
    labels_of,
    trusted_keys,
    verified,
)

with contextlib.suppress(ImportError):
    import dns.name
    import dns.rdatatype

Ask = Callable[["dns.name.Name", int], Message | Failure]
_NS: t.Final = 2
_NXDOMAIN: t.Final = 3


class _NotDetermined(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True)
class Zone:
    """A zone that is secure and has these keys, or everything below a point where there is none: ``insecure`` says why."""

    name: dns.name.Name
    keys: tuple[t.Any, ...] = ()
    insecure: str | None = None


class Validator:
    """Looks names up, and says of each answer whether it is secure."""

    def __init__(
        self,
        ask: Ask,
        anchors: Mapping[dns.name.Name, Sequence[t.Any]],
        *,
        now: float,
        budget: Budget | None = None,
    ) -> None:
        self._ask = ask
        self._anchors = anchors
        self._now = now
        self._budget = budget or Budget()
        self._zones: dict[dns.name.Name, Zone] = {}

    def look(self, name: dns.name.Name, rdtype: int) -> Answer:
        """The records of a name and a type, through aliases."""
        try:
            return self._followed(name, rdtype)
        except Bogus as error:
            return Answer("bogus", None, name, reason=str(error))
        except _NotDetermined as error:
            return failed(error.failure, name)

    def _followed(self, name: dns.name.Name, rdtype: int) -> Answer:
        current, insecure = name, None
        message = self._answer(name, rdtype)
        for _alias in range(MOST_ALIASES):
            found = _set_of(message, current, rdtype)
            if found is not None:
                zone = self._zone_for(current, [found])
                reason, ttl = self._proved(found, zone, message)
                insecure = insecure or reason
                return Answer("found", insecure is None, current, found, ttl=ttl, reason=insecure)
            alias, target = renamed(message, current)
            if alias is None:
                return self._denied(message, current, rdtype, insecure=insecure)
            holder = self._zone_for(alias.name, [alias])
            insecure = insecure or self._proved(alias, holder, message)[0]
            current = target
            if not any(one.name == current for one in message.answer):
                message = self._answer(current, rdtype)
        raise _NotDetermined(Failure("malformed", f"{name} leads through too many aliases"))

    def _answer(self, name: dns.name.Name, rdtype: int) -> Message:
        found = self._ask(name, rdtype)
        if isinstance(found, Failure):
            raise _NotDetermined(found)
        return found

    def _proved(self, found: RRset, zone: Zone, message: Message) -> tuple[str | None, int]:
        """Raise Bogus unless a set is signed as it must be; return why it is insecure all the same, and for how long caches may keep it.

        That is what its zone says, by a signature that holds, whatever is left of it in this answer.
        """
        if zone.insecure:
            return zone.insecure, found.ttl
        signature = verified(
            found, zone.name, zone.keys, now=self._now, budget=self._budget, wildcard=True
        )
        ttl = int(signature.original_ttl)
        if signature.labels == labels_of(found.name):
            return None, ttl
        proved = expanded(self._denials(message, zone), zone.name, found.name, signature.labels)
        if proved is False:
            raise Bogus(f"{found.name} comes from a wildcard, without proof that it had to")
        return None if proved else f"{zone.name} leaves unsigned names out (opt-out)", ttl

    def _denied(
        self, message: Message, name: dns.name.Name, rdtype: int, *, insecure: str | None
    ) -> Answer:
        status: t.Literal["nxdomain", "nodata"] = (
            "nxdomain" if message.rcode == _NXDOMAIN else "nodata"
        )
        zone = self._zone_for(name, message.authority)
        if zone.insecure:
            return Answer(status, False, name, reason=insecure or zone.insecure)
        found = self._proof(message, zone, name, rdtype)
        if found.kind == "insecure":
            insecure = insecure or f"{zone.name} leaves unsigned names out (opt-out)"
        elif found.kind != status and status == "nxdomain":
            raise Bogus(f"{zone.name} says that {name} does not exist, and proves that it does")
        return Answer(status, insecure is None, name, reason=insecure)

    def _proof(self, message: Message, zone: Zone, name: dns.name.Name, rdtype: int) -> Proof:
        found = proof(self._denials(message, zone), zone.name, name, rdtype)
        if found is None:
            shown = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))
            raise Bogus(f"{zone.name} has no proof that {name} has no {shown} record")
        return found

    def _denials(self, message: Message, zone: Zone) -> list[RRset]:
        """The NSEC and NSEC3 sets of an answer that are of this zone, and signed at their own names. Raises Bogus."""
        kinds = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
        sets = [
            one
            for one in (*message.authority, *message.answer)
            if one.rdtype in kinds and any(each.signer == zone.name for each in one.signatures)
        ]
        for one in sets:
            verified(one, zone.name, zone.keys, now=self._now, budget=self._budget)
        return sets

    def _zone_for(self, name: dns.name.Name, sets: Sequence[RRset]) -> Zone:
        """The zone that says to have signed what there is at a name; without a signature, the zone that the name is in."""
        signers = (signature.signer for one in sets for signature in one.signatures)
        signer = next((one for one in signers if name.is_subdomain(one)), None)
        if signer is not None:
            zone = self._zone_of(signer)
            if zone.insecure or zone.name == signer:
                return zone
        return self._zone_of(name)

    def _zone_of(self, name: dns.name.Name) -> Zone:
        """The zone that a name belongs to, found from its trust anchor downward."""
        above = [zone for zone in self._anchors if name.is_subdomain(zone)]
        if not above:
            return Zone(dns.name.root, insecure=f"no trust anchor is for a zone above {name}")
        anchor = max(above, key=lambda zone: len(zone.labels))
        if anchor not in self._zones:
            self._zones[anchor] = self._entered(anchor, self._anchors[anchor])
        zone = self._zones[anchor]
        for labels in range(len(anchor.labels) + 1, len(name.labels) + 1):
            if zone.insecure:
                return zone
            child = dns.name.Name(name.labels[-labels:])
            if child not in self._zones:
                self._zones[child] = self._below(zone, child)
            zone = self._zones[child]
        return zone

    def _entered(self, name: dns.name.Name, anchors: Sequence[t.Any]) -> Zone:
        usable = known(anchors)
        if not usable:
            return Zone(name, insecure=f"{name} is signed with algorithms that are not known here")
        message = self._answer(name, dns.rdatatype.DNSKEY)
        found = _set_of(message, name, dns.rdatatype.DNSKEY)
        if found is None:
            raise Bogus(f"{name} has no keys, although its parent or the trust anchor names some")
        keys = trusted_keys(name, found, usable, now=self._now, budget=self._budget)
        return Zone(name, tuple(keys))

    def _below(self, zone: Zone, child: dns.name.Name) -> Zone:
        """The zone that a child of a secure zone is in: its own, or that one still."""
        message = self._answer(child, dns.rdatatype.DS)
        found = _set_of(message, child, dns.rdatatype.DS)
        if found is not None:
            verified(found, zone.name, zone.keys, now=self._now, budget=self._budget)
            return self._entered(child, found.rdatas)
        if renamed(message, child)[0] is not None:
            return zone
        proved = self._proof(message, zone, child, dns.rdatatype.DS)
        if proved.kind == "insecure":
            return Zone(child, insecure=f"{child} may be an unsigned delegation of {zone.name}")
        if proved.kind == "nodata" and _NS in proved.types:
            return Zone(child, insecure=f"{zone.name} delegates {child} without a DS record")
        return zone


def _set_of(message: Message, name: dns.name.Name, rdtype: int) -> RRset | None:
    return next((one for one in message.answer if one.name == name and one.rdtype == rdtype), None)


__all__ = ["Ask", "Validator"]
