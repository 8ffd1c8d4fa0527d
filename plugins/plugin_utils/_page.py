# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The parts that pages for a terminal are made of, at most 96 characters wide."""

from __future__ import annotations

import textwrap
import typing as t
from collections.abc import Iterator, Sequence

_WIDTH: t.Final = 96
_LABEL: t.Final = 10
#: The three answers.
VERDICT: t.Final[dict[bool | None, str]] = {True: "yes", False: "no", None: "?"}


def title(text: str) -> list[str]:
    """A heading, after an empty line."""
    return ["", text, "-" * len(text)]


def cell(label: str, texts: Sequence[str]) -> Iterator[str]:
    """A label and paragraphs beside it."""
    first = "  " + label.ljust(_LABEL)
    indent = " " * len(first)
    for text in texts:
        yield from textwrap.wrap(
            text, _WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
        )
        first = indent


__all__ = ["VERDICT", "cell", "title"]
