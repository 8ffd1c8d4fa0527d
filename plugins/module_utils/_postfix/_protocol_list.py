# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a Postfix protocol list means to a given release, and how a release spells a floor and a ceiling.

Source: tls_protocol_mask() and tls_proto_mask_lims() in src/tls/tls_misc.c, and the TLS_PROTOCOL_ and
TLS_KNOWN_PROTOCOLS macros in src/tls/tls.h, at the release tags 2.3.0 to 3.11.6.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._postfix._cipher_string import items
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import (
    PostfixVersion,
    Release,
    reached,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_OLD_NAMES: t.Final = (Protocol.SSLv2, Protocol.SSLv3, Protocol.TLSv1)
_MIDDLE_NAMES: t.Final = (Protocol.TLSv1_1, Protocol.TLSv1_2)
_INT_MAX: t.Final = 0x7FFFFFFF

# The first release of each line that has a change; the last one stands for every later line as well.
_EXCLUSIONS: t.Final[tuple[Release, ...]] = ((2, 5, 0),)
_NAMES_TLS12: t.Final[tuple[Release, ...]] = (
    (2, 6, 15),
    (2, 7, 9),
    (2, 8, 10),
    (2, 9, 2),
    (2, 10, 0),
)
_NAMES_ALWAYS: t.Final[tuple[Release, ...]] = ((3, 0, 0),)
_KNOWS_TLS13: t.Final[tuple[Release, ...]] = (
    (3, 0, 14),
    (3, 1, 10),
    (3, 2, 7),
    (3, 3, 2),
    (3, 4, 0),
)
_BOUNDS: t.Final[tuple[Release, ...]] = ((3, 6, 0),)


@dataclass(frozen=True)
class ProtocolList:
    """The meaning of one list: what stays allowed, and what is odd about the way it says so.

    With an `invalid` word Postfix switches TLS off or aborts the session, so nothing is allowed.
    """

    protocols: frozenset[Protocol]
    mixed: bool = False
    invalid: str | None = None
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    blank_bound: bool = False


def _spoken(
    version: PostfixVersion, library: t.Collection[Protocol] | None
) -> t.Collection[Protocol]:
    """What the library speaks: where nobody knows, anything, but SSLv2 only before OpenSSL 1.1.1 is required."""
    if library is not None:
        return library
    return [p for p in Protocol if p > Protocol.SSLv2 or not reached(version, _BOUNDS)]


def names(
    version: PostfixVersion, library: t.Collection[Protocol] | None = None
) -> dict[str, bool]:
    """The protocol names that this release accepts, lower case, and whether each of them has an effect."""
    known = {protocol.label.lower(): True for protocol in _OLD_NAMES}
    known[Protocol.SSLv2.label.lower()] = Protocol.SSLv2 in _spoken(version, library)
    for protocol in _MIDDLE_NAMES:
        in_library = library is None or protocol in library
        if reached(version, _NAMES_ALWAYS) or (reached(version, _NAMES_TLS12) and in_library):
            known[protocol.label.lower()] = in_library
    if reached(version, _NAMES_ALWAYS):
        in_library = library is None or Protocol.TLSv1_3 in library
        known[Protocol.TLSv1_3.label.lower()] = reached(version, _KNOWS_TLS13) and in_library
    return known


def _bound(word: str) -> tuple[bool, Protocol | None]:
    """A floor or ceiling as parse_tls_version() reads it: valid or not, and the protocol if it is one."""
    if word.lower() == "none" or not word:
        return True, None
    if word.lower() != Protocol.SSLv2.label.lower():
        try:
            return True, Protocol.from_label(_canonical(word))
        except (KeyError, ValueError):
            pass
    if not re.fullmatch(r"\+?(?:0[xX])?[0-9a-fA-F]+", word) or int(word, 16) > _INT_MAX:
        return False, None
    code = int(word, 16)
    return True, Protocol(code) if code in set(Protocol) and code != Protocol.SSLv2 else None


def _canonical(word: str) -> str:
    labels = {protocol.label.lower(): protocol.label for protocol in Protocol}
    return labels.get(word.lower(), word)


class _Reader:
    """One pass over the words of a list, as the loop in tls_proto_mask_lims() makes it."""

    def __init__(self, version: PostfixVersion, library: t.Collection[Protocol] | None) -> None:
        self.accepted = names(version, library)
        self.bounds = reached(version, _BOUNDS)
        self.exclusions = reached(version, _EXCLUSIONS)
        self.included: list[str] = []
        self.excluded: list[str] = []
        self.floor: Protocol | None = None
        self.ceiling: Protocol | None = None
        self.blank_bound = False

    def take(self, word: str) -> bool:
        """False when this release does not understand the word."""
        if self.bounds and word[:2] in (">=", "<="):
            valid, protocol = _bound(word[2:])
            self.blank_bound = self.blank_bound or not word[2:]
            if word[:2] == ">=":
                self.floor = protocol
            else:
                self.ceiling = protocol
            return valid
        if word.startswith("!") and self.exclusions:
            self.excluded.append(_canonical(word[1:]))
            return word[1:].lower() in self.accepted
        self.included.append(_canonical(word))
        return word.lower() in self.accepted

    def effective(self, listed: list[str]) -> set[Protocol]:
        return {Protocol.from_label(name) for name in listed if self.accepted[name.lower()]}


def understand(
    value: str, version: PostfixVersion, *, library: t.Collection[Protocol] | None = None
) -> ProtocolList:
    """What `value` allows on this release; `library` is what its OpenSSL can speak (None: anything).

    An included name excludes every known name that is not included; a protocol that this release does not know
    stays allowed. A bound that OpenSSL does not know is no bound, as in tls_server_init().
    """
    reader = _Reader(version, library)
    for word in items(value):
        if not reader.take(word):
            return ProtocolList(frozenset(), invalid=word)
    include = reader.effective(reader.included)
    exclude = reader.effective(reader.excluded)
    if include:
        known = {
            Protocol.from_label(_canonical(name)) for name, acts in reader.accepted.items() if acts
        }
        exclude |= known - include
    allowed = frozenset(
        protocol
        for protocol in _spoken(version, library)
        if protocol not in exclude
        and (reader.floor is None or protocol >= reader.floor)
        and (reader.ceiling is None or protocol <= reader.ceiling)
    )
    return ProtocolList(
        protocols=allowed,
        mixed=bool(reader.included and reader.excluded),
        included=tuple(reader.included),
        excluded=tuple(reader.excluded),
        blank_bound=reader.blank_bound,
    )


def spell(
    minimum: Protocol,
    maximum: Protocol | None,
    version: PostfixVersion,
    *,
    library: t.Collection[Protocol] | None = None,
) -> str:
    """The list without blanks by which this release comes nearest to `minimum` and `maximum` (None: no ceiling)."""
    if reached(version, _BOUNDS):
        floor = f">={minimum.label}" if minimum > Protocol.SSLv2 else ""
        ceiling = "" if maximum is None else f"<={max(maximum, Protocol.SSLv3).label}"
        return ",".join(filter(None, (floor, ceiling)))
    known = [Protocol.from_label(_canonical(name)) for name in names(version, library)]
    outside = [p for p in known if p < minimum or (maximum is not None and p > maximum)]
    if reached(version, _EXCLUSIONS):
        return ",".join(f"!{protocol.label}" for protocol in outside)
    inside = [protocol for protocol in known if protocol not in outside] or known[-1:]
    return ",".join(protocol.label for protocol in inside)


__all__ = ["ProtocolList", "names", "spell", "understand"]
