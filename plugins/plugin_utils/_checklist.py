# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which certificate problem is it? Everything that makes a sender refuse a certificate, with an answer each."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._page import VERDICT, cell

Data = Mapping[str, t.Any]
_Answer = tuple[bool | None, str]
_UNSEEN: t.Final = "the probe saw no certificate"
_UNREAD: t.Final = "no certificate could be read"
_NO_FILE: t.Final = "none of its files could be read"
_NO_NAME: t.Final = "nobody said by which name senders know this host"
_TLSA: t.Final[dict[str | None, _Answer]] = {
    "match": (True, "every certificate that is served"),
    "absent": (True, "there are none"),
    "insecure": (True, "they are without DNSSEC, so senders ignore them"),
    "mismatch": (False, ""),
    "unusable": (False, ""),
    "bogus": (False, ""),
}
_STOP_ASKING: t.Final = {
    "sendmail": "sendmail_tls_client_certificates: none, or sendmail_tls_no_client_certificates_from for some senders",
    "postfix": "smtpd_tls_ask_ccert = no, unless relaying depends on it",
}


@dataclass(frozen=True)
class _Host:
    """What lies on the disk, what a sender was shown, and everything that was found wrong."""

    mta: str
    services: Sequence[Data]
    installed: Sequence[Data]
    probe: Data
    findings: Sequence[Data]

    @property
    def bare(self) -> bool:
        return not self.installed and not self.served

    @property
    def served(self) -> Sequence[Data]:
        return self.probe.get("certificates") or ()


@dataclass(frozen=True)
class _Question:
    """A question to a certificate: the codes of findings that say no, and what answers it otherwise."""

    text: str
    codes: frozenset[str]
    answer: t.Callable[[_Host], _Answer]


def certificate_checklist(facts: Data, probe: Data | None = None) -> list[str]:
    """The checklist as a page, from the facts of a host and one result of ``starttls_probe`` with the check certificates.

    With the checks features and dane it also answers whether senders are asked for a certificate, and whether the
    TLSA records fit. Without a probe, what only a sender sees stays open. Raises InvalidInput for other data.
    """
    if not isinstance(facts, Mapping) or "certificates" not in facts:
        raise InvalidInput(
            "certificate_checklist was given something else than the facts of mta_tls_facts: give it ansible_facts.mta_tls."
        )
    host = _host(facts, probe or {})
    lines = ["", "Which certificate problem is it?"]
    for question in _QUESTIONS:
        lines += _no(question, host) or ([] if host.bare else _answered(question, host))
    if host.bare:
        lines += cell(VERDICT[None], [_bare(host)])
    return [*lines, *_asking(host)]


def _bare(host: _Host) -> str:
    """Why there is no certificate to ask about."""
    named = any(service.get("certificate_files") for service in host.services)
    own = (
        "none of those that the configuration names could be read"
        if named
        else "the configuration names none"
    )
    seen = _UNSEEN if host.probe else "nobody was asked what a sender gets"
    return f"There is no certificate to ask about: {own}, and {seen}."


def _host(facts: Data, probe: Data) -> _Host:
    mta = "sendmail" if facts.get("sendmail") else "postfix"
    services = [
        service
        for instance in facts.get(mta) or ()
        for service in instance["services"]
        if service["direction"] == "inbound"
    ]
    files = {file for service in services for file in service.get("certificate_files") or ()}
    installed = [one for one in facts["certificates"] or () if one.get("file") in files]
    findings = [*(facts.get("findings") or ()), *(probe.get("findings") or ())]
    return _Host(mta, services, installed, probe, findings)


def _no(question: _Question, host: _Host) -> list[str]:
    """What was found that says no to a question; nothing where nothing was."""
    found = {
        (one["code"], one["evidence"]): one
        for one in host.findings
        if one["code"] in question.codes
    }
    if not found:
        return []
    texts = [f"{question.text} ({', '.join(dict.fromkeys(code for code, _text in found))})"]
    for one in found.values():
        texts += [f"{one['where']}: {one['evidence']}", f"Do: {one['remedy']}"]
    return list(cell(VERDICT[False], list(dict.fromkeys(texts))))


def _answered(question: _Question, host: _Host) -> Iterator[str]:
    verdict, detail = question.answer(host)
    yield from cell(VERDICT[verdict], [f"{question.text}{f': {detail}' if detail else ''}"])


def _all(values: Iterable[bool | None]) -> bool | None:
    """No if one is no, yes if all are yes; not determined without any."""
    known = list(values)
    if False in known:
        return False
    return None if None in known or not known else True


def _key(host: _Host) -> _Answer:
    files = ", ".join(str(one.get("key_file") or "no key file") for one in host.installed)
    if not files:
        return None, _NO_FILE
    return _all(one.get("key_matches") for one in host.installed), files


def _dates(host: _Host) -> _Answer:
    ends = sorted((one["not_after"], one["days_left"]) for one in _parsed(host))
    if not ends:
        return None, _UNREAD
    return True, f"until {str(ends[0][0])[:10]} ({ends[0][1]} days)"


def _parsed(host: _Host) -> list[Data]:
    return [one for one in (*host.served, *host.installed) if one.get("not_after")]


def _names(host: _Host) -> _Answer:
    names = ", ".join(dict.fromkeys(name for one in _parsed(host) for name in one.get("san") or ()))
    if not host.served:
        return None, f"{names}; {_UNSEEN}" if names else _UNSEEN
    verdict = _all(one.get("name_matches") for one in host.served)
    return verdict, f"{names}; {_NO_NAME}" if verdict is None else names


def _usage(host: _Host) -> _Answer:
    return (True, "") if _parsed(host) else (None, _UNREAD)


def _chain(host: _Host) -> _Answer:
    if not host.served:
        return None, _UNSEEN
    lengths = ", ".join(str(len(one["chain"])) for one in host.served)
    verdict = _all(one.get("chain_complete") for one in host.served)
    return verdict, f"a chain of {lengths}"


def _root(host: _Host) -> _Answer:
    if not host.served:
        return None, _UNSEEN
    reasons = ", ".join(
        dict.fromkeys(
            str(one.get("verify_reason")) for one in host.served if one.get("verified") is not True
        )
    )
    return _all(one.get("verified") for one in host.served), reasons


def _same(host: _Host) -> _Answer:
    installed = {one.get("sha256") for one in host.installed}
    if not host.served:
        return None, _UNSEEN
    if None in installed or not installed:
        return None, _NO_FILE
    strange = [one["subject"] for one in host.served if one["sha256"] not in installed]
    return not strange, f"another one is served: {', '.join(strange)}" if strange else ""


def _tlsa(host: _Host) -> _Answer:
    dane = host.probe.get("dane")
    if not dane:
        return None, _NO_NAME
    verdict, detail = _TLSA.get(dane.get("status"), (None, ""))
    return verdict, detail or str(dane.get("reason") or "")


def _asking(host: _Host) -> Iterator[str]:
    """Whether the certificates of senders can be the trouble, and how to stop asking for them."""
    asked = ((host.probe.get("features") or {}).get("client_certificate") or {}).get("requested")
    if asked is None:
        said = [one.get("client_certificate") for one in host.services]
        asked = any(one in ("asked", "required") for one in said) if any(said) else None
    if asked:
        text = f"Most go on without one. To stop asking: {_STOP_ASKING[host.mta]}."
        yield from cell("asked", ["Senders are asked for a certificate of their own.", text])
    elif asked is False:
        yield from cell("not asked", ["Senders are not asked for a certificate of their own."])
    else:
        yield from cell(
            VERDICT[None],
            [
                "Whether senders are asked for a certificate of their own: neither configuration nor probe says."
            ],
        )


_QUESTIONS: t.Final = (
    _Question(
        "Its key belongs to it, and both can be used",
        frozenset(
            (
                "certificate-missing",
                "certificate-key-mismatch",
                "certificate-unusable",
                "certificate-unsafe",
                "second-certificate-ignored",
            )
        ),
        _key,
    ),
    _Question(
        "It is in force, and so is its chain",
        frozenset(("certificate-expired", "certificate-not-yet-valid", "chain-expired")),
        _dates,
    ),
    _Question("It names this host", frozenset(("certificate-name-mismatch",)), _names),
    _Question("Servers may use it", frozenset(("certificate-not-for-servers",)), _usage),
    _Question(
        "Key and signatures are strong enough",
        frozenset(("signature-weak", "key-weak", "key-below-level")),
        _usage,
    ),
    _Question(
        "Every intermediate is sent, in order",
        frozenset(("chain-incomplete", "chain-unordered", "chain-not-served")),
        _chain,
    ),
    _Question(
        "It leads to a root that is trusted here",
        frozenset(("certificate-untrusted", "certificate-revoked")),
        _root,
    ),
    _Question("Senders get the one that lies on the disk", frozenset(), _same),
    _Question(
        "Its TLSA records fit",
        frozenset(("stale-tlsa", "tlsa-unfit", "tlsa-unusable", "tlsa-malformed", "dane-bogus")),
        _tlsa,
    ),
)

__all__ = ["certificate_checklist"]
