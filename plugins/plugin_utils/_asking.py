# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Whom a sendmail asks for a certificate: the letter V of TLSSrvOptions, and of Srv_Features in the access map.

Other letters stay as they are. Of the entries that could be meant for a peer one alone counts: that of his name or of a
domain of it, else that of his address or of a network, else everybody's; so a new one begins with the letters of the one
that it hides. Source: "TLSSrvOptions" in doc/op/op.me of sendmail; srv_features, D and A in cf/m4/proto.m4.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._everybody import (
    Everybody,
    feature_words,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import (
    server_letters,
)

Data = Mapping[str, t.Any]
WHOM: t.Final = ("unchanged", "asked", "none")
_TAG: t.Final = "Srv_Features"
_NOT: t.Final = "V"
_EITHER: t.Final = "VR"
_LAST_PART: t.Final = re.compile(r"(?:::|[:.])[^:.]*$")


class _Entry(t.NamedTuple):
    """One entry: the peer as it is written, empty for everybody, and the words of the value."""

    peer: str
    words: tuple[str, ...]

    def asks(self, *, default: bool = True) -> bool:
        return Everybody(tuple(word[0] for word in self.words)).switched(_EITHER, default=default)

    def value(self, *, asks: bool) -> str | None:
        """The other letters, and whether it asks; None where nothing is left to be said."""
        others = [word for word in self.words if word[0].upper() not in _EITHER]
        return " ".join(others if asks else [*others, _NOT]) or None


Entries = Mapping[str, _Entry]


def asking_candidate(
    facts: Data, whom: str = "unchanged", exempt: Sequence[str] | None = None
) -> dict[str, dict[str, str | None]]:
    """The options and the entries of the access map by which everybody is asked, or nobody, and C(exempt) alone are not; None
    leaves the entries of single peers as they are. The entry for everybody does not say otherwise than C(whom).

    Raises InvalidInput for another word, and for a peer by whom sendmail looks nobody up.
    """
    if whom not in WHOM:
        raise InvalidInput(f"'{whom}' says not whom to ask: expected {', '.join(WHOM)}.")
    found = _entries(facts)
    access = {} if whom == "unchanged" and exempt is None else _of_everybody(found, whom)
    if exempt is not None:
        access.update(_of_peers(found, {_looked_up(peer).lower(): peer for peer in exempt}))
    return {"options": _options(facts, whom), "access": access}


def _options(facts: Data, whom: str) -> dict[str, str | None]:
    if whom == "unchanged":
        return {}
    texts = [
        service["parameters"].get("TLSSrvOptions", "")
        for instance in facts.get("sendmail") or ()
        for service in instance["services"]
        if service["direction"] == "inbound"
    ]
    text = texts[0] if texts else ""
    letters = server_letters(text)
    if (_NOT in letters) != (whom == "none"):
        others = [one for one in letters if one != _NOT]
        text = ",".join([*others, _NOT] if whom == "none" else others)
    return {"TLSSrvOptions": text or None}


def _entries(facts: Data) -> Entries:
    """By the peer in small letters; the first of several counts. What skips the map says what is said of everybody."""
    found: dict[str, _Entry] = {}
    for instance in facts.get("sendmail") or ():
        for one in instance.get("access_policies") or ():
            if one["tag"] == _TAG:
                entry = _Entry(one["peer"], feature_words(one["value"]))
                found.setdefault(entry.peer.lower(), entry)
    everybody = found.get("", _Entry("", ()))
    return {
        key: one._replace(words=everybody.words) if one.words == ("SKIP",) else one
        for key, one in found.items()
    }


def _of_everybody(found: Entries, whom: str) -> dict[str, str | None]:
    everybody, asked = found.get("", _Entry("", ())), whom != "none"
    if everybody.asks(default=asked) == asked:
        return {}
    return {f"{_TAG}:": everybody.value(asks=True)}


def _of_peers(found: Entries, wanted: Mapping[str, str]) -> dict[str, str | None]:
    changes: dict[str, str | None] = {}
    for key, entry in found.items():
        asks = not any(one in wanted for one in (key, *_around(key)))
        if key and entry.asks() != asks:
            changes[f"{_TAG}:{entry.peer}"] = entry.value(asks=asks)
    for key, peer in wanted.items():
        if key not in found:
            hidden = next((one for one in (*_around(key), "") if one in found), None)
            words = () if hidden is None else found[hidden].words
            changes[f"{_TAG}:{peer}"] = _Entry(peer, words).value(asks=False)
    return changes


def _around(key: str) -> Iterator[str]:
    """The networks of an address, or the domains of a name, the nearest first."""
    if ":" not in key and key.strip("0123456789."):
        while key := key.partition(".")[2]:
            yield key
    while (shorter := _LAST_PART.sub("", key)) != key:
        key = shorter
        yield key


def _looked_up(peer: str) -> str:
    """The peer, if sendmail looks anybody up so. Source: anynet_ntop() in sendmail/daemon.c."""
    try:
        address = ipaddress.IPv6Address(peer)
    except ValueError:
        return peer
    key = ":".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))
    raise InvalidInput(
        f"'{peer}' is no address as sendmail looks it up: write IPv6:{key}, or as its log has it."
    )


__all__ = ["WHOM", "asking_candidate"]
