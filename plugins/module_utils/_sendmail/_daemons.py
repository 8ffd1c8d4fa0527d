# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The daemons of DaemonPortOptions: where each listens, what for, and with which modifiers.

Source: setsockaddroptions() and setdaemonoptions() in sendmail/daemon.c, "DaemonPortOptions" in doc/op/op.me.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._ports import (
    SUBMISSION_PORTS,
    port_number,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_ANYWHERE: t.Final = {"inet": "0.0.0.0", "inet6": "::"}
_AUTHENTICATED: t.Final = "a"
_SMTP: t.Final = 25
_CASE_MATTERS: t.Final = "cdqr"
_MARK: t.Final = re.compile(
    "^IPv6:", re.IGNORECASE
)  # anynet_pton() in sendmail/conf.c passes over it


@dataclass(frozen=True)
class Daemon:
    """One daemon. `modifiers` are its letters: s is TLS at once, S no STARTTLS, a demands authentication."""

    name: str
    family: str
    address: str
    port: int | None
    modifiers: str
    line: str = ""

    @property
    def implicit(self) -> bool:
        return "s" in self.modifiers

    @property
    def offers_tls(self) -> bool:
        return self.implicit or "S" not in self.modifiers

    @property
    def lane(self) -> str:
        """A daemon elsewhere than on port 25 that demands authentication is for users, too."""
        users = self.implicit or (_AUTHENTICATED in self.modifiers and self.port != _SMTP)
        return "submission" if self.port in SUBMISSION_PORTS or users else "mx"

    @property
    def on_loopback(self) -> bool:
        return self.address.startswith("127.") or self.address in ("::1", "localhost")


def _port(text: str) -> int | None:
    digits = re.match(r"[0-9]+", text)
    return port_number(digits[0] if digits else text)


def _settings(line: str) -> dict[str, str]:
    """The settings by the letter that decides: sendmail reads no more of a name than that."""
    found = {}
    for part in line.split(","):
        name, equals, value = part.strip().partition("=")
        if equals and name:
            letter = name[0] if name[0] in _CASE_MATTERS else name[0].upper()
            found[letter] = value.strip()
    return found


def parse_daemon(line: str, *, number: int = 0) -> Daemon:
    """Read one DaemonPortOptions; without a name it is called as sendmail calls it in its log."""
    settings = _settings(line)
    family = settings.get("F", "inet").lower()
    address = settings.get("A", _ANYWHERE.get(family, ""))
    return Daemon(
        name=settings.get("N") or f"Daemon{number}",
        family=family,
        address=_MARK.sub("", address) if family == "inet6" else address,
        port=_port(settings.get("P", "smtp")),
        modifiers="".join(settings.get("M", "").split()),
        line=line,
    )


def daemons_of(lines: t.Sequence[str]) -> tuple[Daemon, ...]:
    """Every daemon that listens on the network; without a line there is one on port 25."""
    found = [parse_daemon(line, number=number) for number, line in enumerate(lines or ("",))]
    return tuple(one for one in found if one.family in _ANYWHERE)


__all__ = ["Daemon", "daemons_of", "parse_daemon"]
