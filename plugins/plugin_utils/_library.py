# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a release of OpenSSL can speak, as far as a plan has to know it before it asks the library itself.

Source: CHANGES.md of OpenSSL (1.0.0 ECDHE, 1.0.1 TLS 1.1 and 1.2, 1.0.2 brainpool, 1.1.0 ChaCha20, CCM, X25519 and no
SSLv2, SSLv3 and 3DES in default builds, 1.1.1 TLS 1.3 and X448, 3.0 FFDHE groups in TLS 1.3, 3.5 ML-KEM hybrids).
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

Release = tuple[int, int, int]

_PROTOCOLS: t.Final[tuple[tuple[Protocol, Release, Release | None], ...]] = (
    (Protocol.SSLv2, (0, 9, 0), (1, 1, 0)),
    (Protocol.SSLv3, (0, 9, 0), (1, 1, 0)),
    (Protocol.TLSv1, (0, 9, 0), None),
    (Protocol.TLSv1_1, (1, 0, 1), None),
    (Protocol.TLSv1_2, (1, 0, 1), None),
    (Protocol.TLSv1_3, (1, 1, 1), None),
)
_SUITE_MARKS: t.Final[tuple[tuple[str, Release], ...]] = (
    ("CHACHA20", (1, 1, 0)),
    ("_CCM", (1, 1, 0)),
    ("ARIA", (1, 1, 1)),
    ("_GCM", (1, 0, 1)),
    ("SHA256", (1, 0, 1)),
    ("SHA384", (1, 0, 1)),
    ("ECDHE", (1, 0, 0)),
)
_WEAK: t.Final = ("RC4", "3DES", "_DES_", "IDEA", "SEED", "EXPORT")
_GROUPS: t.Final[dict[str, tuple[str, Release]]] = {
    "secp256r1": ("prime256v1", (0, 9, 8)),
    "secp384r1": ("secp384r1", (0, 9, 8)),
    "secp521r1": ("secp521r1", (0, 9, 8)),
    "brainpoolP256r1": ("brainpoolP256r1", (1, 0, 2)),
    "brainpoolP384r1": ("brainpoolP384r1", (1, 0, 2)),
    "brainpoolP512r1": ("brainpoolP512r1", (1, 0, 2)),
    "x25519": ("X25519", (1, 1, 0)),
    "x448": ("X448", (1, 1, 1)),
    "ffdhe2048": ("ffdhe2048", (3, 0, 0)),
    "ffdhe3072": ("ffdhe3072", (3, 0, 0)),
    "ffdhe4096": ("ffdhe4096", (3, 0, 0)),
    "ffdhe6144": ("ffdhe6144", (3, 0, 0)),
    "ffdhe8192": ("ffdhe8192", (3, 0, 0)),
    "X25519MLKEM768": ("X25519MLKEM768", (3, 5, 0)),
    "SecP256r1MLKEM768": ("SecP256r1MLKEM768", (3, 5, 0)),
    "SecP384r1MLKEM1024": ("SecP384r1MLKEM1024", (3, 5, 0)),
}


@dataclass(frozen=True)
class LibraryRelease:
    """The OpenSSL of an MTA; a release of None, for LibreSSL too, is one of which nothing is known."""

    text: str
    release: Release | None

    @classmethod
    def parse(cls, text: str | None) -> LibraryRelease:
        found = re.search(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", text or "")
        if not text or not found or "libre" in text.lower():
            return cls(text or "an unknown OpenSSL", None)
        return cls(text, (int(found[1]), int(found[2]), int(found[3])))

    def at_least(self, release: Release) -> bool:
        """Whether it is this release or newer; an unknown one counts as new."""
        return self.release is None or self.release >= release

    @property
    def protocols(self) -> frozenset[Protocol] | None:
        if self.release is None:
            return None
        return frozenset(
            protocol
            for protocol, first, gone in _PROTOCOLS
            if first <= self.release and (gone is None or self.release < gone)
        )

    def has_suite(self, suite: Suite) -> bool:
        """Whether a default build has the suite."""
        needed = max(
            (first for mark, first in _SUITE_MARKS if mark in suite.iana), default=(0, 9, 0)
        )
        weak = any(mark in suite.iana for mark in _WEAK)
        return self.at_least(needed) and not (weak and self.at_least((1, 1, 0)))

    def group_name(self, group: str) -> str | None:
        """OpenSSL's name of a group of IANA's registry, or None if this release lacks the group."""
        name, first = _GROUPS.get(group, ("", (9, 0, 0)))
        return name if name and self.at_least(first) else None


__all__ = ["LibraryRelease", "Release"]
