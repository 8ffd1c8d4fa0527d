# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._findings import (
    CATALOGUE,
    SEVERITIES,
    Kind,
    finding,
)

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"


def words_of(path: Path) -> t.Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def raised_by(path: Path) -> t.Iterator[str]:
    """The codes that a file gives to a function whose name says that it makes a finding."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            not isinstance(node, ast.Call)
            or not node.args
            or not isinstance(node.args[0], ast.Constant)
        ):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name in ("finding", "_finding", "_found"):
            yield node.args[0].value


SOURCES = [path for path in sorted(PLUGINS.rglob("*.py")) if not path.name.startswith("_findings")]
WORDS = frozenset(word for path in SOURCES for word in words_of(path))
RAISED = sorted({code for path in SOURCES for code in raised_by(path)})


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_whatever_the_catalogue_has_is_raised_somewhere(code: str) -> None:
    assert code in WORDS


@pytest.mark.parametrize("code", RAISED)
def test_whatever_is_raised_is_in_the_catalogue(code: str) -> None:
    assert code in CATALOGUE


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=list(CATALOGUE))
def test_an_entry_is_complete(kind: Kind) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.code)
    assert kind.severity in SEVERITIES
    assert not kind.title.endswith(".")
    assert kind.explanation.endswith(".")
    assert kind.remedy.endswith(".")


def test_a_finding_has_the_texts_of_the_catalogue_unless_better_ones_are_given() -> None:
    plain = finding("throttled", where="mx:25", evidence="421").as_dict()
    assert list(plain) == ["code", "severity", "where", "message", "evidence", "remedy"]
    assert plain["message"] == CATALOGUE["throttled"].title
    better = finding("throttled", where="mx:25", evidence="421", message="Slow", remedy="Wait.")
    assert (better.message, better.remedy) == ("Slow", "Wait.")


def test_an_unknown_code_is_a_fault() -> None:
    with pytest.raises(KeyError):
        finding("no-such-code", where="mx:25", evidence="")
