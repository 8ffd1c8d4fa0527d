# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Why a suite that the library knows cannot be negotiated: the reason and the setting that causes it, and what else."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Library,
    LibraryCipher,
    Refusal,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite

_EDWARDS: t.Final = ("Ed25519", "Ed448")
#: The types of keys that can serve the suites of an authentication.
CERTIFIED: t.Final[dict[str, tuple[str, ...]]] = {
    "RSA": ("RSA",),
    "ECDSA": ("ECDSA", *_EDWARDS),
    "DSS": ("DSS",),
}
_MODERN_KEYS: t.Final = ("RSA", "RSA-PSS", "ECDSA", *_EDWARDS, "other")
_ITEM_SEPARATOR: t.Final = re.compile("[:, ;]+")
_CURVES: t.Final = frozenset(_groups.IN_TLS12)
_SHARED_SECRETS: t.Final = ("PSK", "SRP", "KRB5")
_ALL: t.Final = "ALL:COMPLEMENTOFALL"

#: The kinds of causes. The words are stable over releases; the texts of the reasons may be improved.
KINDS: t.Final = (
    *("excluded", "not-in-list", "protocol", "certificate", "security-level", "group", "dh"),
    *("tls13-list", "credentials", "mta", "library", "no-tls", "unexplained"),
)


class Cause(t.NamedTuple):
    """One thing that keeps a suite away, and the setting that would have to change; C(none) if no setting can.

    `kind` is a stable word of KINDS for programs, and `item` what it is about: the excluded item as it is written, the type
    of the certificate that is missing, or the security level, also of a protocol that is needed because the level forbids
    those that are configured.
    """

    reason: str
    setting: str
    kind: str
    item: str = ""


class Dropped(t.NamedTuple):
    """One suite that a peer cannot get: the most specific cause first, and what would still be in the way without it."""

    code: int
    name: str
    causes: tuple[Cause, ...]

    @property
    def reason(self) -> str:
        return self.causes[0].reason

    @property
    def setting(self) -> str:
        return self.causes[0].setting

    @property
    def also(self) -> tuple[Cause, ...]:
        return self.causes[1:]


@dataclass(frozen=True)
class Choices:
    """The settings that a dropped suite is blamed on: names of parameters, and the pieces of the cipher string.

    `exclusions` are (item, parameter) in order; `base` is the list of the grade, which the parameter `base_list` holds
    and `base_setting` chooses; `level_setting` is what sets the security level, `absent` how a suite is called that is not
    in the list, where there are no grades; `dh_setting` is what leaves a server without parameters for DHE, if it is.
    `out_of_bounds` are protocols that openssl.cnf takes away whatever the MTA is told, by `bound_setting`.
    """

    base: str
    base_setting: str
    grade: str
    exclusions: tuple[tuple[str, str], ...]
    protocols: frozenset[Protocol]
    protocol_setting: str
    certificate_setting: str
    level: int = 0
    role: str = "server"
    base_list: str = ""
    level_setting: str = "set by Postfix itself"
    group_setting: str = "tls_eecdh_auto_curves"
    config_setting: str = "Ciphersuites in openssl.cnf"
    absent: str = ""
    dh_setting: str = ""
    out_of_bounds: frozenset[Protocol] = frozenset()
    bound_setting: str = ""


class Matcher:
    """Which suites a cipher string stands for; asks the library once for each string."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, tuple[LibraryCipher, ...]] = {}
        self._codes: dict[str, frozenset[int]] = {}

    def ciphers(self, text: str) -> tuple[LibraryCipher, ...]:
        if text not in self._known:
            found = self._library.match(text)
            self._known[text] = () if isinstance(found, Refusal) else found
        return self._known[text]

    def codes(self, text: str) -> frozenset[int]:
        if text not in self._codes:
            self._codes[text] = frozenset(cipher.code for cipher in self.ciphers(text))
        return self._codes[text]

    def everything(self) -> tuple[LibraryCipher, ...]:
        """Every suite that the library has code for."""
        return self.ciphers(_ALL)


@dataclass(frozen=True)
class Possible:
    """What the certificates and groups allow whatever the cipher string says: at the security level, and without one.

    `too_weak` are suites that the level forbids whatever the certificates are, `forbidden` protocols that only it takes
    away, where one is configured.
    """

    at_level: frozenset[int]
    without_level: frozenset[int]
    too_weak: frozenset[int] = frozenset()
    forbidden: frozenset[Protocol] = frozenset()


_NOTHING_KNOWN: t.Final = Possible(frozenset(), frozenset())


def _within_list(code: int, matcher: Matcher, choices: Choices) -> list[Cause]:
    """The items of the list itself that take a suite away from it, and whether it is there without them at all."""
    items = [item for item in _ITEM_SEPARATOR.split(choices.base) if item]
    hits = [item[:1] in ("!", "-") and code in matcher.codes(item[1:]) for item in items]

    def listed_without(dropped: t.Collection[int]) -> bool:
        rest = (item for position, item in enumerate(items) if position not in dropped)
        return code in matcher.codes(":".join(rest))

    killed = [position for position, hit in enumerate(hits) if hit and items[position][0] == "!"]
    removed = [position for position, hit in enumerate(hits) if hit and items[position][0] == "-"]
    blamed = list(killed)
    known = listed_without({*killed, *removed})
    if known and not listed_without(killed):
        blamed += [one for one in removed if listed_without({*killed, one})] or removed
    names = dict.fromkeys(items[position] for position in sorted(blamed))
    found = [
        Cause(f"excluded by {item} in {choices.base_list}", choices.base_list, "excluded", item)
        for item in names
    ]
    if not known:
        missing = choices.absent or f"not in the list of the grade {choices.grade}"
        found.append(Cause(missing, choices.base_setting, "not-in-list"))
    return found


def _from_string(code: int, matcher: Matcher, choices: Choices) -> list[Cause]:
    found = [
        Cause(f"excluded by {item}", setting, "excluded", item)
        for item, setting in choices.exclusions
        if code in matcher.codes(item)
    ]
    if code not in matcher.codes(choices.base):
        found += _within_list(code, matcher, choices)
    return found or [Cause("left out by the cipher list", choices.base_setting, "not-in-list")]


def _from_certificate(
    suite: Suite, effective: Effective, choices: Choices, *, below_tls12: bool
) -> list[Cause]:
    """Nothing is signed with EdDSA `below_tls12` (RFC 8422 section 5.10)."""
    if choices.role == "client":
        return []
    needed, setting = CERTIFIED.get(suite.authentication), choices.certificate_setting
    if suite.minimum == Protocol.TLSv1_3 and not set(_MODERN_KEYS) & set(effective.keys):
        return [Cause("no certificate that TLSv1.3 can use", setting, "certificate")]
    if needed == ("RSA",) and suite.key_exchange != "RSA":
        needed = ("RSA", "RSA-PSS")
    if suite.key_exchange in ("DH", "ECDH"):
        return [Cause("needs a certificate for fixed Diffie-Hellman", setting, "certificate", "DH")]
    if needed and not set(needed) & set(effective.keys):
        kind = suite.authentication
        return [Cause(f"no {kind} certificate", setting, "certificate", kind)]
    if needed == CERTIFIED["ECDSA"] and below_tls12 and "ECDSA" not in effective.keys:
        edwards = next(key for key in _EDWARDS if key in effective.keys)
        reason = f"no ECDSA certificate, and {edwards} signs nothing below TLSv1.2"
        return [Cause(reason, setting, "certificate", "ECDSA")]
    return []


def _named(protocols: t.Sequence[Protocol]) -> str:
    oldest, newest = min(protocols), max(protocols)
    return oldest.label if oldest == newest else f"{oldest.label} to {newest.label}"


def _spoken(effective: Effective, choices: Choices) -> frozenset[Protocol]:
    """Nothing takes SSL 3.0 away in most builds of OpenSSL: they do not have it, whatever the list says."""
    return choices.protocols - ({Protocol.SSLv3} - set(effective.suites))


def _from_protocols(
    suite: Suite, choices: Choices, spoken: t.Collection[Protocol], barred: t.Mapping[Protocol, Bar]
) -> list[Cause]:
    """A suite needs a protocol that is configured; one that is barred although it is configured is none."""
    fitting = [one for one in Protocol if suite.minimum <= one <= suite.maximum]
    configured = [one for one in fitting if one in spoken]
    if any(one not in barred for one in configured):
        return []
    possible = [one for one in fitting if one not in barred]
    found = []
    if possible or not configured:
        reason = f"needs {_named(possible or fitting)}"
        if suite.minimum == Protocol.TLSv1_3:
            reason = "TLSv1.3 is off"
        elif configured:
            reason += f", since {barred[configured[-1]].what} forbids {_named(configured)}"
        level = barred[configured[-1]].level if configured else ""
        found.append(Cause(reason, choices.protocol_setting, "protocol", level))
    if not possible:
        last = barred[fitting[-1]]
        kind = "security-level" if last.level else "protocol"
        found.append(
            Cause(f"{last.what} forbids {_named(fitting)}", last.setting, kind, last.level)
        )
    return found


def _from_level(suite: Suite, possible: Possible, choices: Choices) -> list[Cause]:
    held = suite.code in possible.without_level and suite.code not in possible.at_level
    if held or suite.code in possible.too_weak:
        level = str(choices.level)
        return [Cause(f"security level {level}", choices.level_setting, "security-level", level)]
    return []


def _exchanges_by_curve(suite: Suite | None) -> bool:
    return suite is not None and suite.key_exchange == "ECDHE"


class Bar(t.NamedTuple):
    """What forbids a protocol whatever is configured: in words, the setting, and the security level if it is that."""

    what: str
    setting: str
    level: str = ""


def _barred(choices: Choices, possible: Possible) -> dict[Protocol, Bar]:
    """A security level that forbids a protocol forbids all that are older."""
    level = str(choices.level)
    by_level = Bar(f"security level {level}", choices.level_setting, level)
    newest = max(possible.forbidden, default=0)
    by_bounds = Bar("a bound in openssl.cnf", choices.bound_setting)
    return {
        **dict.fromkeys((one for one in Protocol if one <= newest), by_level),
        **dict.fromkeys(choices.out_of_bounds, by_bounds),
    }


class Explainer:
    """Tells why suites are missing from what one context gives."""

    def __init__(
        self, effective: Effective, matcher: Matcher, choices: Choices, possible: Possible | None
    ) -> None:
        self.effective = effective
        self.matcher = matcher
        self.choices = choices
        self.possible = possible or _NOTHING_KNOWN
        self.spoken = _spoken(effective, choices)
        self.barred = _barred(choices, self.possible)
        self.listed = frozenset(cipher.code for cipher in effective.listed)
        self.no_curve = self._lacks_a_curve()

    def causes(self, code: int) -> list[Cause]:
        """Every cause, the most specific first; never empty."""
        suite, choices = _suites.by_code(code), self.choices
        shared = next((one for one in _SHARED_SECRETS if suite and one in suite.key_exchange), None)
        if shared:
            return [Cause(f"needs {shared}, which mail servers do not use", "none", "credentials")]
        found: list[Cause] = []
        newest = suite is not None and suite.minimum == Protocol.TLSv1_3
        if newest and code not in self.listed:
            reason = "not in OpenSSL's list for TLSv1.3"
            found.append(Cause(reason, choices.config_setting, "tls13-list"))
        elif not newest and code not in self.listed:
            found += _from_string(code, self.matcher, choices)
        if suite is not None:
            found += self._apart_from_the_list(suite)
            if self._breaks_off(suite):
                level = str(choices.level)
                weak = f"the certificate is too weak for security level {level}"
                found = [cause for cause in found if cause.kind != "security-level"]
                found.append(Cause(weak, choices.level_setting, "security-level", level))
            if newest and self._never_chosen(code) and found[-1].kind != "certificate":
                found.append(Cause(self._unexplained(), "none", "unexplained"))
            if choices.dh_setting and suite.key_exchange == "DHE":
                found.append(Cause("no parameters for DHE", choices.dh_setting, "dh"))
            if _exchanges_by_curve(suite) and self.no_curve:
                reason = "no elliptic curve that TLSv1.2 knows is left"
                found.append(Cause(reason, choices.group_setting, "group"))
        return found or [Cause(self._unexplained(), "none", "unexplained")]

    def _never_chosen(self, code: int) -> bool:
        """Whether a server whose TLS 1.3 is off would not choose a suite of it either if it were on, in any list and at any level."""
        off = Protocol.TLSv1_3 not in self.spoken and Protocol.TLSv1_3 not in self.barred
        known = self.possible is not _NOTHING_KNOWN and self.choices.role == "server"
        return off and known and code not in self.possible.without_level

    def _breaks_off(self, suite: Suite) -> bool:
        """Whether the library would choose it and then end the handshake."""
        spoken = [one for one in self.effective.broken if suite.minimum <= one <= suite.maximum]
        return bool(spoken) and not set(spoken) & set(self.effective.suites)

    def _apart_from_the_list(self, suite: Suite) -> list[Cause]:
        return [
            *_from_protocols(suite, self.choices, self.spoken, self.barred),
            *_from_certificate(
                suite, self.effective, self.choices, below_tls12=self._is_below_tls12(suite)
            ),
            *_from_level(suite, self.possible, self.choices),
        ]

    def _is_below_tls12(self, suite: Suite) -> bool:
        """Whether the protocols that are configured for it are older than TLS 1.2, or all that nothing forbids are."""
        fitting = [one for one in self.spoken if suite.minimum <= one <= suite.maximum]
        newer = [one for one in fitting if one >= Protocol.TLSv1_2 and one not in self.barred]
        return not newer and min(fitting, default=Protocol.TLSv1_2) < Protocol.TLSv1_2

    def _lacks_a_curve(self) -> bool:
        """Known from the groups; without any, because a listed suite is missing that nothing else holds back."""
        if self.effective.groups:
            return not _CURVES & set(self.effective.groups)
        kept = {code for codes in self.effective.suites.values() for code in codes}
        if any(_exchanges_by_curve(_suites.by_code(code)) for code in kept):
            return False
        listed = (_suites.by_code(code) for code in self.listed)
        return any(
            suite is not None
            and _exchanges_by_curve(suite)
            and not self._apart_from_the_list(suite)
            for suite in listed
        )

    def _unexplained(self) -> str:
        if self.choices.role == "client":
            return "OpenSSL does not offer it with these protocols and groups"
        return "OpenSSL does not choose it with this certificate and these groups"


def dropped_suites(
    effective: Effective, matcher: Matcher, choices: Choices, possible: Possible | None = None
) -> tuple[Dropped, ...]:
    """Every suite that the library knows and a peer cannot get, in the library's order, with all that holds it back."""
    kept = {code for codes in effective.suites.values() for code in codes}
    explainer = Explainer(effective, matcher, choices, possible)
    return tuple(
        Dropped(cipher.code, cipher.name, tuple(explainer.causes(cipher.code)))
        for cipher in matcher.everything()
        if cipher.code not in kept
    )


__all__ = [
    "CERTIFIED",
    "KINDS",
    "Cause",
    "Choices",
    "Dropped",
    "Explainer",
    "Matcher",
    "Possible",
    "dropped_suites",
]
