# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a postmaster should know of the protocols and suites that a server accepts, whoever found them out."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_NAMED: t.Final = 5
OLD_PROTOCOLS: t.Final[dict[Protocol, str]] = {
    Protocol.SSLv2: "sslv2-accepted",
    Protocol.SSLv3: "sslv3-accepted",
}


def shortened(names: t.Sequence[str], separator: str = ", ") -> str:
    """The first few of many names, and how many more there are."""
    more = len(names) - _NAMED
    return separator.join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def names_of(codes: t.Iterable[int]) -> str:
    """The first few of these suites by name."""
    return shortened([_suites.shape_of(code)["name"] for code in codes])


def suites_of_note(codes: t.Iterable[int]) -> dict[str, str]:
    """The first few suites of each kind, by the code of its finding: C(null-ciphers), C(export-ciphers), C(anonymous-ciphers)."""
    kinds: dict[str, dict[str, None]] = {}
    for code in codes:
        suite = _suites.by_code(code)
        kind = _kind(suite) if suite is not None else ""
        if suite is not None and kind:
            kinds.setdefault(kind, {})[suite.name] = None
    return {kind: shortened(list(names)) for kind, names in kinds.items()}


def _kind(suite: _suites.Suite) -> str:
    if not suite.bits:
        return "null-ciphers"
    if "EXPORT" in suite.iana:
        return "export-ciphers"
    return "anonymous-ciphers" if suite.authentication == "anon" else ""


__all__ = ["OLD_PROTOCOLS", "names_of", "shortened", "suites_of_note"]
