# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of the lab's zones: a signed chain from the root, and zones that fail in one way each."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

TTL = 5
NAME_SERVER = "ns1.example.test."
WRONG = "0123456789abcdef" * 4
NOBODY = 60
# A zone that the server signs with keys of its own; the parent has its DS unless said otherwise.
SIGNED = (".", "test", "example.test", "malformed.test", "nsec3.test", "optout.test")
WRONG_KEY = "wrongkey.test"
EXPIRED = "expired.test"
UNSIGNED = ("insecure.test", "child.optout.test", "unknown.test")
MALFORMED = {
    "short": rf"3 1 1 {WRONG[:-2]}",
    "long": rf"3 1 1 {WRONG}00",
    "sha512-short": rf"3 1 2 {WRONG}",
    "usage9": rf"9 1 1 {WRONG}",
    "selector9": rf"3 9 1 {WRONG}",
    "matching9": rf"3 1 9 {WRONG}",
}
MALFORMED_BYTES = {"empty": "030101", "truncated": "0301"}


@dataclass(frozen=True)
class Facts:
    """What the zones tell of the lab: addresses, and digests of what mx1 and the sendmail serve and of their issuer."""

    name_server: tuple[str, str]
    second_server: tuple[str, str]
    mail_server: tuple[str, str]
    sendmail: tuple[str, tuple[str, str]]
    nobody: str
    served: tuple[str, ...]
    served_by_sendmail: tuple[str, ...]
    issuer: str

    def host(self, name: str, records: t.Sequence[str] = ()) -> list[str]:
        """Return the lines of a name with the addresses of mx1 and these TLSA records."""
        return [*_addresses(name, self.mail_server), *(_tlsa(name, text) for text in records)]

    @property
    def right(self) -> list[str]:
        """Return the records that match every certificate that mx1 serves."""
        return [f"3 1 1 {digest}" for digest in self.served]


def texts(facts: Facts) -> dict[str, str]:
    """Return the unsigned text of every zone, by its name."""
    zones = {
        ".": ["test. NS " + NAME_SERVER, *_addresses(NAME_SERVER, facts.name_server)],
        "test": _test(facts),
        "example.test": _example(facts),
        "malformed.test": _malformed(facts),
        "optout.test": ["child NS " + NAME_SERVER],
    }
    for name in ("nsec3.test", WRONG_KEY, EXPIRED, *UNSIGNED):
        zones[name] = []
    return {name: "\n".join([*_head(name, facts), *lines]) + "\n" for name, lines in zones.items()}


def _head(name: str, facts: Facts) -> list[str]:
    origin = name if name == "." else f"{name}."
    head = [f"$ORIGIN {origin}", f"$TTL {TTL}"]
    head.append(f"@ SOA {NAME_SERVER} postmaster.example.test. 1 {TTL} {TTL} 3600 {TTL}")
    head.append(f"@ NS {NAME_SERVER}")
    if name in (".", "test", "example.test"):
        return head
    return [*head, "@ MX 10 mx", *facts.host("mx", facts.right)]


def _test(facts: Facts) -> list[str]:
    lines = ["example NS ns2.example.test.", f"ns2.example {_a(facts.second_server)}"]
    zones = ("example", "malformed", "nsec3", "optout", "wrongkey", "expired", "insecure")
    lines += [f"{zone} NS {NAME_SERVER}" for zone in zones]
    lines += _addresses(NAME_SERVER, facts.name_server)
    lines += [f"unknown NS {NAME_SERVER}", f"unknown DS 12345 200 2 {WRONG}"]
    lines += [f"refused NS {NAME_SERVER}"]
    lines += ["silent NS ns.silent", f"ns.silent A {facts.nobody}"]
    return lines


def _example(facts: Facts) -> list[str]:
    stale = [f"3 1 1 {WRONG}"]
    return [
        "@ NS ns2",
        *_addresses("ns1", facts.name_server),
        *_addresses("ns2", facts.second_server),
        "@ MX 10 mx1",
        *facts.host("mx1", facts.right),
        *_sendmail(facts),
        *facts.host("absent"),
        *facts.host("stale", stale),
        *facts.host("half", [*stale, f"3 1 1 {facts.served[0]}"]),
        *facts.host("pkix", [f"1 1 1 {facts.served[0]}"]),
        *facts.host("issuer", [f"2 1 1 {facts.issuer}"]),
        "alias CNAME mx1",
        *facts.host("tlsa-alias"),
        "_25._tcp.tlsa-alias CNAME _25._tcp.mx1",
        *facts.host("tlsa-insecure-alias"),
        "_25._tcp.tlsa-insecure-alias CNAME _25._tcp.mx.insecure.test.",
        *facts.host("tlsa-loop"),
        "_25._tcp.tlsa-loop CNAME there.tlsa-loop",
        "there.tlsa-loop CNAME _25._tcp.tlsa-loop",
        *facts.host("tlsa-silent"),
        "_25._tcp.tlsa-silent CNAME _25._tcp.mx.silent.test.",
    ]


def _sendmail(facts: Facts) -> list[str]:
    """A mail domain of its own, whose records are right."""
    name, addresses = facts.sendmail
    records = (_tlsa(name, f"3 1 1 {digest}") for digest in facts.served_by_sendmail)
    return [f"{name} MX 10 {name}", *_addresses(name, addresses), *records]


def _malformed(facts: Facts) -> list[str]:
    lines = []
    for name, record in MALFORMED.items():
        lines += facts.host(name, [record])
    for name, content in MALFORMED_BYTES.items():
        lines += [*facts.host(name), rf"_25._tcp.{name} TYPE52 \# {len(content) // 2} {content}"]
    return [*lines, *facts.host("mixed", [*MALFORMED.values(), *facts.right])]


def _addresses(name: str, pair: tuple[str, str]) -> list[str]:
    return [f"{name} {_a(pair)}", f"{name} AAAA {pair[1]}"]


def _a(pair: tuple[str, str]) -> str:
    return f"A {pair[0]}"


def _tlsa(name: str, record: str) -> str:
    return f"_25._tcp.{name} TLSA {record}"
