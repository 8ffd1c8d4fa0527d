# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""As a sender would: the hello of a real sending mail server, and what would come of its delivery.

The profiles are dated data with their source (_sender_profiles); each costs one connection. A verdict needs an answer:
a timeout, a limit or a broken connection leaves it open.
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import (
    dataclass,
    replace,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _sender_hello,
    _sender_logs,
    _sender_profiles,
    _suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._chain_scan import breaks_off
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import _rsa
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sender_hello import COOKIE
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import Fork, Strategy

_RENEGOTIATION_INFO: t.Final = 0xFF01
_SERVER_REASONS: t.Final[dict[int, str]] = {
    _sender_logs.HANDSHAKE_FAILURE: "no-shared-cipher",
    _sender_logs.PROTOCOL_VERSION: "unsupported-protocol",
    _sender_logs.INSUFFICIENT_SECURITY: "insufficient-security",
}


@dataclass(frozen=True)
class SenderProfile:
    """A sender: its hello, and what it refuses although it was offered.

    C(versions) are those that it takes, the oldest first. C(minimum_dh_bits) is the smallest prime and
    C(minimum_rsa_bits) the smallest RSA key for a key exchange (0: any). C(refuses) are reasons that depend on the
    program: C(legacy-signature) of the SHA-1 and MD5 signature that every key exchange before TLS 1.2 has,
    C(unsafe-renegotiation) of a server without RFC 5746. C(without_tls) is C(plaintext), C(deferred) or None: what it
    does with the mail after a failed handshake, says C(without_tls_source).
    """

    name: str
    title: str
    source: str
    date: str
    recorded: bool
    mta: str
    library: str
    hello: _sender_hello.HelloTemplate
    versions: tuple[Protocol, ...]
    minimum_dh_bits: int
    minimum_rsa_bits: int
    refuses: tuple[str, ...]
    without_tls: str | None
    without_tls_source: str

    @property
    def suites(self) -> tuple[int, ...]:
        """The suites on offer that exist since SSL 3.0, by preference."""
        return tuple(code for code in self.hello.suites if code <= 0xFFFF)


@dataclass(frozen=True)
class SenderQuestion:
    """A profile's hello, to be asked of a server of this name."""

    profile: SenderProfile
    server_name: str | None

    def exchange(self) -> _sender_hello.SenderExchange:
        """The sender's talk, with fresh random bytes and keys."""
        return _sender_hello.SenderExchange(self.profile.hello, server_name=self.server_name)


@dataclass(frozen=True)
class SenderResult:
    """What would come of a sender's handshake.

    C(connects) is None where it could not be found out. C(protocol) and C(cipher) (a code point) are the negotiated
    ones; of a flight that the sender refuses, what the server chose. C(reason) is a stable word, empty if it connects;
    the logs are what both sides would write, C(server_log) by generation of the server's library.
    """

    profile: SenderProfile
    connects: bool | None
    protocol: Protocol | None = None
    cipher: int | None = None
    reason: str = ""
    server_log: tuple[str, ...] = ()
    client_log: str = ""

    @property
    def name(self) -> str:
        """The name of the profile."""
        return self.profile.name

    def as_dict(self) -> dict[str, t.Any]:
        """The shape that modules return."""
        return {
            "name": self.name,
            "title": self.profile.title,
            "connects": self.connects,
            "protocol": self.protocol.label if self.protocol is not None else None,
            "cipher": _suites.shape_of(self.cipher) if self.cipher is not None else None,
            "reason": self.reason or None,
            "server_log": list(self.server_log),
            "client_log": self.client_log or None,
            "without_tls": self.profile.without_tls,
            "without_tls_source": self.profile.without_tls_source,
            "source": f"{self.profile.source} ({self.profile.date})",
        }


def _stanzas() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    fields: list[tuple[str, str]] = []
    for line in _sender_profiles.PROFILES.splitlines():
        if line.startswith("  "):
            key, value = fields[-1]
            fields[-1] = (key, f"{value} {line.strip()}")
        elif line.startswith(" "):
            key, _blank, value = line.strip().partition(" ")
            fields.append((key, value))
        elif line:
            fields = found.setdefault(line, [])
    return found


_STANZAS: t.Final = _stanzas()
NAMES: t.Final[tuple[str, ...]] = tuple(_STANZAS)


def by_name(name: str) -> SenderProfile:
    """The profile of this name; raises ValueError, which names those that there are, for any other."""
    if name not in _STANZAS:
        raise ValueError(f"{name!r} is not a sender profile; known are {', '.join(NAMES)}")
    fields = dict(_STANZAS[name])
    hello = _template(fields)
    fate, _blank, why = fields["plaintext"].partition(" ")
    return SenderProfile(
        name,
        fields["title"],
        fields["source"],
        fields["date"],
        fields["source"].startswith("recorded: "),
        fields["mta"],
        fields["library"],
        hello,
        _versions(hello, fields.get("floor")),
        int(fields.get("minimum_dh", "0")),
        int(fields.get("minimum_rsa", "0")),
        tuple(fields.get("refuses", "").split()),
        None if fate == "unknown" else fate,
        why,
    )


def _template(fields: dict[str, str]) -> _sender_hello.HelloTemplate:
    record, version, session = fields["hello"].split()
    return _sender_hello.HelloTemplate(
        int(record, 16),
        int(version, 16),
        int(session),
        tuple(int(code, 16) for code in fields["suites"].split()),
        bytes.fromhex(fields.get("compressions", "00")),
        tuple(_extension(word) for word in fields.get("extensions", "").split()),
    )


def _extension(word: str) -> _sender_hello.Extension:
    kind, _at, groups = word.partition("@")
    if groups:
        shares = tuple(int(group, 16) for group in groups.split(","))
        return _sender_hello.Extension(int(kind), shares=shares)
    kind, _equals, content = word.partition("=")
    if content in ("name", "padding"):
        return _sender_hello.Extension(int(kind), place=content)
    return _sender_hello.Extension(int(kind), bytes.fromhex(content))


def _versions(hello: _sender_hello.HelloTemplate, floor: str | None) -> tuple[Protocol, ...]:
    if floor is None:
        return tuple(sorted(Protocol(version) for version in hello.versions))
    lowest = Protocol.from_label(floor)
    return tuple(version for version in Protocol if lowest <= version <= hello.version)


def sender_scan(
    names: t.Sequence[str], *, server_name: str | None
) -> Strategy[tuple[SenderResult, ...]]:
    """What each of these senders would get, or every one if none is named, one connection each.

    Where TLS 1.3 is among it, whole handshakes tell whether the server ends it behind its ServerHello, whoever asks. Raises
    ValueError for a name that is no profile.
    """
    profiles = [by_name(name) for name in names or NAMES]
    results = yield Fork(tuple(_one(profile, server_name) for profile in profiles))
    alert = None
    if any(_gets_tls13(one) for one in results):
        alert = yield from breaks_off(server_name)
    return tuple(_broken_off(one, alert) if alert and _gets_tls13(one) else one for one in results)


def _gets_tls13(result: SenderResult) -> bool:
    return bool(result.connects) and result.protocol == Protocol.TLSv1_3


def _broken_off(result: SenderResult, alert: Alert) -> SenderResult:
    """What comes of a sender to which the server agreed, and whose handshake it ends with this alert."""
    mta, library = result.profile.mta, result.profile.library
    return replace(
        result,
        connects=False,
        reason="handshake-breaks-off",
        server_log=_sender_logs.server_log(alert.description, sent_by_server=True),
        client_log=_sender_logs.client_log(mta, library, alert=alert.description),
    )


def _one(
    profile: SenderProfile, server_name: str | None
) -> t.Generator[SenderQuestion, Answer, SenderResult]:
    answer = yield SenderQuestion(profile, server_name)
    return judge(profile, answer)


def judge(profile: SenderProfile, answer: Answer) -> SenderResult:
    """What a sender makes of a server's answer to its hello."""
    if isinstance(answer, NotDetermined):
        return SenderResult(profile, None, reason=answer.reason)
    if isinstance(answer, Alert):
        return _refused_by_server(profile, answer)
    if answer.retry and COOKIE in answer.extensions:
        return SenderResult(profile, None, reason="retry-with-cookie")
    own = refusal(profile, answer)
    if not own:
        return SenderResult(profile, True, answer.version, answer.suite)
    if own not in _sender_logs.OWN_REFUSALS:
        return SenderResult(profile, False, answer.version, answer.suite, own)
    alert = _sender_logs.OWN_REFUSALS[own].alert
    return SenderResult(
        profile,
        False,
        answer.version,
        answer.suite,
        own,
        _sender_logs.server_log(alert, sent_by_server=False),
        _sender_logs.client_log(profile.mta, profile.library, alert=alert, own=own),
    )


def _refused_by_server(profile: SenderProfile, alert: Alert) -> SenderResult:
    """To a client of SSL 3.0, which has no alert protocol_version, OpenSSL says handshake_failure (ssl/s3_enc.c)."""
    after = alert.after
    code = alert.description
    if code == _sender_logs.HANDSHAKE_FAILURE and profile.versions[-1] == Protocol.SSLv3:
        code = _sender_logs.PROTOCOL_VERSION
    return SenderResult(
        profile,
        False,
        after.version if after else None,
        after.suite if after else None,
        _SERVER_REASONS.get(code, f"alert-{alert.name}".replace("_", "-")),
        _sender_logs.server_log(code, sent_by_server=True),
        _sender_logs.client_log(profile.mta, profile.library, alert=alert.description),
    )


def refusal(profile: SenderProfile, hello: ServerHello) -> str:
    """The reason for which a sender refuses a server's flight; empty if it goes on.

    A HelloRetryRequest that comes this far is a second one (RFC 8446 section 4.1.4), or one for a group that was not offered.
    """
    if hello.version not in profile.versions:
        return "unsupported-protocol"
    if hello.suite not in profile.suites or not _suites.fits(hello.suite, hello.version):
        return "suite-not-offered"
    unsafe = hello.version < Protocol.TLSv1_3 and _RENEGOTIATION_INFO not in hello.extensions
    if unsafe and "unsafe-renegotiation" in profile.refuses:
        return "unsafe-renegotiation"
    offered = profile.hello.groups
    if hello.group is not None and offered and hello.group not in offered:
        return "wrong-curve"
    if hello.dh is not None and hello.dh.bits < profile.minimum_dh_bits:
        return "dh-key-too-small"
    if _rsa_bits(profile, hello) < profile.minimum_rsa_bits:
        return "rsa-key-too-small"
    signed = hello.group is not None or hello.dh is not None
    if signed and hello.version < Protocol.TLSv1_2 and "legacy-signature" in profile.refuses:
        return "legacy-signature"
    schemes = profile.hello.signature_algorithms
    if hello.signature is not None and schemes and hello.signature not in schemes:
        return "wrong-signature"
    return "unexpected-retry" if hello.retry else ""


def _rsa_bits(profile: SenderProfile, hello: ServerHello) -> float:
    """The size of the key that the premaster secret is encrypted to; endless where there is none or nobody minds."""
    suite = _suites.by_code(hello.suite)
    exchange = suite.key_exchange if suite is not None else ""
    if exchange != "RSA" or not profile.minimum_rsa_bits or not hello.certificates:
        return math.inf
    try:
        return _rsa.public_key(hello.certificates[0]).modulus.bit_length()
    except CryptoError:
        return math.inf


__all__ = [
    "NAMES",
    "SenderProfile",
    "SenderQuestion",
    "SenderResult",
    "by_name",
    "judge",
    "refusal",
    "sender_scan",
]
