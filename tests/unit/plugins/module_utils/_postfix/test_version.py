# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import (
    PostfixVersion,
    reached,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.10.13", (3, 10, 13, 0)),
        ("2.6.6", (2, 6, 6, 0)),
        ("3.12-20260821", (3, 12, 0, 20260821)),
        ("3.7.0-RC2", (3, 7, 0, 0)),
        ("3.9-20240101-nonprod", (3, 9, 0, 20240101)),
        ("3.5.25\n", (3, 5, 25, 0)),
    ],
)
def test_versions_are_read(text: str, expected: tuple[int, int, int, int]) -> None:
    assert PostfixVersion.parse(text) == PostfixVersion(*expected)


@pytest.mark.parametrize(
    "text", ["", "3", "postfix 3.5", "3.5.x", "3.5.1 patched", f"3.{'1' * 5000}", "3.²"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a Postfix version"):
        PostfixVersion.parse(text)


def test_versions_are_ordered_by_number_not_by_text() -> None:
    texts = ["2.6.6", "2.10.0", "3.5.25", "3.5.27", "3.10.0", "3.12-20260821"]
    assert sorted(set(texts), key=PostfixVersion.parse) == texts


@pytest.mark.parametrize("text", ["3.10.13", "3.12-20260821"])
def test_a_version_is_printed_as_it_was_read(text: str) -> None:
    assert str(PostfixVersion.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.8.30", False),
        ("2.9.13", False),
        ("2.9.14", True),
        ("2.10.7", False),
        ("2.10.8", True),
        ("2.11.6", True),
        ("3.0.1", False),
        ("3.0.2", True),
        ("3.1.0", True),
    ],
)
def test_a_change_that_came_to_several_lines_at_once(text: str, expected: bool) -> None:
    """The release notes of 3.0.2, and the announcement of 2.11.6, 2.10.8 and 2.9.14: no SSLv3 by default."""
    firsts = ((2, 9, 14), (2, 10, 8), (2, 11, 6), (3, 0, 2))
    assert reached(PostfixVersion.parse(text), firsts) is expected
