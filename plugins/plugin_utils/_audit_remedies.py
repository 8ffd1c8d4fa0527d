# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What to do about a finding, in the words of the mail server that it is about, where a host or a fleet has several kinds."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping

from ansible_collections.postmaster.tls.plugins.module_utils._findings import CATALOGUE
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._verdicts import REMEDIES

Data = Mapping[str, t.Any]
KINDS: t.Final = ("Postfix", "sendmail")
_SENDMAIL: t.Final = "sendmail"


def instances_of(facts: Data) -> list[tuple[str, Data]]:
    """Every mail server of a host, each with the name of its kind."""
    return [(kind, one) for kind in KINDS for one in facts.get(kind.lower()) or ()]


def kind_of(finding: Data, facts: Data) -> str | None:
    """The kind of mail server that a finding is about: by its place, or the port that was probed; None where that leaves it open."""
    instances = instances_of(facts)
    kinds = {kind for kind, _one in instances}
    if len(kinds) < 2:
        return next(iter(kinds), None)
    where = str(finding["where"])
    told = {kind for kind, one in instances if _is_at(where, one)}
    return told.pop() if len(told) == 1 else None


def _is_at(where: str, instance: Data) -> bool:
    places = [instance.get("config_directory"), instance.get("file")]
    if any(place and where.startswith(str(place)) for place in places):
        return True
    port = where.rpartition(":")[2]
    return any(
        str(one["port"]) == port
        for service in instance["services"]
        for one in service.get("listen") or ()
    )


def in_words_of(kind: str | None, finding: Data) -> str:
    """The remedy; that of the catalogue, as a probe has it, is the one for a Postfix."""
    code, remedy = finding["code"], str(finding["remedy"])
    usual = CATALOGUE[code].remedy if code in CATALOGUE else remedy
    return REMEDIES.get(code, remedy) if kind == _SENDMAIL and remedy == usual else remedy


def together(told: Mapping[str | None, Iterable[str]]) -> str:
    """One text for the remedies of a code by kind; several of one kind are those of hosts, so the usual one stands for them."""
    texts = {kind: " ".join(dict.fromkeys(remedies)) for kind, remedies in told.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return " ".join(f"{kind or 'Others'}: {text}" for kind, text in sorted(texts.items(), key=str))


def usual(code: str, kind: str | None, remedies: Iterable[str]) -> str:
    """The one remedy of all, or the usual one for the code."""
    told = list(dict.fromkeys(remedies))
    if len(told) == 1 or code not in CATALOGUE:
        return told[0]
    known = CATALOGUE[code].remedy
    return REMEDIES.get(code, known) if kind == _SENDMAIL else known


__all__ = ["KINDS", "in_words_of", "instances_of", "kind_of", "together", "usual"]
