# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a sender would get from a service, and if nothing: what takes away each suite that it offers."""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _groups,
    _signatures,
    _suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._senders import (
    SenderProfile,
    SenderResult,
    by_name,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_calls import judged

Data = Mapping[str, t.Any]
Cause = dict[str, str]

_REFUSES: dict[str, tuple[str, str]] = {
    "dh-key-too-small": ("the prime of DHE is too small for it", "dh"),
    "rsa-key-too-small": ("the RSA key of the certificate is too small for it", "certificate"),
    "wrong-curve": ("the curve is not one of its own", "group"),
    "wrong-signature": ("the signature is not of a kind that it knows", "certificate"),
    "legacy-signature": ("it takes no signature of a version before TLSv1.2", "protocol"),
    "unsafe-renegotiation": ("the service does not know RFC 5746", ""),
    "unsupported-protocol": ("the version is not one that it takes", "protocol"),
}


def _offered(profile: SenderProfile) -> list[int]:
    """The suites of a sender that its own versions can use, by preference."""
    return [
        code
        for code in profile.suites
        if any(_suites.fits(code, version) for version in profile.versions)
    ]


def _cause(reason: str, setting: str, kind: str) -> Cause:
    return {"reason": reason, "setting": setting or "none", "cause": kind}


class _Case:
    """One sender at one service: what both have, and what keeps each of the sender's suites away."""

    def __init__(self, profile: SenderProfile, service: Data) -> None:
        self.profile = profile
        self.service = service
        self.settings: Data = service.get("settings", {})
        self.library = " ".join(str(service["library"]).split()[:2]) or "this library"
        self.spoken = [Protocol.from_label(one) for one in service["protocols"] or ()]
        common = [one for one in profile.versions if one in self.spoken]
        self.newest = max(common, default=None)
        self._kept = {one["code"]: one["protocols"] for one in service["ciphers"] or ()}
        self._dropped = {one["suite"]["code"]: one for one in service["dropped"] or ()}

    def causes(self, code: int) -> list[Cause] | None:
        """Everything that keeps a suite away; empty if nothing does, None if that is not known."""
        text = _suites.shape_of(code)["code"]
        if text in self._dropped:
            found = self._dropped[text]
            first = {key: found[key] for key in ("reason", "setting", "cause") if key in found}
            return self._with_version(code, [first, *found.get("also", ())])
        if self.service["ciphers"] is None:
            return None
        if text not in self._kept:
            return [_cause(f"{self.library} does not have it", "none", "library")]
        if self.newest is None or self.newest.label not in self._kept[text]:
            return self._with_version(code, [])
        return self._parameters(code, self.newest)

    def _with_version(self, code: int, causes: list[Cause]) -> list[Cause]:
        """The causes as this sender sees them: without a version in common, that is one of them."""
        if self.service["protocols"] is None:
            return causes
        if self.newest is None:
            others = [one for one in causes if one["cause"] != "protocol"]
            return [*others, *self._no_version(code)]
        suite = _suites.by_code(code)
        if suite is None or suite.maximum >= self.newest:
            return causes
        reason = f"both choose {self.newest.label}, which does not have it"
        return [*causes, _cause(reason, "none", "protocol")]

    def _no_version(self, code: int) -> list[Cause]:
        """What keeps away the sender's versions that have this suite; nothing if only suites are missing in them, or if nobody
        could ask the library.
        """
        own = {one.label for one in self.profile.versions if _suites.fits(code, one)}
        allowed, speaks = set(self.service["configured"]), set(self.service["speaks"] or ())
        if own & allowed & speaks or self.service["speaks"] is None:
            return []
        theirs = ", ".join(one.label for one in self.profile.versions)
        if own & speaks:
            ours = ", ".join(one.label for one in self.spoken)
            reason = f"the sender speaks {theirs}, the service {ours}"
            return [_cause(reason, self.settings["protocol"], "protocol")]
        if own & set(self.service["speaks_without_level"]):
            level = self.service["level"]
            reason = f"security level {level} rules out {theirs}"
            return [_cause(reason, self.settings["security-level"], "security-level")]
        if own & set(self.service["out_of_bounds"]):
            reason = f"a bound in openssl.cnf rules out {theirs}"
            return [_cause(reason, self.settings["bounds"], "protocol")]
        return [_cause(f"{self.library} does not speak {theirs}", "none", "library")]

    def _parameters(self, code: int, version: Protocol) -> list[Cause]:
        suite = _suites.by_code(code)
        theirs = self.profile.hello.groups
        ours = list(self.service["groups"] or ())
        curved = version >= Protocol.TLSv1_3 or (suite and suite.key_exchange == "ECDHE")
        if curved and theirs and ours and not {_groups.name_of(one) for one in theirs} & set(ours):
            named = ", ".join(_groups.name_of(one) for one in theirs[:6])
            reason = f"no group in common: the sender has {named}, the service {', '.join(ours)}"
            return [_cause(reason, self.settings["group"], "group")]
        schemes = {_signatures.name_of(one) for one in self.profile.hello.signature_algorithms}
        signs = self.service["signatures"]
        if version >= Protocol.TLSv1_2 and schemes and signs and not schemes & set(signs):
            reason = f"no signature scheme in common: the service signs with {', '.join(signs)}"
            return [_cause(reason, self.settings["certificate"], "certificate")]
        return []


def _suite_list(case: _Case) -> list[dict[str, t.Any]]:
    """The suites that the sender offers and does not get, with what is in the way."""
    found = []
    for code in _offered(case.profile):
        causes = case.causes(code)
        if causes:
            first, *also = causes
            found.append({"suite": _suites.shape_of(code), **first, "also": also})
    return found


def _by_setting(suites: Sequence[Data]) -> list[dict[str, t.Any]]:
    """Each cause once: how many suites it takes away, and how many would come back if it alone were undone."""
    takes: Counter[tuple[str, ...]] = Counter()
    alone: Counter[tuple[str, ...]] = Counter()
    shown: dict[tuple[str, ...], Cause] = {}
    for one in suites:
        causes = {_key(cause): cause for cause in (one, *one["also"])}
        takes.update(list(causes))
        if len(causes) == 1:
            alone.update(list(causes))
        shown.update(causes)
    found = [
        {
            **{name: cause[name] for name in ("reason", "setting", "cause")},
            "suites": takes[key],
            "alone": 0 if cause["setting"] == "none" else alone[key],
        }
        for key, cause in shown.items()
    ]
    return sorted(found, key=lambda one: (-one["alone"], -one["suites"]))


def _key(cause: Data) -> tuple[str, ...]:
    return cause["reason"], cause["setting"]


def _in_words(cause: Data, number: int) -> str:
    setting = cause["setting"]
    blame = cause["reason"] if setting == "none" else f"{cause['reason']} ({setting})"
    return f"{blame}, {number} suite{'s' if number > 1 else ''}"


def _refused_by_sender(result: SenderResult, case: _Case) -> str:
    words, kind = _REFUSES.get(result.reason, (result.reason, ""))
    setting = case.settings.get(kind) or (case.service.get("dh") or {}).get("source", "")
    chosen = _suites.shape_of(result.cipher)["name"] if result.cipher is not None else "a suite"
    blame = f" ({setting})" if setting and kind else ""
    return f"gets nothing: the service chooses {chosen}, and the sender refuses: {words}{blame}"


def _nothing(case: _Case, suites: Sequence[Data]) -> str:
    causes = _by_setting(suites)
    if not causes:
        return (
            "gets nothing, although a suite is in common: OpenSSL refuses for a reason of its own"
        )
    enough = [_in_words(one, one["alone"]) for one in causes if one["alone"]]
    others = [_in_words(one, one["suites"]) for one in causes if not one["alone"]]
    text = f"gets none of the {len(_offered(case.profile))} suites that it offers."
    if enough:
        text += f" To undo one of these is enough: {'; '.join(enough)}"
    else:
        text += " No single change is enough"
    return (
        f"{text}. {'Also in' if enough else 'In'} the way: {'; '.join(others)}" if others else text
    )


def _sentence(case: _Case, result: SenderResult, suites: Sequence[Data]) -> str:
    title = case.profile.title
    if result.connects:
        version = result.protocol.label if result.protocol is not None else "TLS"
        shape = _suites.shape_of(result.cipher or 0)
        return f"{title} gets {shape['name']} in {version}."
    if result.connects is None:
        certain = f" Certain is: {_nothing(case, suites)}." if suites else ""
        return f"What {title} gets could not be found out; see the findings.{certain}"
    if result.reason == "no-tls":
        return f"{title} gets nothing: the service has no TLS."
    if result.cipher is not None and result.reason in _REFUSES:
        return f"{title} {_refused_by_sender(result, case)}."
    return f"{title} {_nothing(case, suites)}."


def _outcome(case: _Case, position: int) -> SenderResult:
    """Without a library, a sender of which no suite can be left is certain to get nothing. A flight in a protocol that the
    service does not have is the beginning of a handshake that the library breaks off.
    """
    senders, protocols = case.service["senders"], case.service["protocols"]
    if senders is None:
        if all(case.causes(code) for code in _offered(case.profile)):
            return SenderResult(case.profile, False, reason="no-shared-cipher")
        return SenderResult(case.profile, None, reason="not-asked")
    if not senders:
        return SenderResult(case.profile, False, reason="no-tls")
    heard = senders[position]
    found = judged(case.profile, heard["flights"])
    absent = found.protocol is not None and found.protocol.label not in protocols
    if found.connects and absent and not heard.get("by_name"):
        return replace(found, connects=False, reason="handshake-breaks-off")
    return found


def _answer(profile: SenderProfile, service: Data, position: int) -> dict[str, t.Any]:
    case = _Case(profile, service)
    result = _outcome(case, position)
    suites = [] if result.connects or result.reason == "no-tls" else _suite_list(case)
    return {
        "sender": profile.name,
        "title": profile.title,
        "config_directory": service["config_directory"],
        "service": service["service"],
        "connects": result.connects,
        "protocol": result.protocol.label if result.protocol is not None else None,
        "cipher": _suites.shape_of(result.cipher) if result.cipher is not None else None,
        "reason": result.reason or None,
        "causes": _by_setting(suites),
        "suites": suites,
        "text": _sentence(case, result, suites),
    }


def sender_answers(names: Sequence[str], heard: Sequence[Data]) -> list[dict[str, t.Any]]:
    """For each sender and each service that was asked: connects, protocol, cipher, reason, causes, suites and text.

    `heard` is what the module tells of each service; its senders are in the order of the names.
    """
    return [
        _answer(by_name(name), service, position)
        for position, name in enumerate(names)
        for service in heard
    ]


__all__ = ["sender_answers"]
