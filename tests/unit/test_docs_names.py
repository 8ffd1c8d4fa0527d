# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation names as a module, role, playbook or filter of this collection is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [CHECKOUT / "README.md", *CHECKOUT.glob("docs/*.md"), *CHECKOUT.glob("roles/*/*.md")]
)
OURS = {
    path.stem
    for pattern in ("plugins/modules/*.py", "plugins/filter/*.yml", "roles/*", "playbooks/*.yml")
    for path in CHECKOUT.glob(pattern)
}
FULL = re.compile(r"\bpostmaster\.tls\.([a-z0-9_]+)")
KIND = re.compile(
    r"\b(?:[Mm]odule|[Ff]ilter|[Rr]ole|[Pp]laybook)s?\s+((?:`[^`\n]+`(?:,\s+|\s+and\s+|\s+or\s+)?)+)"
)
OF_A_MODULE = re.compile(r"`([a-z0-9][a-z0-9_]*_(?:info|facts))`")


def named(text: str) -> set[str]:
    """The names in full, those in backticks behind the word for what they are, and those that only modules have."""
    behind = {name for names in KIND.findall(text) for name in re.findall("`([^`]+)`", names)}
    short = {name.rsplit("/", 1)[-1].removesuffix(".yml") for name in behind}
    return {
        *FULL.findall(text),
        *(name.removeprefix("postmaster.tls.") for name in short),
        *OF_A_MODULE.findall(text),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_what_a_page_names_as_ours_exists(page: Path) -> None:
    assert named(page.read_text()) - OURS == set()


def test_names_are_found_however_they_are_written() -> None:
    text = (
        "a log (`maillog_info`), `postmaster.tls.one`, the filters `two`, `three` and `four`,\n"
        "the playbook `playbooks/five.yml`; not `smtpd_tls_six`"
    )
    assert named(text) == {"maillog_info", "one", "two", "three", "four", "five"}
    assert {"mta_tls_facts", "change_table", "postfix_tls", "audit_mta"} <= OURS
