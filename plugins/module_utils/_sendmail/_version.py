# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The version of a sendmail and what it was compiled with, as it tells itself.

Source: main() in sendmail/main.c (debug categories 0.1 to 0.15) and CompileOptions in sendmail/conf.c.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner

_NUMBER: t.Final = re.compile(
    r"(?P<major>[0-9]{1,6})\.(?P<minor>[0-9]{1,6})(?:\.(?P<patch>[0-9]{1,6}))?(?![0-9])"
)
VERSION: t.Final = re.compile(r"^Version (?P<text>\S+)", re.MULTILINE)
_LISTS: t.Final = ("Compiled with:", "FFR Defines:")
_LIBRARY: t.Final = re.compile(
    r"OpenSSL: (?P<which>compiled|linked)\s+0x(?P<number>[0-9a-fA-F]{8})"
)
_HOST: t.Final = re.compile(r"\(canonical domain name\) \$j = (?P<name>\S+)")
_SINGLE_CURVE: t.Final = b"EC_KEY_new_by_curve_name"


@dataclass(frozen=True)
class SendmailVersion:
    """A release such as 8.17.1; releases are in order."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> SendmailVersion:
        """Read a version. Raises InvalidInput for anything else."""
        found = _NUMBER.match(text)
        if not found:
            raise InvalidInput(
                f"'{text}' is not a version of sendmail: expected one such as 8.17.1."
            )
        return cls(int(found["major"]), int(found["minor"]), int(found["patch"] or 0))

    def __ge__(self, other: SendmailVersion) -> bool:
        return not self < other

    def __lt__(self, other: SendmailVersion) -> bool:
        own, its = ((one.major, one.minor, one.patch) for one in (self, other))
        return own < its

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True)
class Build:
    """One sendmail: its version as text and to compare, the words it was compiled with (FFR defines among them), and
    the OPENSSL_VERSION_NUMBER of the headers and of the library it runs on, 0 where it does not tell. `host` is the name
    that it finds for this host.
    """

    text: str
    version: SendmailVersion
    options: frozenset[str]
    compiled: int = 0
    linked: int = 0
    host: str = ""

    @property
    def has_tls(self) -> bool:
        return "STARTTLS" in self.options


def _words(output: str) -> t.Iterator[str]:
    inside = False
    for line in output.splitlines():
        text = line.strip()
        begins = next((one for one in _LISTS if text.startswith(one)), None)
        inside = bool(begins) or (inside and line.startswith("\t"))
        if inside:
            yield from text[len(begins or "") :].split()


def parse_build(output: str) -> Build:
    """Read what C(sendmail -d0.15 -bt) prints. Raises InvalidInput if there is no version."""
    found = VERSION.search(output)
    if not found:
        raise InvalidInput("sendmail does not tell its version.")
    host = _HOST.search(output)
    numbers = {one["which"]: int(one["number"], 16) for one in _LIBRARY.finditer(output)}
    return Build(
        found["text"],
        SendmailVersion.parse(found["text"]),
        frozenset(word.partition("=")[0] for word in _words(output)),
        numbers.get("compiled", 0),
        numbers.get("linked", 0),
        host["name"] if host else "",
    )


def build_of(sendmail: str, run: Runner) -> Build:
    """Ask a sendmail for its version. Raises CommandFailed with its own words."""
    command = [sendmail, "-d0.15", "-bt"]
    done = run(command)
    try:
        return parse_build(done.stdout)
    except InvalidInput as error:
        reason = (done.stderr or done.stdout).strip().splitlines()[:1] or [str(error)]
        raise CommandFailed(f"'{' '.join(command)}' failed: {reason[0]}.") from error


def linked_version(build: Build) -> str | None:
    """The OpenSSL that sendmail runs on, as it prints its number (OpenSSL_version_num(3)); None where it does not."""
    number = build.linked
    if number >> 28 == 1:
        letter = chr(ord("a") + (number >> 4 & 0xFF) - 1) if number >> 4 & 0xFF else ""
        return f"OpenSSL 1.{number >> 20 & 0xFF}.{number >> 12 & 0xFF}{letter}"
    if number >> 28 < 3:
        return None
    return f"OpenSSL {number >> 28}.{number >> 20 & 0xFF}.{number >> 4 & 0xFF}"


def single_curve(program: str) -> bool | None:
    """Whether this sendmail sets P-256 as the only curve (TLS_EC=1): then it calls a function of OpenSSL that it has no
    other use for. None if the program cannot be read.
    """
    try:
        with open(program, "rb") as stream:
            return _SINGLE_CURVE in stream.read()
    except OSError:
        return None


__all__ = [
    "VERSION",
    "Build",
    "SendmailVersion",
    "build_of",
    "linked_version",
    "parse_build",
    "single_curve",
]
