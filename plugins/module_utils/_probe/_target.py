# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is probed: the caller's options, checked, and the addresses that they stand for."""

from __future__ import annotations

import re
import socket
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._probe._pace import MOST_CONNECTIONS
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import (
    ALL_CHECKS,
    CHECKS,
)

_LONGEST: t.Final = 86400
_IMPLICIT_PORTS: t.Final = frozenset((465, 993, 995))
_EHLO_NAME: t.Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,253})|\[[0-9A-Za-z:.]{2,80}\]")


@dataclass(frozen=True)
class Target:
    """One server and how to ask it; times in seconds.

    C(addresses) is what to connect to, C(host) by default, and nothing where it is empty; C(every_address) asks for a result of
    each address.
    C(sni) None means the host where it is a name. C(timeout) bounds the whole probe, C(connections) those at once; None
    leaves them to what is measured. C(policy) is what the check of that name needs, as plain data; C(senders) are names
    of profiles, and stand for the check of that name. Raises InvalidInput for a value that cannot be used.
    """

    host: str
    port: int = 25
    addresses: tuple[str, ...] | None = None
    every_address: bool = False
    implicit: bool = False
    lmtp: bool = False
    sni: str | None = None
    ehlo_name: str | None = None
    timeout: float = 120.0
    checks: tuple[str, ...] = CHECKS
    connections: int | None = None
    interval: float = 0.0
    policy: t.Mapping[str, t.Any] | None = None
    senders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_host("host", self.host)
        for address in self.addresses or ():
            _check_host("address", address)
        if self.sni:
            _check_host("sni", self.sni)
        if not 0 < self.port < 65536:
            raise InvalidInput(f"The port {self.port} is not between 1 and 65535.")
        if self.connections is not None and not 1 <= self.connections <= MOST_CONNECTIONS:
            raise InvalidInput(
                f"The number of connections {self.connections} is not between 1 and {MOST_CONNECTIONS}: mail servers "
                "queue no more than that without stalling."
            )
        if not 0 < self.timeout <= _LONGEST:
            raise InvalidInput(
                f"The timeout {self.timeout} is not a number of seconds above 0 and up to {_LONGEST}, which is a day."
            )
        if not 0 <= self.interval <= _LONGEST:
            raise InvalidInput(
                f"The interval {self.interval} is not a number of seconds from 0 to {_LONGEST}, which is a day."
            )
        if self.ehlo_name is not None and not _EHLO_NAME.fullmatch(self.ehlo_name):
            raise InvalidInput(
                f"The EHLO name {self.ehlo_name!r} is neither a host name nor an address literal in brackets."
            )
        self._check_questions()

    def _check_questions(self) -> None:
        """Rules and profiles are loaded only for those who ask for them."""
        unknown = [check for check in self.checks if check not in ALL_CHECKS]
        if unknown:
            raise InvalidInput(f"Unknown check {unknown[0]!r}; known are {', '.join(ALL_CHECKS)}.")
        if "policy" in self.checks:
            if not self.policy:
                raise InvalidInput("The check policy needs a policy.")
            from ansible_collections.postmaster.tls.plugins.module_utils._tls._policy_check import (  # noqa: PLC0415
                rule_of,
            )

            rule_of(self.policy)
        missing = [name for name in self.senders if name not in _profiles()]
        if missing:
            known = ", ".join(_profiles())
            raise InvalidInput(f"There is no sender {missing[0]!r}; known are {known}.")

    @property
    def asked(self) -> tuple[str, ...]:
        """The checks to make."""
        implied = ("senders",) if self.senders and "senders" not in self.checks else ()
        return (*self.checks, *implied)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The senders to ask as: those that are named, or all where only the check is."""
        if "senders" in self.checks and not self.senders:
            return _profiles()
        return self.senders

    @property
    def names(self) -> tuple[str, ...]:
        """The names or addresses to connect to."""
        return (self.host,) if self.addresses is None else self.addresses

    @property
    def wrong_mode(self) -> bool:
        """Whether TLS usually begins at once on this port, and the target says that plaintext comes first."""
        return not self.implicit and self.port in _IMPLICIT_PORTS

    @property
    def server_name(self) -> str | None:
        """The name for the server_name extension (RFC 6066 allows names, no addresses), or None for no extension."""
        name = self.host if self.sni is None else self.sni
        name = name.rstrip(".")
        if not name or is_address(name):
            return None
        return name if name.isascii() else name.encode("idna").decode("ascii")


def _profiles() -> tuple[str, ...]:
    from ansible_collections.postmaster.tls.plugins.module_utils._tls._senders import (  # noqa: PLC0415
        NAMES,
    )

    return NAMES


@dataclass(frozen=True)
class Endpoint:
    """One socket address."""

    family: int
    sockaddr: tuple[t.Any, ...]

    @property
    def address(self) -> str:
        """The IP address as text."""
        return str(self.sockaddr[0])


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text.partition("%")[0])
        except (OSError, ValueError):
            continue
        return True
    return False


def _check_host(option: str, value: str) -> None:
    if not value or len(value) > 255 or any(letter.isspace() or letter in "/@" for letter in value):
        raise InvalidInput(f"The {option} {value!r} is neither a host name nor an IP address.")
    if any(letter in ":[]" for letter in value) and not is_address(value):
        raise InvalidInput(
            f"The {option} {value!r} has a port or brackets: give the bare name or address, and the port by its own option."
        )
    try:
        name = value.rstrip(".").encode("idna")
    except UnicodeError:
        raise InvalidInput(f"The {option} {value!r} is no valid host name.") from None
    if not name.decode("ascii").isprintable():
        raise InvalidInput(f"The {option} {value!r} is no valid host name.")


Resolver = t.Callable[..., list[tuple[t.Any, ...]]]


def resolve(
    target: Target, getaddrinfo: Resolver = socket.getaddrinfo
) -> tuple[Endpoint | NotDetermined, ...] | NotDetermined:
    """The addresses of a target in the order of the system's resolver, each once.

    Where every address is asked, a name that has none is told in its place; else only where no other name has one.
    """
    answers = (_looked_up(name, target.port, getaddrinfo) for name in target.names)
    found = tuple(dict.fromkeys(one for answer in answers for one in answer))
    if not found:
        return NotDetermined("unresolvable", f"The name {target.host} has no address.")
    if target.every_address:
        return found
    failures = [one for one in found if isinstance(one, NotDetermined)]
    return tuple(one for one in found if isinstance(one, Endpoint)) or failures[-1]


def _looked_up(name: str, port: int, getaddrinfo: Resolver) -> t.Sequence[Endpoint | NotDetermined]:
    """The addresses of one name, or why there is none."""
    try:
        rows = getaddrinfo(name, port, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        return [NotDetermined("unresolvable", f"The name {name} was not resolved: {why}.")]
    found = [Endpoint(int(row[0]), tuple(row[4])) for row in rows]
    return found or [NotDetermined("unresolvable", f"The name {name} has no address.")]


def full_name(hostname: t.Callable[[], str] = socket.getfqdn) -> str:
    """This machine's full name if it has one that can be said in EHLO, or else an empty text."""
    name = hostname()
    usable = "." in name.strip(".") and _EHLO_NAME.fullmatch(name) and not name.endswith(".arpa")
    return name if usable else ""


def literal(endpoint: Endpoint) -> str:
    """This machine's address on the way to an endpoint, as it is said in EHLO (RFC 5321 section 4.1.3)."""
    try:
        with socket.socket(endpoint.family, socket.SOCK_DGRAM) as unsent:
            unsent.connect(endpoint.sockaddr)
            address = str(unsent.getsockname()[0]).partition("%")[0]
    except OSError:
        address = "127.0.0.1"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


__all__ = ["Endpoint", "Target", "full_name", "is_address", "literal", "resolve"]
