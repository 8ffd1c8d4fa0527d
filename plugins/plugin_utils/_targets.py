# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Where a probe has to connect in order to see a service of the facts."""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._daemons import (
    WHERE_IT_LISTENS,
)

_MTAS: t.Final = ("postfix", "sendmail")
#: The one name that means the same on every host; which addresses it has, only the host itself can say.
_LOCAL: t.Final = "localhost"


def probe_targets(
    services: Iterable[Mapping[str, t.Any]],
    *,
    address: str,
    certificates: Sequence[Mapping[str, t.Any]] = (),
) -> list[dict[str, t.Any]]:
    """One target for each address and port on which a service listens.

    A service that listens everywhere is probed at ``address``; one that listens on loopback only can be
    reached from its own host only, and says so in ``from_host``. Shape of an item:
    ``{label, host, port, tls_mode, from_host, service, certificates}``; ``certificates`` are those of the facts.
    """
    targets: dict[tuple[str, int], dict[str, t.Any]] = {}
    for service in services:
        for listener in service.get("listen") or ():
            target = _target(service, listener, address=address)
            target["certificates"] = list(certificates)
            targets.setdefault((target["host"], target["port"]), target)
    return list(targets.values())


def inbound_services(facts: Mapping[str, t.Any], mta: str | None = None) -> list[dict[str, t.Any]]:
    """The services of the facts of a host that take mail, those of one mail server if it is named, else of all. Raises InvalidInput."""
    if mta and mta not in _MTAS:
        raise InvalidInput(
            f"There is no mail server {mta!r} in the facts: give {' or '.join(_MTAS)}."
        )
    instances = (one for name in ((mta,) if mta else _MTAS) for one in facts.get(name) or ())
    services = (service for instance in instances for service in instance["services"])
    return [service for service in services if service["direction"] == "inbound"]


def is_wrapped(service: Mapping[str, t.Any]) -> bool:
    """Whether a service of the facts speaks TLS from the first byte."""
    parameters = service.get("parameters") or {}
    if "DaemonPortOptions" in parameters:
        return service.get("security_level") == "encrypt"
    wrapped = parameters.get("smtpd_tls_wrappermode")
    return wrapped is True or str(wrapped).lower() in ("yes", "true")


def _target(
    service: Mapping[str, t.Any], listener: Mapping[str, t.Any], *, address: str
) -> dict[str, t.Any]:
    local = listener.get("address") == _LOCAL
    bound = None if local else _bound_address(listener.get("address"), service)
    host = _LOCAL if local else str(bound) if bound else address
    port = int(listener["port"])
    return {
        "label": f"{service['name']} at {host} port {port}",
        "host": host,
        "port": port,
        "tls_mode": "implicit" if is_wrapped(service) else "starttls",
        "from_host": local or bool(bound and bound.is_loopback),
        "service": service,
    }


def _bound_address(
    address: str | None, service: Mapping[str, t.Any]
) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The one address that a service is bound to; None when it listens on all of them."""
    if address in (None, "", "all", "*"):
        return None
    try:
        bound = ipaddress.ip_address(str(address).strip("[]"))
    except ValueError:
        raise InvalidInput(
            f"{service['name']} listens at '{address}', {_doubt(service)}: write the address itself, in inet_interfaces or in front of "
            "the port in master.cf, or as Addr= of DaemonPortOptions."
        ) from None
    return None if bound.is_unspecified else bound


def _doubt(service: Mapping[str, t.Any]) -> str:
    """Why the facts have a name for an address, in the words of the host that was asked."""
    told = (one for one in service.get("findings") or () if one["code"] == "not-determined")
    doubts = (one["evidence"] for one in told if one["evidence"].startswith(WHERE_IT_LISTENS))
    known = next(doubts, "").removeprefix(WHERE_IT_LISTENS)
    return f"and at which address is not known ({known})" if known else "which is no IP address"


__all__ = ["inbound_services", "is_wrapped", "probe_targets"]
