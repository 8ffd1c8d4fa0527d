# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the access map says about TLS: exceptions for single peers, read from the text that makemap(8) makes the map of.

Source: cf/README of sendmail 8.14 to 8.18, "STARTTLS" and "Using the access database"; srv_features in doc/op/op.me.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._command import read_text
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import ConfigurationFile
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import Sendmail

TAGS: t.Final = (
    *("TLS_Srv", "TLS_Clt", "TLS_Rcpt", "Try_TLS", "Srv_Features", "Clt_Features"),
    *("TLS_Srv_features", "TLS_Clt_features"),
)
_BY_LOWER: t.Final = {tag.lower(): tag for tag in TAGS}
_ENTRY: t.Final = re.compile(r"(?P<tag>[A-Za-z_]+):(?P<peer>\S*)\s+(?P<value>.+)")
_FEATURES: t.Final = ("TLS_Srv_features", "TLS_Clt_features")
_DATABASES: t.Final = {"hash": ".db", "btree": ".db", "cdb": ".cdb", "dbm": ".dir"}


class Entry(t.NamedTuple):
    """One entry: its tag, the peer (empty for everybody), and what is said of it."""

    tag: str
    peer: str
    value: str

    def as_dict(self) -> dict[str, str]:
        return self._asdict()


def parse_access(text: str) -> tuple[Entry, ...]:
    """The entries about TLS of an access map's text; all others are left out."""
    found = []
    for line in text.splitlines():
        match = _ENTRY.match(line)
        tag = _BY_LOWER.get(match["tag"].lower()) if match else None
        if match and tag:
            found.append(Entry(tag, match["peer"], match["value"].strip()))
    return tuple(found)


class AccessMap(t.NamedTuple):
    """The map that rulesets call access: its text, the kind of its database, and the database, empty where the text itself
    is looked up.
    """

    source: str
    kind: str
    database: str


def access_map(cf: ConfigurationFile) -> AccessMap | None:
    """The access map of a sendmail.cf; None where it has none, or one that is no file (LDAP, a socket)."""
    found = next((one for one in cf.maps if one.name == "access"), None)
    if found is None or not found.target.startswith("/"):
        return None
    suffix = _DATABASES.get(found.kind, "")
    source = found.target[: -len(suffix)] if suffix and found.target.endswith(suffix) else ""
    source = source or found.target
    return AccessMap(source, found.kind, f"{source}{suffix}" if suffix else "")


def _modified(path: str) -> float | None:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None


def _stale(found: AccessMap, modified: t.Callable[[str], float | None]) -> str | None:
    """The database that is older than its text."""
    text, database = modified(found.source), modified(found.database)
    older = text is not None and database is not None and database < text
    return found.database if older else None


def access_policies(
    sendmail: Sendmail,
    *,
    read: t.Callable[[str], str | None] = read_text,
    modified: t.Callable[[str], float | None] = _modified,
) -> tuple[list[dict[str, str]], list[Finding]]:
    """The entries about TLS of the map that sendmail.cf names, and what is wrong with how they are read."""
    found = access_map(sendmail.cf)
    source = found.source if found else None
    default = os.path.join(os.path.dirname(sendmail.file), "access")
    entries = parse_access(read(source or default) or "")
    odd = []
    if entries and source is None:
        evidence = f"{default}: {len(entries)} entries; FEATURE(`access_db') is missing"
        odd.append(finding("access-map-unread", where=sendmail.file, evidence=evidence))
        return [], odd
    unread = [one for one in entries if one.tag in _FEATURES]
    if unread and "tls_srv_features" not in sendmail.cf.rulesets:
        evidence = f"{unread[0].tag}:{unread[0].peer}; FEATURE(`tls_session_features') is missing"
        odd.append(finding("access-map-unread", where=source or "", evidence=evidence))
        entries = tuple(one for one in entries if one.tag not in _FEATURES)
    database = _stale(found, modified) if found and entries else None
    if database and source:
        evidence = f"{database} is older than {source}"
        odd.append(finding("access-map-stale", where=source, evidence=evidence))
    return [one.as_dict() for one in entries], odd


__all__ = ["TAGS", "AccessMap", "Entry", "access_map", "access_policies", "parse_access"]
