# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The services of a sendmail: one for each daemon, and the client; all daemons share one context."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._daemons import (
    AddressOf,
    Daemon,
    daemons_of,
    parse_daemon,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._everybody import Everybody
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import Sendmail

_NO_TLS: t.Final = "S"


@dataclass(frozen=True)
class Service:
    """One daemon, or the client (`daemon` is None). `level` is none, may, encrypt or dane."""

    name: str
    direction: str
    lane: str
    level: str
    daemon: Daemon | None = None

    @property
    def client(self) -> bool:
        return self.daemon is None

    @property
    def listen(self) -> list[dict[str, t.Any]]:
        if self.daemon is None or self.daemon.port is None:
            return []
        return [{"address": self.daemon.address, "port": self.daemon.port}]


def _server(daemon: Daemon, everybody: Everybody, *, never: bool) -> Service:
    offered = everybody.switched(_NO_TLS, default=daemon.offers_tls)
    level = "none" if never else "encrypt" if daemon.implicit else "may" if offered else "none"
    return Service(daemon.name, "inbound", daemon.lane, level, daemon)


def _client_without_tls(sendmail: Sendmail) -> bool:
    lines = sendmail.cf.values("ClientPortOptions")
    return any(parse_daemon(line).without_starttls for line in lines)


def _client(sendmail: Sendmail) -> Service:
    everybody = sendmail.everybody
    level = "none" if _client_without_tls(sendmail) or everybody.never_tried else "may"
    if level == "may" and everybody.of_servers:
        level = "encrypt"
    elif level == "may" and _dane(sendmail):
        level = "dane"
    return Service("client", "outbound", "outbound", level)


def _dane(sendmail: Sendmail) -> bool:
    """Whether the client validates DANE: C(always), or what sendmail takes for true, which is an empty value, too.

    Source: setoption() in sendmail/readcf.c and atobool() in sendmail/util.c.
    """
    value = sendmail.cf.value("DANE")
    return value is not None and (value.lower() == "always" or value[:1] in ("", *"tTyY"))


def services_of(sendmail: Sendmail, address_of: AddressOf | None = None) -> tuple[Service, ...]:
    """Every daemon in the order of sendmail.cf, then the client.

    Where the modifiers of all of them say S, sendmail does not set up TLS at all (main() in sendmail/main.c).
    """
    daemons = daemons_of(sendmail.cf.values("DaemonPortOptions"), address_of)
    never = _client_without_tls(sendmail) and all(one.without_starttls for one in daemons)
    servers = (_server(one, sendmail.everybody, never=never) for one in daemons)
    return (*servers, _client(sendmail))


__all__ = ["Service", "services_of"]
