# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Why a change is refused, one sentence for each cause, however many services it would hit."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.plugin_utils._certificate_names import same_name
from ansible_collections.postmaster.tls.plugins.plugin_utils._variables import listed

Data = Mapping[str, t.Any]
_HARMFUL: t.Final = ("critical", "high")
_NAME: t.Final = "certificate-name-mismatch"
#: What nobody asks of the certificate of a client.
_OF_SERVERS: t.Final = (_NAME, "certificate-not-for-servers")
#: Who gets to see a certificate, from few to many: the servers that mail goes to, users who submit, every sender.
_RECEIVERS, _USERS, _SENDERS = range(3)


def change_refusals(
    before: Data,
    after: Data,
    plan: Sequence[Data] = (),
    *,
    mx_name: str = "",
    accepted: Collection[str] = (),
) -> list[str]:
    """Sentences on what forbids to go from some facts to predicted ones; ``plan`` are the findings of the plan.

    Refused is what is critical then, and what ``certificate_refusals`` says. ``accepted`` are codes with which to go on, as
    a list or with commas.
    """
    brought = [*_brought(before, after, mx_name)]
    critical = [
        one for one in (*plan, *(after.get("findings") or ())) if one["severity"] == "critical"
    ]
    return _told([*brought, *critical], after, accepted)


def certificate_refusals(
    before: Data, after: Data, *, mx_name: str = "", accepted: Collection[str] = ()
) -> list[str]:
    """Sentences on what makes a certificate that the change brings unusable, or of no use to senders that verify.

    These are findings of high severity or worse, and a name of an MX record that it does not cover. What was found of the
    same certificate before is no fault of the change, unless more get to see it. What is asked of servers only is not asked of a
    certificate that no inbound service has.
    """
    return _told(_brought(before, after, mx_name), after, accepted)


def _brought(before: Data, after: Data, mx_name: str) -> Iterator[Data]:
    known: dict[tuple[str, str], int] = {}
    for one, finding, seen in _found(before):
        cause = (_identity(one), finding["code"])
        known[cause] = max(seen, known.get(cause, seen))
    for one, finding, seen in _found(after):
        code = finding["code"]
        if known.get((_identity(one), code), -1) >= seen:
            continue
        if code in _OF_SERVERS and seen == _RECEIVERS:
            continue
        uncovered = code == _NAME and mx_name and not _covers(one, mx_name)
        if finding["severity"] in _HARMFUL or uncovered:
            yield {"where": one["file"], **finding}


def _found(facts: Data) -> Iterator[tuple[Data, Data, int]]:
    """Each certificate with each of its findings, and who gets to see it: everybody, where no service is known to have it."""
    seen = _seen(facts)
    for one in facts.get("certificates") or ():
        for finding in one.get("findings") or ():
            yield one, finding, seen.get(one["file"], _SENDERS)


def _seen(facts: Data) -> dict[str, int]:
    found: dict[str, int] = {}
    for instance in (*(facts.get("postfix") or ()), *(facts.get("sendmail") or ())):
        for service in instance["services"]:
            others = _SENDERS if service["lane"] == "mx" else _USERS
            seen = others if service["direction"] == "inbound" else _RECEIVERS
            for holder in (service, *service.get("server_names", ())):
                for file in holder.get("certificate_files") or ():
                    found[file] = max(seen, found.get(file, seen))
    return found


def _identity(certificate: Data) -> str:
    return str(certificate.get("sha256") or certificate["file"])


def _covers(certificate: Data, name: str) -> bool:
    return any(same_name(pattern, name) for pattern in certificate.get("san") or ())


def _told(findings: Iterable[Data], facts: Data, accepted: Collection[str]) -> list[str]:
    """The first finding of each cause speaks for all; what was found of a file itself comes first."""
    files = [
        str(path)
        for one in facts.get("certificates") or ()
        for path in (one["file"], one.get("key_file"))
        if path
    ]
    causes: dict[tuple[str, str], list[Data]] = {}
    passed = listed(accepted)
    for one in findings:
        if one["code"] not in passed:
            named = next((path for path in files if path in one["evidence"]), one["evidence"])
            causes.setdefault((one["code"], named), []).append(one)
    return [_sentence(same) for same in causes.values()]


def _sentence(same: Sequence[Data]) -> str:
    first = same[0]
    where = ", ".join(dict.fromkeys(one["where"] for one in same))
    return f"[{first['code']}] {where}: {first['message']} ({first['evidence']}). {first['remedy']}"


__all__ = ["certificate_refusals", "change_refusals"]
