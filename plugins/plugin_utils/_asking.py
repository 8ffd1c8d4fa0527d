# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Whom a sendmail asks for a certificate: the letter V of TLSSrvOptions, and of Srv_Features in the access map.

Other letters stay as they are. Source: "TLSSrvOptions" in doc/op/op.me of sendmail, Srv_Features in cf/README.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._everybody import Everybody
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import (
    server_letters,
)

Data = Mapping[str, t.Any]
WHOM: t.Final = ("unchanged", "asked", "none")
_TAG: t.Final = "Srv_Features"
_NOT: t.Final = "V"


def asking_candidate(
    facts: Data, whom: str = "unchanged", exempt: Sequence[str] | None = None
) -> dict[str, dict[str, str | None]]:
    """The options and the entries of the access map by which everybody is asked, or nobody, and C(exempt) alone are not; None
    leaves the entries as they are.

    Raises InvalidInput for another word.
    """
    if whom not in WHOM:
        raise InvalidInput(f"'{whom}' says not whom to ask: expected {', '.join(WHOM)}.")
    access = {} if exempt is None else _entries(facts, exempt)
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


def _entries(facts: Data, exempt: Sequence[str]) -> dict[str, str | None]:
    wanted = {peer.lower(): peer for peer in exempt}
    found: dict[str, str | None] = {}
    known = set()
    for peer, value in _of_peers(facts):
        if peer.lower() in known:
            continue
        known.add(peer.lower())
        words = value.split()
        asked = Everybody(tuple(word[0] for word in words)).switched(_NOT, default=True)
        if asked == (peer.lower() in wanted):
            others = [word for word in words if word[0] not in "Vv"] + [_NOT] * asked
            found[f"{_TAG}:{peer}"] = " ".join(others) or None
    new = (peer for key, peer in wanted.items() if key not in known)
    return {**found, **{f"{_TAG}:{peer}": _NOT for peer in new}}


def _of_peers(facts: Data) -> Iterator[tuple[str, str]]:
    for instance in facts.get("sendmail") or ():
        for one in instance.get("access_policies") or ():
            if one["tag"] == _TAG and one["peer"]:
                yield one["peer"], one["value"]


__all__ = ["WHOM", "asking_candidate"]
