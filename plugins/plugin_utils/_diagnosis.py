# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One probed server on one page: what is wrong, for whom, what to do, and what it speaks."""

from __future__ import annotations

import textwrap
import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import CATALOGUE, SEVERITIES

_WIDTH: t.Final = 96
_LABEL: t.Final = 10
_SUITES_SHOWN: t.Final = 3
_NAMES_SHOWN: t.Final = 6
_VERDICT: t.Final[dict[bool | None, str]] = {True: "yes", False: "no", None: "?"}

Data = Mapping[str, t.Any]


def diagnosis(result: Data) -> list[str]:
    """The page of one result of ``starttls_probe``, at most 96 characters wide. Raises InvalidInput for anything else.

    What was not determined is shown with a question mark, never as a no.
    """
    if not isinstance(result, Mapping) or not {"host", "port", "findings"} <= set(result):
        raise InvalidInput(
            "diagnosis was given something else than a result of starttls_probe: give it one that was registered."
        )
    return [
        *_head(result),
        *_wrong(result),
        *_senders(result.get("senders") or ()),
        *_spoken(result),
        *_certificates(result.get("certificates") or ()),
    ]


def _head(result: Data) -> list[str]:
    host, port = result["host"], result["port"]
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    address = result.get("address")
    where = f"{place} at {address}" if address and address != host else place
    lines = [where, "=" * len(where)]
    banner = (result.get("smtp") or {}).get("banner")
    if banner:
        lines += _cell("greets", [banner])
    lines += _cell("verdict", [_verdict(result)])
    limited = ", and was limited by the server" if result.get("throttled") else ""
    count = result.get("connections")
    effort = f"{count} connection{'' if count == 1 else 's'} in {result.get('seconds')} s{limited}"
    return [*lines, *_cell("asked", [effort])]


def _verdict(result: Data) -> str:
    handshake = result.get("handshake")
    if handshake and handshake["accepted"]:
        group = f" and {handshake['group']}" if handshake.get("group") else ""
        cipher = handshake["cipher"]["name"]
        return f"A sender of today gets {handshake['protocol']} with {cipher}{group}."
    if handshake and handshake["accepted"] is False:
        return f"A sender of today gets no TLS ({handshake['reason']})."
    if result.get("message"):
        return str(result["message"])
    reason = handshake["reason"] if handshake else result.get("reason")
    return f"Whether a sender of today gets TLS was not determined ({reason})."


def _wrong(result: Data) -> Iterator[str]:
    yield from _title("What is wrong, for whom, and what to do")
    findings = result.get("findings") or ()
    once = {(finding["code"], finding["evidence"]): finding for finding in findings}
    ranked = sorted(once.values(), key=lambda finding: SEVERITIES.index(finding["severity"]))
    for finding in ranked:
        kind = CATALOGUE.get(finding["code"])
        evidence = finding["evidence"]
        if finding["code"] == "policy-violation" and result.get("violations"):
            evidence = _excess(result["violations"])
        texts = [finding["message"] + f" ({finding['code']})"]
        texts += [kind.explanation] if kind else []
        texts += [f"Seen: {evidence}"] if evidence else []
        yield from _cell(finding["severity"], [*texts, f"Do: {finding['remedy']}"])
    if not ranked:
        yield from _cell("", ["Nothing was found."])


def _excess(violations: Iterable[Data]) -> str:
    """Violations by kind, a few of each by name; in which version a suite is accepted shows below."""
    named: dict[str, dict[str, None]] = {}
    for violation in violations:
        named.setdefault(f"{violation['kind']}s", {})[violation["name"]] = None
    parts = []
    for kind, names in named.items():
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        parts.append(f"{kind} {', '.join(list(names)[:_NAMES_SHOWN])}{more}")
    return "; ".join(parts)


def _senders(senders: Sequence[Data]) -> Iterator[str]:
    if not senders:
        return
    yield from _title("Who gets through")
    width = max(len(sender["name"]) for sender in senders)
    for sender in senders:
        texts = [str(sender.get("reason") or "")]
        if sender["connects"]:
            texts = [f"{sender['protocol']} {_name_of(sender['cipher'])}"]
        elif sender.get("client_log"):
            texts.append(f"it logs: {sender['client_log']}")
        label = f"{sender['name'].ljust(width)}  {_VERDICT[sender['connects']]:<3} "
        yield from _cell(label, texts)


def _name_of(cipher: t.Any) -> str:
    return str(cipher["name"]) if isinstance(cipher, Mapping) else str(cipher)


def _spoken(result: Data) -> Iterator[str]:
    protocols = result.get("protocols") or ()
    groups = result.get("groups") or ()
    if not protocols and not groups:
        return
    yield from _title("What it speaks")
    for protocol in protocols:
        yield from _cell(protocol["name"], [_version(result, protocol)])
    if groups:
        yield from _cell("groups", [_accepted_groups(groups)])


def _accepted_groups(groups: Sequence[Data]) -> str:
    accepted = ", ".join(group["name"] for group in groups if group["accepted"])
    left = sum(group["accepted"] is None for group in groups)
    if left:
        return f"{accepted or _VERDICT[None]} ({left} not determined)"
    return accepted or "none"


def _version(result: Data, protocol: Data) -> str:
    name, verdict = protocol["name"], _VERDICT[protocol["accepted"]]
    if not protocol["accepted"]:
        return f"{verdict:<3}  {protocol['reason'] or ''}".rstrip()
    suites = [suite["name"] for suite in (result.get("ciphers") or {}).get(name) or ()]
    parts = [verdict + " "]
    if suites:
        more = ", …" if len(suites) > _SUITES_SHOWN else ""
        noun = "suite" if len(suites) == 1 else "suites"
        parts.append(f"{len(suites)} {noun}: {', '.join(suites[:_SUITES_SHOWN])}{more}")
    decides = (result.get("preference") or {}).get(name)
    if decides:
        parts.append(f"(the {decides} decides)")
    left = (result.get("undetermined") or {}).get(name)
    if left:
        parts.append(f"({len(left)} suites not determined)")
    return " ".join(parts)


def _certificates(certificates: Sequence[Data]) -> Iterator[str]:
    if not certificates:
        return
    yield from _title("What it shows")
    for certificate in certificates:
        key = f"{certificate['key_type'] or '?'} {certificate['key_bits'] or ''}".strip()
        until = str(certificate["not_after"] or "?")[:10]
        length = len(certificate["chain"])
        texts = [
            f"{certificate['subject']}, issued by {certificate['issuer']}",
            f"until {until} ({certificate['days_left']} days), in a chain of {length}",
            f"names this host: {_VERDICT[certificate['name_matches']]}; trusted: {_trusted(certificate)}",
        ]
        yield from _cell(key, texts)


def _trusted(certificate: Data) -> str:
    verdict, reason = _VERDICT[certificate["verified"]], certificate.get("verify_reason")
    return f"{verdict} ({reason})" if reason else verdict


def _title(text: str) -> list[str]:
    return ["", text, "-" * len(text)]


def _cell(label: str, texts: Sequence[str]) -> Iterator[str]:
    """A label and paragraphs beside it."""
    first = "  " + label.ljust(_LABEL)
    indent = " " * len(first)
    for text in texts:
        yield from textwrap.wrap(
            text, _WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
        )
        first = indent


__all__ = ["diagnosis"]
