# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The daemons of DaemonPortOptions: where each listens, what for, and with which modifiers.

A name behind Addr= is looked up once, as the daemon starts, and means the first address that it has then.
Source: setsockaddroptions() and setdaemonoptions() in sendmail/daemon.c, sm_gethostbyname() in conf.c, "DaemonPortOptions"
in doc/op/op.me.
"""

from __future__ import annotations

import re
import socket
import threading
import time
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._ports import (
    SUBMISSION_PORTS,
    port_number,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import (
    dataclass,
    replace,
)

_ANYWHERE: t.Final = {"inet": "0.0.0.0", "inet6": "::"}
_AUTHENTICATED: t.Final = "a"
_SMTP: t.Final = 25
_FAMILIES: t.Final = {"2": "inet", "10": "inet6", "28": "inet6"}  # AF_INET6 of Linux, of FreeBSD
_LONGEST_LOOK: t.Final = 8.0
_LOCALHOST: t.Final = "localhost"
_CASE_MATTERS: t.Final = "cdqr"
_MARK: t.Final = re.compile(
    "^IPv6:", re.IGNORECASE
)  # anynet_pton() in sendmail/conf.c passes over it

#: How a finding begins that says why the address of a daemon is not known.
WHERE_IT_LISTENS: t.Final = "where it listens: "

#: The addresses of a name in a family, inet or inet6.
Look = t.Callable[[str, str], t.Sequence[str]]


class Looked(t.NamedTuple):
    """The address that a daemon takes for a name, or empty, and why it is not known."""

    address: str
    doubt: str = ""


AddressOf = t.Callable[[str, str], Looked]


@dataclass(frozen=True)
class Daemon:
    """One daemon. `modifiers` are its letters: s is TLS at once, S no STARTTLS, a demands authentication. `doubt` says why the
    name that is its address could not be made one.
    """

    name: str
    family: str
    address: str
    port: int | None
    modifiers: str
    line: str = ""
    doubt: str = ""

    @property
    def implicit(self) -> bool:
        return "s" in self.modifiers

    @property
    def without_starttls(self) -> bool:
        return "S" in self.modifiers

    @property
    def offers_tls(self) -> bool:
        return self.implicit or not self.without_starttls

    @property
    def lane(self) -> str:
        """A daemon elsewhere than on port 25 that demands authentication is for users, too."""
        users = self.implicit or (_AUTHENTICATED in self.modifiers and self.port != _SMTP)
        return "submission" if self.port in SUBMISSION_PORTS or users else "mx"

    @property
    def on_loopback(self) -> bool:
        return not self.doubt and _is_loopback(self.address)


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", _LOCALHOST)


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
    family = _FAMILIES.get(family, family)
    address = settings.get("A", _ANYWHERE.get(family, ""))
    return Daemon(
        name=settings.get("N") or f"Daemon{number}",
        family=family,
        address=_MARK.sub("", address) if family == "inet6" else address,
        port=_port(settings.get("P", "smtp")),
        modifiers="".join(settings.get("M", "").split()),
        line=line,
    )


def daemons_of(lines: t.Sequence[str], address_of: AddressOf | None = None) -> tuple[Daemon, ...]:
    """Every daemon that listens on the network; without a line there is one on port 25."""
    found = [parse_daemon(line, number=number) for number, line in enumerate(lines or ("",))]
    known = [one for one in found if one.family in _ANYWHERE]
    return tuple(_placed(one, address_of) if address_of else one for one in known)


def _placed(daemon: Daemon, address_of: AddressOf) -> Daemon:
    """The daemon at its address: as it is usually written, or that of the name; a name of which nobody knows stays."""
    number = _numeric(daemon.address, daemon.family)
    if number or not daemon.address:
        return replace(daemon, address=number)
    address, doubt = address_of(daemon.address, daemon.family)
    return replace(daemon, address=address or daemon.address, doubt=doubt)


def _numeric(text: str, family: str) -> str:
    """The address that sendmail reads in a text; empty where it takes that for a name."""
    try:
        if family == "inet6":
            return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
        return socket.inet_ntoa(socket.inet_aton(text)) if "0" <= text[:1] <= "9" else ""
    except (OSError, ValueError):
        return ""


def _look(name: str, family: str) -> t.Sequence[str]:
    """As the system has them, in its order. Raises OSError or UnicodeError where it has none."""
    if family == "inet":
        return socket.gethostbyname_ex(name)[2]
    found = socket.getaddrinfo(name, None, socket.AF_INET6, socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def host_address(
    name: str, family: str, *, look: Look = _look, limit: float = _LONGEST_LOOK
) -> Looked:
    """The one address of a name on this host, within so many seconds. Of several, the daemon has any, but for addresses of
    the host itself.
    """
    found: list[Looked] = []
    thread = threading.Thread(
        target=lambda: found.append(_the_one(name, family, look)), daemon=True
    )
    thread.start()
    thread.join(limit)
    return found[0] if found else Looked("", f"{name} was not resolved within {limit:.3g} seconds")


def _the_one(name: str, family: str, look: Look) -> Looked:
    try:
        addresses = list(dict.fromkeys(look(name, family)))
    except (OSError, UnicodeError) as error:
        return Looked("", f"{name} was not resolved: {getattr(error, 'strerror', None) or error}")
    if len(addresses) == 1 or (addresses and all(map(_is_loopback, addresses))):
        return Looked(addresses[0])
    several = f"{', '.join(addresses)}; sendmail took the first that it was told as it started"
    return Looked("", f"{name} has {several if addresses else 'no address'}")


class HostAddresses:
    """The addresses of names on this host: each name is looked up once, and all of them within so many seconds together."""

    def __init__(
        self,
        *,
        look: Look = _look,
        limit: float = _LONGEST_LOOK,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self._known: dict[tuple[str, str], Looked] = {}
        self._look = look
        self._limit = limit
        self._left = limit
        self._clock = clock

    def __call__(self, name: str, family: str) -> Looked:
        key = (name.lower(), family)
        if key not in self._known:
            self._known[key] = self._within_what_is_left(name, family)
        return self._known[key]

    def _within_what_is_left(self, name: str, family: str) -> Looked:
        if self._left <= 0:
            return Looked(
                "",
                f"{name} was not looked up, as other names took all of the {self._limit:g} seconds",
            )
        began = self._clock()
        found = host_address(name, family, look=self._look, limit=self._left)
        self._left -= self._clock() - began
        return found


def saved_address(name: str, _family: str) -> Looked:
    """What is certain of a name on another host: localhost means the same everywhere."""
    doubt = "" if name.lower() == _LOCALHOST else f"{name} was not looked up on that host"
    return Looked(name.lower() if not doubt else "", doubt)


__all__ = [
    "WHERE_IT_LISTENS",
    "AddressOf",
    "Daemon",
    "HostAddresses",
    "Looked",
    "daemons_of",
    "host_address",
    "parse_daemon",
    "saved_address",
]
