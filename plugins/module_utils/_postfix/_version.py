# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Versions of Postfix: releases such as 3.10.13, and snapshots such as 3.12-20260821."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput

Release = tuple[int, int, int]

_FORM: t.Final = re.compile(
    r"^(?P<major>[0-9]{1,6})\.(?P<minor>[0-9]{1,6})(?:\.(?P<patch>[0-9]{1,6}))?"
    r"(?:-(?P<snapshot>[0-9]{8}))?(?:-\S+)?$"
)


class PostfixVersion(t.NamedTuple):
    """One version, ordered. A snapshot (its date as a number) counts as newer than the first release of its line."""

    major: int
    minor: int
    patch: int = 0
    snapshot: int = 0

    @classmethod
    def parse(cls, text: str) -> PostfixVersion:
        """Read what mail_version prints. Raises InvalidInput for anything else."""
        found = _FORM.match(text.strip())
        if not found:
            raise InvalidInput(
                f"{text.strip()!r} is not a Postfix version: expected a form such as 3.10.13."
            )
        parts = (int(found[name] or 0) for name in ("major", "minor", "patch", "snapshot"))
        return cls(*parts)

    def __str__(self) -> str:
        if self.snapshot:
            return f"{self.major}.{self.minor}-{self.snapshot}"
        return f"{self.major}.{self.minor}.{self.patch}"


def reached(version: PostfixVersion, firsts: t.Sequence[Release]) -> bool:
    """Whether a change that arrived in `firsts`, one release a line in order, is in this version."""
    at = (version.major, version.minor, version.patch)
    return at >= firsts[-1] or any(first[:2] == at[:2] and at >= first for first in firsts)


__all__ = ["PostfixVersion", "Release", "reached"]
