# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from check_argument_specs import complaints
from role_readme import plain, table, wanted
from rolespecs import Role

POLICY = {"type": "raw", "default": "modern", "description": ["One.", "Two | three."]}


def role(options: dict[str, t.Any], defaults: dict[str, t.Any]) -> Role:
    return Role("mail", Path("roles/mail"), {"main": {"options": options}}, defaults)


def test_equal_specs_and_defaults_are_accepted() -> None:
    options = {"mail_policy": POLICY, "mail_host": {"required": True}, "mail_note": {}}
    assert list(complaints(role(options, {"mail_policy": "modern"}))) == []


@pytest.mark.parametrize(
    ("options", "defaults", "words"),
    [
        ({"mail_policy": POLICY}, {"mail_policy": "old"}, "'modern' in the specs and 'old'"),
        ({"mail_policy": POLICY}, {}, "default in the specs only"),
        ({"mail_policy": {}}, {"mail_policy": "old"}, "default in defaults/main.yml only"),
        ({}, {"mail_policy": "old"}, "is not in the argument specs"),
        ({"mail_host": {"required": True}}, {"mail_host": ""}, "is required and has a default"),
        ({"policy": {}}, {}, "does not begin with mail_"),
        ({"mail_a": {"default": "b"}}, {"mail_a": "{{ b }}"}, "defaults/main.yml computes"),
    ],
)
def test_each_disagreement_is_named(
    options: dict[str, t.Any], defaults: dict[str, t.Any], words: str
) -> None:
    (complaint,) = complaints(role(options, defaults))
    assert words in complaint


def test_the_table_is_markdown() -> None:
    text = table(role({"mail_policy": POLICY}, {}))
    assert "| `mail_policy` | raw | `modern` | One. Two \\| three. |" in text


def test_ansible_markup_becomes_markdown() -> None:
    assert plain("O(a=b), V(c) and M(postmaster.tls.postconf) or P(x.y.z#filter)") == (
        "`a=b`, `c` and `postmaster.tls.postconf` or `x.y.z`"
    )


def test_only_the_table_of_a_readme_is_replaced(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- variables: mail -->\nold\n<!-- end of variables -->\nafter\n")
    text = wanted(readme, {"mail": role({"mail_policy": POLICY}, {})})
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
