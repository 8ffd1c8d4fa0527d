# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The ports of mail servers by number and by name (RFC 5321, RFC 6409, RFC 8314)."""

from __future__ import annotations

import socket
import typing as t

SUBMISSION_PORTS: t.Final = frozenset({465, 587})
_HIGHEST: t.Final = 65535
_LONGEST: t.Final = 5
_NAMES: t.Final = {"smtp": 25, "smtps": 465, "submissions": 465, "submission": 587, "ssmtp": 465}


def port_number(name: str) -> int | None:
    """A port by its number or name; None for a name that neither this host nor this collection knows, and for a number that
    is none of a port.
    """
    if name.isascii() and name.isdigit():
        number = name.lstrip("0") or "0"
        return int(number) if len(number) <= _LONGEST and int(number) <= _HIGHEST else None
    try:
        return socket.getservbyname(name, "tcp")
    except (OSError, ValueError):
        return _NAMES.get(name)


__all__ = ["SUBMISSION_PORTS", "port_number"]
