# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The protocol versions of SSL and TLS, by the number that stands on the wire."""

from __future__ import annotations

import typing as t
from enum import IntEnum


class Protocol(IntEnum):
    """One version; the order of the members is the order of the versions."""

    SSLv2 = 0x0002
    SSLv3 = 0x0300
    TLSv1 = 0x0301
    TLSv1_1 = 0x0302
    TLSv1_2 = 0x0303
    TLSv1_3 = 0x0304

    @property
    def label(self) -> str:
        """The name that OpenSSL and Postfix use: C(TLSv1.2)."""
        return self.name.replace("_", ".")

    @classmethod
    def from_label(cls, label: str) -> Protocol:
        """The version of a label such as C(TLSv1.2); raises ValueError for any other text."""
        for protocol in cls:
            if protocol.label == label:
                return protocol
        known = ", ".join(protocol.label for protocol in cls)
        raise ValueError(f"{label!r} is not a protocol version; known are {known}")


#: The versions with records and a hello of their own, the oldest first.
PROTOCOLS: t.Final = tuple(protocol for protocol in Protocol if protocol >= Protocol.SSLv3)


__all__ = ["PROTOCOLS", "Protocol"]
