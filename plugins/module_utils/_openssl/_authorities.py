# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The files of certification authorities that services load: how many there are, and until when they are valid."""

from __future__ import annotations

import errno
import os
import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    pem_objects,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._der import (
    der_of,
    element,
    fields,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import read_file
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._distinguished_names import (
    text_of,
)

_MOST_TOLD: t.Final = 20
_NOT_SAVED: t.Final = "not among the saved files"
_HASHED: t.Final = re.compile(r"[0-9a-f]{8}\.\d+\Z")
_UTC_TIME: t.Final = 0x17

ReadText = t.Callable[[str], str]


@dataclass(frozen=True)
class Authority:
    """One certificate of an authority: its subject (RFC 4514) and the two ends of its validity, in ISO 8601."""

    subject: str
    not_before: str
    not_after: str


def _moment(tag: int, text: bytes) -> str:
    """Of RFC 5280 section 4.1.2.5: two digits of a year from 50 on are of the last century."""
    words = text.decode("ascii").rstrip("Z")
    if tag == _UTC_TIME:
        words = ("19" if words[:2] >= "50" else "20") + words
    moment = datetime.strptime(f"{words}+0000", "%Y%m%d%H%M%S%z")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def authority(der: bytes) -> Authority:
    """Subject and validity of a certificate (RFC 5280 section 4.1). Raises ValueError for what is none."""
    try:
        (_at, validity, _end), (subject, _start, subject_end) = fields(der)[3:]
        first = element(der, validity)
        second = element(der, first[2])
        begin, end_of_it = (_moment(tag, der[start:end]) for tag, start, end in (first, second))
    except IndexError:
        raise ValueError("the DER ends early") from None
    return Authority(text_of(der[subject:subject_end]), begin, end_of_it)


def authorities_of(text: str) -> tuple[list[Authority], int]:
    """The authorities of a PEM file, and how many certificates of it cannot be read."""
    found, broken = [], 0
    for one in pem_objects("", text):
        if one.kind == "certificate":
            try:
                found.append(authority(der_of(one.text)))
            except ValueError:
                broken += 1
    return found, broken


def read_bundle(path: str) -> str:
    """The text of a file of authorities. Raises OSError."""
    return read_file(path, encoding="ascii")


def _facts(path: str, services: t.Sequence[str], *, directory: bool) -> dict[str, t.Any]:
    return {
        "file": path,
        "directory": directory,
        "services": list(services),
        "certificates": None,
        "first_not_after": None,
        "expired": [],
        "reason": None,
    }


def described_file(
    path: str, services: t.Sequence[str], now: datetime, read: ReadText = read_bundle
) -> tuple[dict[str, t.Any], list[Finding]]:
    """What CAfile holds: the number of certificates, the first end of a validity, and those that have expired."""
    facts = _facts(path, services, directory=False)
    try:
        found, broken = authorities_of(read(path))
    except OSError as error:
        return {**facts, "reason": error.strerror or str(error)}, []
    today = now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    expired = [one for one in found if one.not_after < today]
    facts.update(
        certificates=len(found) + broken,
        first_not_after=min((one.not_after for one in found), default=None),
        expired=[dict(vars(one)) for one in expired[:_MOST_TOLD]],
    )
    if not expired:
        return facts, []
    named = "; ".join(f"{one.subject} until {one.not_after}" for one in expired[:3])
    evidence = f"{len(expired)} of {len(found)} have expired: {named}"
    return facts, [finding("authority-expired", where=path, evidence=evidence)]


def described_directory(path: str, services: t.Sequence[str]) -> dict[str, t.Any]:
    """What CApath holds: only the number, since the library reads of it what it needs."""
    facts = _facts(path, services, directory=True)
    try:
        facts["certificates"] = sum(1 for name in os.listdir(path) if _HASHED.match(name))
    except OSError as error:
        facts["reason"] = error.strerror or str(error)
    return facts


def authority_files(
    known: t.Mapping[tuple[str, bool], t.Sequence[str]],
    saved: t.Mapping[str, str] | None,
    *,
    now: datetime,
) -> tuple[list[dict[str, t.Any]], list[Finding]]:
    """The files and directories that services load, by (path, whether it is a directory), and what is wrong with them.

    With `saved` texts by path, nothing of this host is looked at.
    """

    def read_saved(path: str) -> str:
        if saved is None or path not in saved:
            raise FileNotFoundError(errno.ENOENT, _NOT_SAVED, path)
        return saved[path]

    described, findings = [], []
    for (path, directory), services in known.items():
        if not directory:
            read = read_bundle if saved is None else read_saved
            facts, found = described_file(path, services, now, read)
            findings += found
        elif saved is None:
            facts = described_directory(path, services)
        else:
            facts = {**_facts(path, services, directory=True), "reason": _NOT_SAVED}
        described.append(facts)
    return described, findings


__all__ = [
    "Authority",
    "authorities_of",
    "authority",
    "authority_files",
    "described_directory",
    "described_file",
    "read_bundle",
]
