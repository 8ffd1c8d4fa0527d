# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The names that a certificate covers, compared as RFC 9525 says: subject alternative names only."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable

with contextlib.suppress(ImportError):
    from cryptography import x509


def subject_alternative_names(certificate: x509.Certificate) -> list[str]:
    """The DNS names and IP addresses, in order; raises ValueError for an extension that cannot be read."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [
        str(name.value)
        for name in extension.value
        if isinstance(name, (x509.DNSName, x509.IPAddress))
    ]


def covers(certificate: x509.Certificate, name: str) -> bool:
    """Whether a certificate covers a host name or an IP address; a wildcard stands for one whole leftmost label."""
    presented = subject_alternative_names(certificate)
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return any(_matches(_plain(pattern), _plain(name)) for pattern in presented)
    return str(address) in presented


def uncovered(certificate: x509.Certificate, names: Iterable[str]) -> list[str]:
    """Those of the names that a certificate does not cover."""
    return [name for name in names if not covers(certificate, name)]


def same_name(pattern: str, name: str) -> bool:
    """Whether a presented name, which may begin with a wildcard, stands for a name."""
    return _matches(_plain(pattern), _plain(name))


def _plain(name: str) -> str:
    lowered = name.rstrip(".").lower()
    if lowered.isascii():
        return lowered
    try:
        return lowered.encode("idna").decode("ascii")
    except UnicodeError:
        return lowered


def _matches(pattern: str, name: str) -> bool:
    if not pattern.startswith("*."):
        return pattern == name
    first, dot, parent = name.partition(".")
    return bool(first and dot) and parent == pattern[2:]


__all__ = ["covers", "same_name", "subject_alternative_names", "uncovered"]
