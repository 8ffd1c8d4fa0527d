# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a sendmail asks of OpenSSL: the settings of the context that its daemons, or its client, share.

Source: inittls() in sendmail/tls.c, readssloptions() and setoption() in readcf.c, initsrvtls() in srvrsmtp.c and
initclttls() in deliver.c, at the releases 8.14.0 to 8.18.2.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Settings,
    Step,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, field
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import ConfigurationFile
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._everybody import Everybody
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._files import (
    Standards,
    unsafe,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import (
    NAMES,
    bits_by_name,
    default_bits,
    has_option,
    meant_by,
    server_letters,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import (
    Build,
    SendmailVersion,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

LONGEST_VALUE: t.Final = 2047  # MAXLINE of sendmail/conf.h, as setoption() expands a value
_P256: t.Final = "415"
_LONGER_DH: t.Final = SendmailVersion(8, 14, 8)
_FIXED_DH: t.Final = SendmailVersion(8, 15, 2)
_AUTOMATIC_DH: t.Final = SendmailVersion(8, 18, 0)
_CRL_PATH_COUNTS: t.Final = SendmailVersion(8, 16, 1)
_DIGITS: t.Final = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")
_LARGEST: t.Final = (1 << 64) - 1
_MOST_DIGITS: t.Final = 25
OP_NO: t.Final = {
    Protocol.SSLv3: 1 << 25,
    Protocol.TLSv1: 1 << 26,
    Protocol.TLSv1_1: 1 << 28,
    Protocol.TLSv1_2: 1 << 27,
    Protocol.TLSv1_3: 1 << 29,
}


class Problem(t.NamedTuple):
    """Why there is no TLS: the code of a finding, and its evidence."""

    code: str
    evidence: str


@dataclass(frozen=True)
class Sendmail:
    """One sendmail with one sendmail.cf. `single_curve` tells whether it allows P-256 only; `file` is the cf, `everybody` what
    the access map says of all peers, `overrides` the options of the running daemon's command line, which `cf` has already.
    """

    build: Build
    cf: ConfigurationFile
    file: str
    standards: Standards = Standards()
    single_curve: bool = False
    everybody: Everybody = Everybody()
    overrides: t.Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """The value of an option that is in force, empty if it is not set; sendmail cuts it off where it is too long."""
        return (self.cf.value(name) or "")[:LONGEST_VALUE]

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of an option that may be given more than once, each cut off as sendmail does it."""
        return tuple(value[:LONGEST_VALUE] for value in self.cf.values(name))


@dataclass(frozen=True)
class Request:
    """What the daemons or the client ask for. `settings` is None if sendmail does not even ask, and `problem` says why.

    `dh` is where the parameters of DHE come from: a size in bits, C(auto), C(none), or one of them, a colon and a file.
    """

    settings: Settings | None
    certificates: tuple[tuple[str, ...], ...]
    dh: str
    asks_certificate: bool
    problem: Problem | None = None


def read_ssl_options(text: str, bits: int, names: t.Mapping[str, int]) -> tuple[int, str | None]:
    """The bits after one ServerSSLOptions or ClientSSLOptions, and the first word that sendmail does not know.

    It reads one more word behind every blank or comma, so a comma behind a blank makes an empty word.
    """
    unknown: str | None = None
    rest = text
    while rest := rest.lstrip(" "):
        clear = rest[0] == "-"
        rest = rest[1:] if rest[0] in "+-" else rest
        word = re.split(r"[\s,]", rest, maxsplit=1)[0]
        rest = rest[len(word) + 1 :]
        value = _bits_of(word, names)
        if value is None:
            unknown = word if unknown is None else unknown
        elif clear:
            bits &= ~value
        else:
            bits |= value
    return bits, unknown


def _bits_of(word: str, names: t.Mapping[str, int]) -> int | None:
    digits = _DIGITS.match(word)
    if digits:
        text = digits[0]
        octal = re.match(r"0[0-7]*", text)
        if text[:2].lower() == "0x":
            return min(int(text, 16), _LARGEST)
        if octal:
            return min(int(octal[0], 8), _LARGEST)
        return _LARGEST if len(text) > _MOST_DIGITS else min(int(text), _LARGEST)
    upper = word.upper()
    return names.get(upper[len("SSL_OP_") :]) if upper.startswith("SSL_OP_") else None


def _option_problem(sendmail: Sendmail) -> Problem | None:
    """What keeps sendmail from starting with this sendmail.cf."""
    known = {name.lower(): name for name in NAMES}
    for option in sendmail.cf.options:
        meant = meant_by(option.name, sendmail.build)
        if option.name != option.name.strip():
            evidence = f"line {option.line}: {option.name!r} has a blank or a tab too many"
            return Problem("sendmail-option-unknown", evidence)
        if len(meant) > 1:
            evidence = f"line {option.line}: {option.name}, which may mean {' or '.join(meant[:2])}"
            return Problem("sendmail-option-unknown", evidence)
        name = known.get(option.name.lower())
        if name and not has_option(name, sendmail.build):
            evidence = (
                f"line {option.line}: {name}, which sendmail {sendmail.build.text} does not have"
            )
            return Problem("sendmail-option-unknown", evidence)
    names = bits_by_name(sendmail.build)
    for name in ("ServerSSLOptions", "ClientSSLOptions"):
        for value in sendmail.values(name):
            unknown = read_ssl_options(value, 0, names)[1]
            if unknown is not None:
                return Problem("sendmail-option-unknown", f"{name} = {value}: unknown '{unknown}'")
    return None


def ssl_option_bits(sendmail: Sendmail, *, client: bool) -> int:
    """The SSL_OP bits that sendmail sets."""
    bits = default_bits(sendmail.build, client=client)
    names = bits_by_name(sendmail.build)
    for value in sendmail.values("ClientSSLOptions" if client else "ServerSSLOptions"):
        bits = read_ssl_options(value, bits, names)[0]
    return bits


def dh_source(sendmail: Sendmail) -> str:
    """Where the parameters of DHE come from; only the first character of DHParameters counts."""
    build, value = sendmail.build, sendmail.value("DHParameters")
    default = "2048" if build.version >= _FIXED_DH else "1024"
    automatic = build.version >= _AUTOMATIC_DH and build.compiled >> 28 >= 3
    if automatic:
        default = "auto"
    first = value[:1].lower()
    if first == "/":
        fallback = default if build.version >= _FIXED_DH else "none"
        return fallback if unsafe(value, sendmail.standards) else f"{fallback}:{value}"
    sizes = {"1": "1024", "5": "512", "n": "none"}
    if build.version >= _LONGER_DH:
        sizes["2"] = "2048"
    if build.version >= _FIXED_DH:
        sizes["i"] = "2048"
    if automatic and value[:1] == "a":
        return "auto"
    return sizes.get(first, default)


class _Files:
    """Collects the steps for certificate files, or the first problem that switches TLS off."""

    def __init__(self, sendmail: Sendmail, *, needed: bool, guarded: bool) -> None:
        self.sendmail = sendmail
        self.needed = needed
        self.guarded = guarded
        self.problem: Problem | None = None

    def usable(self, name: str, path: str, *, secret: bool = False) -> bool:
        """Whether sendmail would load this file."""
        if not path.startswith("/"):
            self._object(
                "certificate-missing", f"{name} = {path}" if path else f"{name} is not set"
            )
            return False
        reason = unsafe(path, self.sendmail.standards, secret=secret and self.guarded)
        if reason:
            self._object("certificate-unsafe", f"{name} = {path}: {reason}")
        return reason is None

    def absolute(self, name: str, path: str) -> bool:
        """Whether a directory is named at all; sendmail does not look at it."""
        if not path.startswith("/"):
            self._object(
                "certificate-missing", f"{name} = {path}" if path else f"{name} is not set"
            )
        return path.startswith("/")

    def _object(self, code: str, evidence: str) -> None:
        if self.needed and self.problem is None:
            self.problem = Problem(code, evidence)


def pairs_of(sendmail: Sendmail, *, client: bool) -> tuple[tuple[str, str, str], ...]:
    """("pair", certificate, key): the first one, and a second one behind commas."""
    side = "Client" if client else "Server"
    certificates = sendmail.value(f"{side}CertFile").split(",", 1)
    keys = sendmail.value(f"{side}KeyFile").split(",", 1)
    if len(certificates) == 1:
        keys = [sendmail.value(f"{side}KeyFile")]
    rows = zip(certificates, [*keys, *[""] * (len(certificates) - len(keys))])
    return tuple(("pair", one, key) for one, key in rows if one or key)


def _digest_steps(sendmail: Sendmail) -> list[Step]:
    """That of fingerprints; without it sendmail has no TLS at all (init_tls_library() in sendmail/tls.c)."""
    name = sendmail.cf.value("CertFingerprintAlgorithm")
    return [] if name is None else [("digest", True, sendmail.value("CertFingerprintAlgorithm"))]


def _certificate_steps(sendmail: Sendmail, files: _Files, *, client: bool) -> list[Step]:
    side = "Client" if client else "Server"
    kind = "certificate"
    if "_FFR_TLS_USE_CERTIFICATE_CHAIN_FILE" in sendmail.build.options:
        kind = "chain"
    pairs = pairs_of(sendmail, client=client) or (("pair", "", ""),)
    steps: list[Step] = []
    for position, (_pair, certificate, key) in enumerate(pairs):
        needed = files.needed and position == 0
        with_certificate = files.usable(f"{side}CertFile", certificate)
        if (key or position == 0) and files.usable(f"{side}KeyFile", key, secret=True):
            steps.append(("key", needed, key))
        if with_certificate:
            steps.append((kind, needed, certificate))
        if ("key", needed, key) in steps:
            steps.append(("check", needed, key))
    return steps


def _trust_steps(sendmail: Sendmail, files: _Files, *, client: bool) -> list[Step]:
    file, directory = sendmail.value("CACertFile"), sendmail.value("CACertPath")
    named = files.absolute("CACertPath", directory)
    files.usable("CACertFile", file)
    return [("trust", not client, file, directory)] if named and file[:1] == "/" else []


def _other_steps(sendmail: Sendmail, dh: str, *, client: bool) -> list[Step]:
    steps: list[Step] = [("options", True)]
    if not client and dh != "none":
        steps.append(("dh", False, dh))
        if sendmail.single_curve:
            steps.append(("curve", False, _P256))
    return steps


def request_of(sendmail: Sendmail, *, client: bool) -> Request:
    """What the client asks of the library, or what all daemons ask together."""
    letters = server_letters(*sendmail.values("TLSSrvOptions"))
    without = "C" in letters and has_option("CipherList", sendmail.build)
    needed = not client and not without
    files = _Files(sendmail, needed=needed, guarded=client or needed)
    steps = _digest_steps(sendmail) + _certificate_steps(sendmail, files, client=client)
    trust = _trust_steps(sendmail, files, client=client)
    dh = dh_source(sendmail)
    steps += [*_other_steps(sendmail, dh, client=client), *trust]
    ciphers, suites = sendmail.value("CipherList"), sendmail.value("CipherSuites")
    if ciphers:
        steps.append(("ciphers", False))
    if suites:
        steps.append(("suites", False, suites))
    problem = _problem(sendmail) or files.problem
    bits = ssl_option_bits(sendmail, client=client)
    pairs = pairs_of(sendmail, client=client)
    settings = Settings(
        ciphers=ciphers or "DEFAULT",
        role="client" if client else "server",
        options=bits,
        excluded=tuple(int(one) for one, bit in OP_NO.items() if bits & bit),
        certificates=pairs,
        dh=dh,
        steps=tuple(steps),
    )
    asks = not client and sendmail.everybody.switched("VR", default="V" not in letters)
    return Request(None if problem else settings, pairs, dh, asks, problem)


def _problem(sendmail: Sendmail) -> Problem | None:
    if not sendmail.build.has_tls:
        return Problem("sendmail-without-tls", f"sendmail {sendmail.build.text}")
    if sendmail.cf.value("CRLPath") == "" and sendmail.build.version >= _CRL_PATH_COUNTS:
        return Problem("tls-setup-fails", "CRLPath is empty")
    return _option_problem(sendmail)


__all__ = [
    "LONGEST_VALUE",
    "OP_NO",
    "Problem",
    "Request",
    "Sendmail",
    "dh_source",
    "pairs_of",
    "read_ssl_options",
    "request_of",
    "ssl_option_bits",
]
