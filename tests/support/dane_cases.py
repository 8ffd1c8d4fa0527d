# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLSA record sets times chains, each named by what is right or wrong with it, to be judged by several tools."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ansible_collections.postmaster.tls.tests.support.authority import Signed, sign
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

MX = "mx1.example.test"
DOMAIN = "example.test"


def data_of(signed: Signed, selector: int, matching_type: int) -> bytes:
    """The certificate association data that belongs to a certificate."""
    own = signed.der
    if selector == 1:
        public = signed.key.public_key()
        own = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if matching_type == 0:
        return own
    return hashlib.new({1: "sha256", 2: "sha512"}[matching_type], own).digest()


def record(usage: int, selector: int, matching_type: int, signed: Signed) -> str:
    return f"{usage} {selector} {matching_type} {data_of(signed, selector, matching_type).hex()}"


@dataclass(frozen=True)
class Served:
    """What one server shows: its chain, and of which certificates records can be made."""

    leaf: Signed
    chain: tuple[Signed, ...]
    middle: Signed
    root: Signed

    @property
    def key_pem(self) -> str:
        return self.leaf.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode()


def chains(now: datetime | None = None) -> dict[str, Served]:
    """The chains by what is special about them."""
    now = now or datetime.now(UTC)
    day = timedelta(days=1)
    dates = {"begin": now - 10 * day, "end": now + 80 * day}
    gone = {"begin": now - 80 * day, "end": now - day}
    root = sign("Root", ca=True, **dates)
    middle = sign("Middle", root, ca=True, **dates)
    leaf = sign(MX, middle, names=[MX], **dates)
    found = {
        "whole": Served(leaf, (leaf, middle, root), middle, root),
        "usual": Served(leaf, (leaf, middle), middle, root),
        "alone": Served(leaf, (leaf,), middle, root),
        "without-middle": Served(leaf, (leaf, root), middle, root),
        "unordered": Served(leaf, (leaf, root, middle), middle, root),
        "stranger-between": Served(leaf, (leaf, sign("Else", ca=True, **dates), middle, root), middle, root),
    }  # fmt: skip

    def by(name: str, own: Signed, above: Signed = middle, top: Signed = root) -> None:
        found[name] = Served(own, (own, above, top), above, top)

    by("expired", sign(MX, middle, names=[MX], **gone))
    by("not-yet-valid", sign(MX, middle, names=[MX], begin=now + day, end=now + 9 * day))
    by("other-name", sign("other.example.test", middle, names=["other.example.test"], **dates))
    by("next-hop-name", sign(DOMAIN, middle, names=[DOMAIN], **dates))
    by("wildcard", sign("any", middle, names=["*.example.test"], **dates))
    by("wide-wildcard", sign("any", middle, names=["*.test"], **dates))
    by("common-name-only", sign(MX, middle, **dates))
    by("common-name-beside-other", sign(MX, middle, names=["other.example.test"], **dates))
    by("for-clients", sign(MX, middle, names=[MX], usage=ExtendedKeyUsageOID.CLIENT_AUTH, **dates))
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    by("rsa", sign(MX, middle, names=[MX], key=rsa_key, **dates))
    late = sign("Late middle", root, ca=True, **gone)
    by("expired-middle", sign(MX, late, names=[MX], **dates), late)
    plain = sign("No authority", root, **dates)
    by("middle-is-no-authority", sign(MX, plain, names=[MX], **dates), plain)
    old = sign("Old root", ca=True, **gone)
    under = sign("Under old", old, ca=True, **dates)
    by("expired-root", sign(MX, under, names=[MX], **dates), under, old)
    short = sign("Short root", ca=True, path_length=0, **dates)
    deep = sign("Deep", short, ca=True, **dates)
    by("path-too-long", sign(MX, deep, names=[MX], **dates), deep, short)
    own = sign(MX, names=[MX], **dates)
    found["self-signed"] = Served(own, (own,), own, own)
    found["self-signed-authority"] = _self_signed_authority(dates)
    forged = sign("Middle", sign("Root", ca=True, **dates), ca=True, **dates)
    found["forged-middle"] = Served(leaf, (leaf, forged, root), forged, root)
    return found


def _self_signed_authority(dates: dict[str, datetime]) -> Served:
    own = sign(MX, ca=True, names=[MX], **dates)
    return Served(own, (own,), own, own)


def record_sets(served: Served, other: Signed) -> dict[str, tuple[str, ...]]:
    """Record sets for a chain, by name; ``other`` is a certificate that has nothing to do with it."""
    leaf, middle, root = served.leaf, served.middle, served.root
    single = {
        f"{usage}-{selector}-{matching}-{name}": (record(usage, selector, matching, signed),)
        for usage, name, signed in (
            (3, "leaf", leaf),
            (2, "middle", middle),
            (2, "root", root),
        )
        for selector in (0, 1)
        for matching in (0, 1, 2)
    }
    wrong = record(3, 1, 1, other)
    return {
        **single,
        "stale": (wrong,),
        "current-and-next": (record(3, 1, 1, leaf), wrong),
        "ee-names-middle": (record(3, 1, 1, middle),),
        "ta-names-leaf": (record(2, 0, 1, leaf),),
        "ta-names-leaf-key": (record(2, 1, 1, leaf),),
        "stronger-digest-is-stale": (record(3, 1, 1, leaf), record(3, 1, 2, other)),
        "weaker-digest-is-stale": (record(3, 1, 1, other), record(3, 1, 2, leaf)),
        "full-beside-stale-digest": (record(3, 1, 0, leaf), record(3, 1, 2, other)),
        "other-selector-is-stale": (record(3, 1, 1, leaf), record(3, 0, 2, other)),
        "ta-digest-is-stale": (record(2, 0, 1, root), record(2, 0, 2, other)),
        "stale-and-issuer": (wrong, record(2, 0, 1, root)),
        "pkix-only": (record(0, 0, 1, root), record(1, 1, 1, leaf)),
        "pkix-beside-current": (record(1, 1, 1, other), record(3, 1, 1, leaf)),
        "unknown-selector": (f"3 2 1 {'00' * 32}", wrong),
        "unknown-matching": (f"3 1 7 {'00' * 32}", record(3, 1, 1, leaf)),
        "unknown-usage": (f"9 1 1 {'00' * 32}", record(3, 1, 1, leaf)),
        "short-digest": (f"3 1 1 {'00' * 31}", record(3, 1, 1, leaf)),
        "long-digest-is-no-stronger": (f"3 1 2 {'00' * 32}", record(3, 1, 1, leaf)),
        "octet-behind-certificate": (record(3, 0, 0, leaf) + "00", wrong),
        "not-a-certificate": (f"2 0 0 {'30' * 20}", wrong),
        "only-unusable": (f"3 1 1 {'00' * 20}", f"3 0 0 {'30' * 20}", f"4 1 1 {'00' * 32}"),
    }  # fmt: skip
