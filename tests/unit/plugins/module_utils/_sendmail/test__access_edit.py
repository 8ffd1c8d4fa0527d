# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits of the access map's source."""

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._access_edit import (
    edit_access,
)
from hypothesis import given
from hypothesis import strategies as st

MAP = """\
# Our friends
Connect:192.0.2.9       OK
TLS_Srv:mx.example.org\tVERIFY:128
#Srv_Features:192.0.2.1 V

Spam:list  FRIEND  """
WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=3)


def test_an_entry_keeps_its_spelling_and_its_gap() -> None:
    edited = edit_access(MAP, {"connect:192.0.2.9": "REJECT"})
    assert edited.text == MAP.replace("       OK", "       REJECT")
    assert [(one.name, one.before, one.after) for one in edited.changes] == [
        ("connect:192.0.2.9", "OK", "REJECT")
    ]


def test_a_new_entry_is_the_last_line_also_behind_a_line_without_an_end() -> None:
    edited = edit_access(MAP, {"Srv_Features:192.0.2.1": "V"})
    assert edited.text == MAP + "\nSrv_Features:192.0.2.1\tV\n"


def test_null_removes_every_spelling_and_no_comment() -> None:
    text = MAP + "\nconnect:192.0.2.9 REJECT\n"
    edited = edit_access(text, {"Connect:192.0.2.9": None})
    assert "192.0.2.9" not in edited.text
    assert "#Srv_Features" in edited.text


def test_makemap_takes_the_first_of_two_so_the_second_goes() -> None:
    edited = edit_access("a X\nb Y\nA Z\n", {"a": "X"})
    assert edited.text == "a X\nb Y\n"
    assert edited.changes


def test_a_value_with_blanks_is_one_value() -> None:
    edited = edit_access(MAP, {"Connect:192.0.2.9": "ERROR:5.7.1:550 No mail from here"})
    assert "ERROR:5.7.1:550 No mail from here\n" in edited.text


@pytest.mark.parametrize("key", ["", "two words", "#comment"])
def test_a_key_that_the_map_cannot_have_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be a key of the access map"):
        edit_access(MAP, {key: "OK"})


@pytest.mark.parametrize("value", ["", " ", "a\nb"])
def test_a_value_that_the_map_cannot_have_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="must be text on one line"):
        edit_access(MAP, {"Connect:192.0.2.9": value})


def entries(text: str) -> dict[str, str]:
    """What makemap would read: the first of equal keys, in lower case."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.split() and not line.startswith("#"):
            key, value = line.split(None, 1)
            found.setdefault(key.lower(), value.strip())
    return found


@given(st.dictionaries(WORDS, WORDS), st.dictionaries(WORDS, st.none() | WORDS))
def test_the_map_has_what_was_asked_for_and_everything_else_as_before(
    before: dict[str, str], wanted: dict[str, str | None]
) -> None:
    text = "# head\n" + "".join(f"{key}\t{value}\n" for key, value in before.items())
    folded: dict[str, str | None] = {}
    for key, value in wanted.items():
        folded[key.lower()] = value
    edited = edit_access(text, folded)
    expected = {**entries(text), **folded}
    assert entries(edited.text) == {key: one for key, one in expected.items() if one is not None}
    assert edited.text.startswith("# head\n")
    assert edit_access(edited.text, folded).changes == ()
