# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One probed server on one page: what is wrong, for whom, what to do, and what it speaks."""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import CATALOGUE, SEVERITIES
from ansible_collections.postmaster.tls.plugins.plugin_utils._page import VERDICT, cell, title

_SUITES_SHOWN: t.Final = 3
_NAMES_SHOWN: t.Final = 6
_CHECKS: t.Final = (
    "protocols",
    "ciphers",
    "groups",
    "certificates",
    "signatures",
    "features",
    "senders",
    "injection",
)
_OFFERED: t.Final = "What most senders offer (AES-GCM, ChaCha20, AES-CBC)"
_WITHOUT_TLS: t.Final[dict[str | None, str]] = {
    "plaintext": "without TLS the sender delivers in plaintext",
    "deferred": "without TLS the mail stays in the sender's queue",
    None: "what the sender does without TLS is not known",
}
_DANE: t.Final[dict[str | None, str]] = {
    "match": "match: the TLSA records fit every certificate that was seen",
    "mismatch": "mismatch: senders that validate keep the mail, see below",
    "unusable": "unusable: no TLSA record is usable, so senders insist on TLS and verify nothing",
    "absent": "absent: there are no TLSA records",
    "insecure": "insecure: without DNSSEC, so that senders ignore TLSA records",
    "bogus": "bogus: DNSSEC validation fails, so senders that validate keep the mail",
}

Data = Mapping[str, t.Any]


def diagnosis(
    result: Data, *, policy: t.Any = None, checks: Sequence[str] | str | None = None
) -> list[str]:
    """The page of one result of ``starttls_probe``, at most 96 characters wide. Raises InvalidInput for anything else.

    ``policy`` and ``checks`` are the options of the probe, since a result does not repeat them. What was not determined
    is shown with a question mark, never as a no.
    """
    if not isinstance(result, Mapping) or not {"host", "port", "findings"} <= set(result):
        raise InvalidInput(
            "diagnosis was given something else than a result of starttls_probe: give it one that was registered."
        )
    asked = checks.replace(",", " ").split() if isinstance(checks, str) else checks
    return [
        *_head(result, asked or ()),
        *_kept(result, policy),
        *_dane(result.get("dane") or {}),
        *_wrong(result),
        *_senders(result.get("senders") or ()),
        *_spoken(result),
        *_certificates(result),
    ]


def _head(result: Data, asked: Sequence[str]) -> list[str]:
    host, port = result["host"], result["port"]
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    address = result.get("address")
    where = f"{place} at {address}" if address and address != host else place
    lines = [where, "=" * len(where)]
    lines += _resolved(result)
    banner = (result.get("smtp") or {}).get("banner")
    if banner:
        lines += cell("greets", [banner])
    lines += cell("verdict", [_verdict(result)])
    limited = ", and was limited by the server" if result.get("throttled") else ""
    count = result.get("connections")
    effort = f"{count} connection{'' if count == 1 else 's'} in {result.get('seconds')} s{limited}"
    lines += cell("asked", [effort])
    left_out = _left_out(result, asked)
    return [*lines, *(cell("not asked", [", ".join(left_out)]) if left_out else ())]


def _resolved(result: Data) -> Iterator[str]:
    """Who gave the address, where that is not plain: name servers that were named, or another than those that the DNS has."""
    if result.get("resolved_by"):
        yield from cell("address", [f"by {', '.join(result['resolved_by'])}"])
        return
    known = ((result.get("dane") or {}).get("lookup") or {}).get("addresses")
    address = result.get("address")
    if known is None or address is None or address in known:
        return
    said = ", ".join(known[:_NAMES_SHOWN]) or "no address"
    own = f"{address} is what the machine that probes makes of the name; the name servers that were asked for TLSA records have {said}"
    yield from cell("address", [own])


def _left_out(result: Data, asked: Sequence[str]) -> list[str]:
    """The checks that were not made; without a list of those that were, nothing is claimed."""
    if not asked or not result.get("handshake"):
        return []
    made = {*asked, *(["protocols"] if "ciphers" in asked else [])}
    made |= {"senders"} if result.get("senders") else set()
    made |= {"certificates"} if "dane" in asked else set()
    return [check for check in _CHECKS if check not in made]


def _kept(result: Data, policy: t.Any) -> Iterator[str]:
    """What the comparison with a policy came to, and with which."""
    if "violations" not in result:
        return
    checked = result.get("policy") or {}
    name = checked.get("name") or (policy if isinstance(policy, str) else "of your own")
    yield from cell("policy", [f"{name}: {_judgement(result, checked)}"])


def _dane(dane: Data) -> Iterator[str]:
    """What senders make of the TLSA records, if that was asked."""
    if not dane:
        return
    said = _DANE.get(dane["status"]) or f"not determined ({dane['reason']})"
    count = len(dane["records"])
    records = f" ({count} record{'' if count == 1 else 's'})" if count else ""
    yield from cell("DANE", [said + records])


def _judgement(result: Data, checked: Data) -> str:
    if result["violations"] is None:
        return "not determined, since nothing could be asked"
    if result["violations"]:
        return "more is accepted than it allows, see below"
    if _serves_nobody(result):
        return "nothing beyond it is offered, but nobody gets TLS"
    if checked:
        if checked["compliant"] is None:
            return f"not determined ({_words(checked['undetermined'])})"
        return "the server keeps to it"
    if not result.get("ciphers") or not result.get("groups"):
        return "not determined, since not all of it was asked; the check policy does"
    parts = [*(result.get("protocols") or ()), *result["groups"]]
    if result.get("undetermined") or any(part["accepted"] is None for part in parts):
        return "not determined; nothing beyond it was seen so far"
    return "the server keeps to it"


def _serves_nobody(result: Data) -> bool:
    """Whether every version that was asked is refused, and the hello of today too."""
    protocols = result.get("protocols") or ()
    refused = all(one["accepted"] is False for one in protocols)
    return bool(protocols) and refused and (result.get("handshake") or {}).get("accepted") is False


def _words(value: t.Any) -> str:
    return value if isinstance(value, str) else ", ".join(map(str, value))


def _verdict(result: Data) -> str:
    handshake = result.get("handshake")
    if handshake and handshake["accepted"]:
        group = f" and {handshake['group']}" if handshake.get("group") else ""
        cipher = handshake["cipher"]["name"]
        return f"{_OFFERED} gets {handshake['protocol']} with {cipher}{group}."
    if handshake and handshake["accepted"] is False:
        return f"{_OFFERED} gets no TLS ({handshake['reason']})."
    if result.get("message"):
        return str(result["message"])
    reason = handshake["reason"] if handshake else result.get("reason")
    return f"Whether most senders of today get TLS was not determined ({reason})."


def _wrong(result: Data) -> Iterator[str]:
    yield from title("What is wrong, for whom, and what to do")
    findings = result.get("findings") or ()
    once = {(finding["code"], finding["evidence"]): finding for finding in findings}
    ranked = sorted(once.values(), key=lambda finding: SEVERITIES.index(finding["severity"]))
    for finding in ranked:
        kind = CATALOGUE.get(finding["code"])
        evidence = finding["evidence"]
        if finding["code"] == "policy-violation" and result.get("violations"):
            evidence = _excess(result["violations"])
            if not result.get("ciphers"):
                evidence += "; an example of each kind, the check ciphers finds all"
        texts = [finding["message"] + f" ({finding['code']})"]
        texts += [kind.explanation] if kind else []
        texts += [f"Seen: {evidence}"] if evidence else []
        texts += [f"Do: {finding['remedy']}", *_to_publish(result, finding)]
        yield from cell(finding["severity"], texts)
    if not ranked:
        nothing = "Nothing was found." if result.get("handshake") else "Nothing could be asked."
        yield from cell("", [nothing])


def _to_publish(result: Data, finding: Data) -> Sequence[str]:
    """The lines for the zone, where a remedy speaks of them."""
    lines: Sequence[str] = (result.get("dane") or {}).get("publish") or ()
    return lines if "(publish has the line)" in finding["remedy"] else ()


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
    yield from title("Who gets through")
    width = max(len(sender["name"]) for sender in senders)
    logged: dict[str, list[str]] = {}
    for sender in senders:
        texts = [str(sender.get("reason") or "")]
        if sender["connects"]:
            texts = [f"{sender['protocol']} {_name_of(sender['cipher'])}"]
        elif sender["connects"] is False:
            texts += [f"the sender logs: {line}" for line in _lines(sender.get("client_log"))]
            texts.append(_WITHOUT_TLS[sender.get("without_tls")])
            for line in (sender.get("server_log") or ())[-2:-1]:
                logged.setdefault(line, []).append(sender["name"])
        label = f"{sender['name'].ljust(width)}  {VERDICT[sender['connects']]:<3} "
        yield from cell(label, texts)
    for line, names in logged.items():
        said = f"a Postfix with OpenSSL 3 logs of {', '.join(names)}:"
        yield from cell("server", [said, line])


def _lines(text: t.Any) -> list[str]:
    return str(text).splitlines() if text else []


def _name_of(cipher: t.Any) -> str:
    return str(cipher["name"]) if isinstance(cipher, Mapping) else str(cipher)


def _spoken(result: Data) -> Iterator[str]:
    cells = [
        (protocol["name"], _version(result, protocol)) for protocol in result.get("protocols") or ()
    ]
    for label, key in (("groups", "groups"), ("signing", "signatures")):
        if result.get(key):
            cells.append((label, _accepted(result[key])))
    features = _features(result.get("features") or {})
    if features:
        cells.append(("features", features))
    injection = result.get("injection")
    if injection:
        cells.append(("injection", _injection(injection)))
    if cells:
        yield from title("What it speaks")
    for label, text in cells:
        yield from cell(label, [text])


def _features(features: Data) -> str:
    """Those that were seen or asked for, nested ones with their own names."""
    flat = dict(features)
    for name, inner in features.items():
        if isinstance(inner, Mapping):
            del flat[name]
            flat.update({f"{name} {key}": value for key, value in inner.items()})
    parts = []
    for verdict, said in ((True, "yes"), (False, "no")):
        names = [name.replace("_", " ") for name, value in flat.items() if value is verdict]
        parts += [f"{said}: {', '.join(names)}"] if names else []
    reasons = features.get("reasons") or {}
    parts += [f"?: {name.replace('_', ' ')} ({why})" for name, why in reasons.items()]
    return "; ".join(parts)


def _injection(injection: Data) -> str:
    if injection["vulnerable"] is None:
        return f"?    {injection['reason']}"
    if injection["vulnerable"]:
        return "yes  a command sent before the handshake is obeyed after it"
    return "no   a command sent before the handshake is forgotten"


def _accepted(parts: Sequence[Data]) -> str:
    accepted = ", ".join(part["name"] for part in parts if part["accepted"])
    left = sum(part["accepted"] is None for part in parts)
    if left:
        return f"{accepted or VERDICT[None]} ({left} not determined)"
    return accepted or "none"


def _version(result: Data, protocol: Data) -> str:
    name, verdict = protocol["name"], VERDICT[protocol["accepted"]]
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
        order = ", so they stand in no order" if decides == "client" and len(suites) > 1 else ""
        parts.append(f"(the {decides} decides{order})")
    left = (result.get("undetermined") or {}).get(name)
    if left:
        parts.append(f"({len(left)} suites not determined)")
    return " ".join(parts)


def _certificates(result: Data) -> Iterator[str]:
    certificates = result.get("certificates") or ()
    if not certificates:
        return
    yield from title("What it shows")
    for certificate in certificates:
        key = f"{certificate['key_type'] or '?'} {certificate['key_bits'] or ''}".strip()
        until = str(certificate["not_after"] or "?")[:10]
        length = len(certificate["chain"])
        texts = [
            f"{certificate['subject']}, issued by {certificate['issuer']}",
            f"until {until} ({certificate['days_left']} days), in a chain of {length}",
            f"names this host: {_named(certificate, result['host'])}; trusted: {_trusted(certificate)}",
        ]
        if result.get("sni") and certificate.get("sni") is None:
            texts.append("shown only to those who do not name a host (no SNI)")
        yield from cell(key, texts)


def _named(certificate: Data, host: str) -> str:
    verdict = certificate["name_matches"]
    if verdict is not None:
        return VERDICT[verdict]
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return VERDICT[None]
    return "? (senders compare it with a name, and an address was given: add sni=NAME)"


def _trusted(certificate: Data) -> str:
    verdict, reason = VERDICT[certificate["verified"]], certificate.get("verify_reason")
    return f"{verdict} ({reason})" if reason else verdict


__all__ = ["diagnosis"]
