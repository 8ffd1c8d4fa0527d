# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian mirrors that this machine itself is configured to use (sources.list(5))."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

from mtalab.errors import LabError

APT = Path("/etc/apt")


@dataclass(frozen=True)
class Entry:
    """One address of a package archive and one suite that is taken from it."""

    address: str
    suite: str
    components: tuple[str, ...]


@dataclass(frozen=True)
class Mirrors:
    """The address of the Debian archive and, where the machine has one, of its security archive."""

    archive: str
    security: str | None


def parse_one_line(text: str) -> list[Entry]:
    """Return the binary entries of a file in the one-line style."""
    gap = r"[ \t]+"
    options = rf"(?:\[[^]\n]*\]{gap})?"
    pattern = re.compile(rf"(?m)^deb{gap}{options}(\S+){gap}(\S+)((?:{gap}[^\s#]+)*)")
    return [Entry(a.rstrip("/"), s, tuple(c.split())) for a, s, c in pattern.findall(text)]


def parse_deb822(text: str) -> list[Entry]:
    """Return the binary entries of a file in the deb822 style; disabled stanzas give none."""
    entries = []
    for stanza in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        fields = dict(_fields(stanza))
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
            continue
        components = tuple(fields.get("components", "").split())
        entries += [
            Entry(address.rstrip("/"), suite, components)
            for address in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
        ]
    return entries


def _fields(stanza: str) -> t.Iterator[tuple[str, str]]:
    unfolded = re.sub(r"\n[ \t]+", " ", stanza)
    for line in unfolded.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def choose(entries: t.Sequence[Entry], *, codename: str) -> Mirrors | None:
    """Return the mirrors that serve this Debian release, or None if no entry does."""
    archives = [e.address for e in entries if e.suite == codename and "main" in e.components]
    security_suites = (f"{codename}-security", f"{codename}/updates")
    security = [e.address for e in entries if e.suite in security_suites]
    if not archives:
        return None
    return Mirrors(archives[0], security[0] if security else None)


def machine_entries(apt: Path = APT) -> list[Entry]:
    """Return all entries of the machine's own apt configuration."""
    parts = apt / "sources.list.d"
    entries = []
    for path in [apt / "sources.list", *sorted(parts.glob("*.list"))]:
        entries += parse_one_line(path.read_text()) if path.is_file() else []
    for path in sorted(parts.glob("*.sources")):
        entries += parse_deb822(path.read_text())
    return entries


def machine_mirrors() -> Mirrors:
    """Return the mirrors to build images from; raise LabError when the machine names none.

    POSTMASTER_DEBIAN_MIRROR and POSTMASTER_DEBIAN_SECURITY_MIRROR take precedence.
    """
    configured = os.environ.get("POSTMASTER_DEBIAN_MIRROR")
    if configured:
        return Mirrors(configured, os.environ.get("POSTMASTER_DEBIAN_SECURITY_MIRROR"))
    release = dict(_assignments(Path("/etc/os-release")))
    names = [release.get("VERSION_CODENAME", ""), "sid", "testing", "stable", "unstable"]
    found = None
    if release.get("ID") == "debian":
        entries = machine_entries()
        found = next((m for n in names if n and (m := choose(entries, codename=n))), None)
    if found is None:
        raise LabError(
            "No Debian mirror is configured in /etc/apt: set POSTMASTER_DEBIAN_MIRROR (and"
            " POSTMASTER_DEBIAN_SECURITY_MIRROR) to the address of one."
        )
    return found


def _assignments(path: Path) -> t.Iterator[tuple[str, str]]:
    if path.is_file():
        for line in path.read_text().splitlines():
            name, sign, value = line.partition("=")
            if sign:
                yield name, value.strip("\"'")
