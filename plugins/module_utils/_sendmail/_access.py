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
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import Sendmail

TAGS: t.Final = (
    *("TLS_Srv", "TLS_Clt", "TLS_Rcpt", "Try_TLS", "Srv_Features", "Clt_Features"),
    *("TLS_Srv_features", "TLS_Clt_features"),
)
_BY_LOWER: t.Final = {tag.lower(): tag for tag in TAGS}
_ENTRY: t.Final = re.compile(r"(?P<tag>[A-Za-z_]+):(?P<peer>\S*)\s+(?P<value>.+)")
_FEATURES: t.Final = ("TLS_Srv_features", "TLS_Clt_features")
_SUFFIXES: t.Final = (".db", ".dir", ".cdb")


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


def access_file(sendmail: Sendmail) -> str | None:
    """The text of the map that rulesets call access; None where sendmail.cf has no such map."""
    found = next((one for one in sendmail.cf.maps if one.name == "access"), None)
    if found is None or not found.target.startswith("/"):
        return None
    root, suffix = os.path.splitext(found.target)
    return root if suffix in _SUFFIXES else found.target


def _modified(path: str) -> float | None:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None


def _stale(source: str) -> str | None:
    """The database that is older than its text."""
    text = _modified(source)
    for path in (source + suffix for suffix in _SUFFIXES):
        database = _modified(path)
        if text is not None and database is not None and database < text:
            return path
    return None


def _reads_features(sendmail: Sendmail) -> bool:
    """Whether sendmail.cf has the rulesets of FEATURE(`tls_session_features')."""
    text = read_text(sendmail.file) or ""
    return bool(re.search(r"^Stls_srv_features", text, re.MULTILINE))


def access_policies(sendmail: Sendmail) -> tuple[list[dict[str, str]], list[Finding]]:
    """The entries about TLS of the map that sendmail.cf names, and what is wrong with how they are read."""
    source = access_file(sendmail)
    default = os.path.join(os.path.dirname(sendmail.file), "access")
    entries = parse_access(read_text(source or default) or "")
    found = []
    if entries and source is None:
        evidence = f"{default}: {len(entries)} entries; FEATURE(`access_db') is missing"
        found.append(finding("access-map-unread", where=sendmail.file, evidence=evidence))
        return [], found
    unread = [one for one in entries if one.tag in _FEATURES]
    if unread and not _reads_features(sendmail):
        evidence = f"{unread[0].tag}:{unread[0].peer}; FEATURE(`tls_session_features') is missing"
        found.append(finding("access-map-unread", where=source or "", evidence=evidence))
        entries = tuple(one for one in entries if one.tag not in _FEATURES)
    database = _stale(source) if source and entries else None
    if database and source:
        evidence = f"{database} is older than {source}"
        found.append(finding("access-map-stale", where=source, evidence=evidence))
    return [one.as_dict() for one in entries], found


__all__ = ["TAGS", "Entry", "access_file", "access_policies", "parse_access"]
