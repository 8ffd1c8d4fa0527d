# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every filter does what its documentation says: name, options, their order and their defaults."""

from __future__ import annotations

import importlib
import inspect
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

FILTERS = Path(__file__).resolve().parents[4] / "plugins" / "filter"
NAMES = sorted(path.stem for path in FILTERS.glob("*.py"))
PACKAGE = "ansible_collections.postmaster.tls.plugins.filter"


def function_of(name: str) -> t.Callable[..., t.Any]:
    found = importlib.import_module(f"{PACKAGE}.{name}").FilterModule().filters()
    assert list(found) == [name]
    return t.cast("t.Callable[..., t.Any]", found[name])


def documentation_of(name: str) -> dict[str, t.Any]:
    text = (FILTERS / f"{name}.yml").read_text(encoding="utf-8")
    return t.cast("dict[str, t.Any]", yaml.safe_load(text)["DOCUMENTATION"])


def test_there_are_filters() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_options_are_those_of_the_function(name: str) -> None:
    _input, *parameters = inspect.signature(function_of(name)).parameters.values()
    documented = documentation_of(name)
    options = documented["options"]
    assert documented["name"] == name
    assert [one.name for one in parameters] == [option for option in options if option != "_input"]
    positional = [one.name for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert positional == [one for one in documented.get("positional", "").split(", ") if one]


@pytest.mark.parametrize("name", NAMES)
def test_an_option_is_required_or_has_the_documented_default(name: str) -> None:
    _input, *parameters = inspect.signature(function_of(name)).parameters.values()
    options = documentation_of(name)["options"]
    for one in parameters:
        required = one.default is inspect.Parameter.empty
        assert options[one.name].get("required", False) is required, one.name
        if not required and one.default is not None:
            default = list(one.default) if isinstance(one.default, tuple) else one.default
            assert options[one.name]["default"] == default, one.name


SERVICE = {"name": "smtp/inet", "listen": [{"address": "not an address", "port": 25}]}


@pytest.mark.parametrize(
    ("name", "arguments", "options", "words"),
    [
        ("policy_plan", ({},), {"mx": "intermediate"}, "the facts have no Postfix instance"),
        ("policy_plan", ({},), {"mx": "intermedate"}, "There is no policy 'intermedate'"),
        ("probe_agreement", ({}, "smtp/inet"), {}, "the service is a str"),
        (
            "probe_targets",
            ([SERVICE],),
            {"address": "192.0.2.1"},
            "'not an address', which is no IP address",
        ),
        (
            "probe_verdict",
            ({"reached": True}, {"label": "mx1", "service": "smtp/inet"}),
            {},
            "the service is a str",
        ),
    ],
)
def test_a_mistake_is_one_sentence_of_the_filter(
    name: str, arguments: tuple[t.Any, ...], options: dict[str, t.Any], words: str
) -> None:
    with pytest.raises(AnsibleFilterError, match=words) as caught:
        function_of(name)(*arguments, **options)
    assert str(caught.value).count(words) == 1
