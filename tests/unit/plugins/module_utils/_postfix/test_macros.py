# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._collect import (
    parse_parameters,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._macros import Macros
from ansible_collections.postmaster.tls.tests.support.scripted_commands import text_of
from hypothesis import given
from hypothesis import strategies as st

VALUES = {
    "on": "yes",
    "off": "",
    "inner": "<$on>",
    "loop": "$loop",
    "n9": "9",
    "n10": "10",
    "l": "3.10",
}


@pytest.mark.parametrize("version", ["3.5.25", "3.11.7"])
def test_every_parameter_expands_as_postconf_x_prints_it(version: str) -> None:
    macros = Macros(parse_parameters(text_of(version, "all.txt")))
    expected = parse_parameters(text_of(version, "expanded.txt"))
    assert len(expected) > 100
    assert {name: macros.value(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a $on b", "a yes b"),
        ("$(on)${on}", "yesyes"),
        ("$$on", "$on"),
        ("$inner", "<yes>"),
        ("$missing.", "."),
        ("$loop", ""),
        ("${on?text}${off?text}", "text"),
        ("${on:text}${off:text}", "text"),
        ("${on?{a b}:{c}}", "a b"),
        ("${off?{a b}:{c $on}}", "c yes"),
        ("${off?{a}:c}", "c"),
        ("${ off ? { a } : { c } }", "c"),
        ("${off:${missing:{deep}}}", "deep"),
        ("${{$n9} < {$n10} ? {less} : {more}}", "less"),
        ("${{9x} < {10x} ? {less} : {more}}", "more"),
        ("${{$l} >=level {3.6} ? {new} : {old}}", "new"),
        ("${{$l} >= {3.6} ? {new} : {old}}", "old"),
        ("${{a} == {a} ? {same}}", "same"),
        ("${{a} != {a} ? {other}}", ""),
        ("truncated ${on?{a", "truncated a"),
        ("lonely $", "lonely "),
        ("${}", ""),
    ],
)
def test_every_form_of_postconf_5(text: str, expected: str) -> None:
    assert Macros(VALUES).expand(text) == expected


@given(st.text(alphabet="$(){}?:=<>!ab \\_9", max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    Macros({"a": text, "b": "$a$a"}).expand(text)


def test_references_that_would_nest_without_an_end_are_left_out() -> None:
    chain = {f"a{number}": f"$a{number + 1}" for number in range(600)}
    assert Macros({**chain, "a600": "end"}).value("a0") == ""
    assert Macros({"x": "${a?{" * 400 + "}}" * 400, "a": "b"}).value("x") == ""


def test_what_doubles_again_and_again_ends() -> None:
    doubling = {f"a{number}": f"$a{number + 1}$a{number + 1}" for number in range(39)}
    assert len(Macros({**doubling, "a39": "x" * 100_000}).value("a0")) < 20_000_000


@pytest.mark.parametrize("left", ["²", "9" * 5000])
def test_digits_that_are_no_number_are_compared_as_text(left: str) -> None:
    assert Macros({"x": f"${{{{{left}}} == {{1}}?{{a}}:{{b}}}}"}).value("x") == "b"
