# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which services of master.cf do TLS, in which direction and lane, where they listen, and at which security level."""

from __future__ import annotations

import re
import socket
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._ports import (
    SUBMISSION_PORTS,
    port_number,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._macros import Macros
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._master import Service
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_SERVER_LEVELS: t.Final = {
    "none": "none",
    "may": "may",
    "encrypt": "encrypt",
    "fingerprint": "encrypt",
    "verify": "encrypt",
    "secure": "encrypt",
}
_CLIENTS: t.Final = ("smtp", "lmtp")
_NUMERIC: t.Final = re.compile(r"[0-9.]+|.*:.*")
_LOOPBACK: t.Final = {"ipv4": "127.0.0.1", "ipv6": "::1"}
_ANYWHERE: t.Final = {"ipv4": "0.0.0.0", "ipv6": "::"}


#: The addresses that a name has on the host, of these families: ipv4, ipv6. Empty where it has none, or nobody can say.
AddressesOf = t.Callable[[str, t.Collection[str]], t.Sequence[str]]


def host_addresses(name: str, families: t.Collection[str]) -> list[str]:
    """The addresses of a name as Postfix itself looks them up (inet_addr_host.c)."""
    wanted = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in found if entry[0] in [wanted[one] for one in families]]


@dataclass(frozen=True)
class Listener:
    """An address and port; the unspecified address means every interface."""

    address: str
    port: int

    def as_dict(self) -> dict[str, t.Any]:
        return {"address": self.address, "port": self.port}


@dataclass(frozen=True)
class TlsService:
    """One service that does TLS. `prefix` is that of its parameters, `macros` sees main.cf with the overrides on top.

    `daemons` are the programs that take part; for postscreen(8) the handshake is that of tlsproxy(8), whose
    parameters `values` holds. `level` is none, may, encrypt or a level of smtp(8); None if Postfix rejects it.
    """

    name: str
    daemons: tuple[str, ...]
    direction: str
    lane: str
    listen: tuple[Listener, ...]
    prefix: str
    level: str | None
    values: t.Mapping[str, str]
    overrides: t.Mapping[str, str]

    @property
    def macros(self) -> Macros:
        return Macros(self.values)

    @property
    def mandatory(self) -> bool:
        return self.level not in (None, "none", "may")

    @property
    def local(self) -> bool:
        """Whether it listens for this host alone, so that nobody else is on the path."""
        return bool(self.listen) and all(_is_loopback(one.address) for one in self.listen)


def _is_loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.") or address == "localhost"


def is_yes(value: str) -> bool:
    """Whether a boolean parameter is on."""
    return value.strip().lower() == "yes"


def _split_endpoint(endpoint: str) -> tuple[str, str]:
    address, separator, port = endpoint.rpartition(":")
    return (address.strip("[]"), port) if separator else ("", endpoint)


def _families(macros: Macros) -> list[str]:
    words = set(macros.value("inet_protocols").replace(",", " ").split())
    return [family for family in ("ipv4", "ipv6") if {"all", family} & words]


def listeners(
    service: Service, values: t.Mapping[str, str], addresses_of: AddressesOf | None = None
) -> tuple[Listener, ...]:
    """Where an inet service listens: its own address, else those of inet_interfaces and inet_protocols. A name without an
    address stays a name.
    """
    address, port_name = _split_endpoint(service.endpoint)
    port = port_number(port_name)
    if service.type != "inet" or port is None:
        return ()
    macros = Macros(values)
    families = _families(macros)
    found: list[str] = [address] if address else []
    interfaces = macros.value("inet_interfaces").replace(",", " ").split() or ["all"]
    for interface in () if address else interfaces:
        if interface == "all":
            found += [_ANYWHERE[family] for family in families]
        elif interface in ("loopback-only", "localhost"):
            found += [_LOOPBACK[family] for family in families]
        else:
            found.append(interface.strip("[]"))
    own = [one for name in found for one in _numeric(name, families, addresses_of)]
    return tuple(Listener(one, port) for one in dict.fromkeys(own))


def _numeric(
    name: str, families: t.Collection[str], addresses_of: AddressesOf | None
) -> t.Sequence[str]:
    """The addresses that a name stands for; C(localhost) means the same everywhere."""
    if addresses_of is None or name == "localhost" or _NUMERIC.fullmatch(name):
        return [name]
    return addresses_of(name, families) or [name]


def server_level(macros: Macros, *, prefix: str) -> str | None:
    """The level at which smtpd(8), tlsproxy(8) or postscreen(8) offers TLS (smtpd.c post_jail_init, tlsproxy.c)."""
    daemon = prefix.partition("_")[0]
    if daemon == "smtpd" and is_yes(macros.value("smtpd_tls_wrappermode")):
        return "encrypt"
    level = macros.value(f"{prefix}_security_level").lower()
    if level:
        return _SERVER_LEVELS.get(level)
    if is_yes(macros.value(f"{daemon}_enforce_tls")):
        return "encrypt"
    return "may" if is_yes(macros.value(f"{daemon}_use_tls")) else "none"


def client_level(macros: Macros, *, daemon: str = "smtp") -> str:
    """The level of smtp(8) or lmtp(8) where no policy table says otherwise (smtp_tls_policy.c)."""
    level = macros.value(f"{daemon}_tls_security_level").lower()
    if level:
        return level
    if is_yes(macros.value(f"{daemon}_enforce_tls")):
        return "verify" if is_yes(macros.value(f"{daemon}_tls_enforce_peername")) else "encrypt"
    return "may" if is_yes(macros.value(f"{daemon}_use_tls")) else "none"


def _smtpd(
    service: Service, values: dict[str, str], addresses_of: AddressesOf | None
) -> TlsService:
    macros = Macros(values)
    listen = listeners(service, values, addresses_of)
    level = server_level(macros, prefix="smtpd_tls")
    ports = {one.port for one in listen}
    submission = bool(ports & SUBMISSION_PORTS) or is_yes(macros.value("smtpd_tls_wrappermode"))
    if not submission and 25 not in ports and level == "encrypt":
        submission = is_yes(macros.value("smtpd_sasl_auth_enable"))
    return TlsService(
        name=service.name,
        daemons=("smtpd",),
        direction="inbound",
        lane="submission" if submission else "mx",
        listen=listen,
        prefix="smtpd_tls",
        level=level,
        values=values,
        overrides=service.overrides,
    )


def _postscreen(
    service: Service,
    parameters: t.Mapping[str, str],
    everything: t.Sequence[Service],
    addresses_of: AddressesOf | None,
) -> TlsService:
    values = {**parameters, **service.overrides}
    proxy_name = Macros(values).value("tlsproxy_service_name") or "tlsproxy"
    proxy = next((one for one in everything if one.name == f"{proxy_name}/unix"), None)
    level = server_level(Macros(values), prefix="postscreen_tls") if proxy else "none"
    overrides = proxy.overrides if proxy else {}
    return TlsService(
        name=service.name,
        daemons=("postscreen", "tlsproxy") if proxy else ("postscreen",),
        direction="inbound",
        lane="mx",
        listen=listeners(service, values, addresses_of),
        prefix="tlsproxy_tls",
        level=level,
        values={**parameters, **overrides},
        overrides=overrides,
    )


def _client(service: Service, values: dict[str, str]) -> TlsService:
    return TlsService(
        name=service.name,
        daemons=(service.command,),
        direction="outbound",
        lane="outbound",
        listen=(),
        prefix=f"{service.command}_tls",
        level=client_level(Macros(values), daemon=service.command),
        values=values,
        overrides=service.overrides,
    )


def tls_services(
    services: t.Sequence[Service],
    parameters: t.Mapping[str, str],
    addresses_of: AddressesOf | None = None,
) -> tuple[TlsService, ...]:
    """Every inbound service (smtpd, postscreen with tlsproxy) and every client, in the order of master.cf."""
    found = []
    for service in services:
        values = {
            "process_name": service.command,
            "service_name": service.endpoint,
            **parameters,
            **service.overrides,
        }
        if service.command == "smtpd" and service.type in ("inet", "pass"):
            found.append(_smtpd(service, values, addresses_of))
        elif service.command == "postscreen" and service.type == "inet":
            found.append(_postscreen(service, parameters, services, addresses_of))
        elif service.command in _CLIENTS and service.type == "unix":
            found.append(_client(service, values))
    return tuple(found)


__all__ = [
    "AddressesOf",
    "Listener",
    "TlsService",
    "client_level",
    "host_addresses",
    "is_yes",
    "listeners",
    "server_level",
    "tls_services",
]
