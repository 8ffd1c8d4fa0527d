# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.postmaster.tls.plugins.action.starttls_probe import (
    Reading,
    all_understood,
    plain,
)
from ansible_collections.postmaster.tls.plugins.doc_fragments import _dane
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _survey
from ansible_collections.postmaster.tls.plugins.modules import starttls_probe
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._options import lookup_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import load_policy
from ansible_collections.postmaster.tls.tests.support.mail_servers import Peer, scripted
from jinja2 import Environment

Data = dict[str, t.Any]


def targets(**options: t.Any) -> list[t.Any]:
    defaults = ArgumentSpecValidator(starttls_probe._TARGET).validate({}).validated_parameters
    return starttls_probe._targets({"targets": None, **defaults, **options})


def reset_after_the_hello(peer: Peer) -> None:
    """A reset at once could come before the client has seen that it is connected: then nothing is asked at all."""
    peer.hello()
    peer.reset()


def test_its_checks_are_those_of_the_survey() -> None:
    assert tuple(starttls_probe._USUAL) == _survey.CHECKS
    assert tuple(starttls_probe._CHECKS) == (*_survey.ALL_CHECKS, "dane")


def test_every_option_of_an_element_is_documented() -> None:
    documented = yaml.safe_load(starttls_probe.DOCUMENTATION)["options"]
    shared = yaml.safe_load(_dane.ModuleDocFragment.DOCUMENTATION)["options"]
    assert set(starttls_probe._TARGET) <= {*documented, *shared}


def test_all_that_is_returned_is_documented_and_nothing_else() -> None:
    target = Target("127.0.0.1", checks=(*_survey.ALL_CHECKS,), policy=plain(load_policy("modern")))
    with scripted(reset_after_the_hello) as server:
        asked = probe(replace(target, port=server.port, implicit=True, timeout=5.0))
    assert asked.survey is not None
    raw = report(asked)
    lookup = lookup_of({"resolver": ["127.0.0.1"]})
    reading = Reading("127.0.0.1", None, load_policy("modern"), lookup, finder=lookup)
    returned = all_understood(raw, [reading], now=datetime.now(UTC))
    documented = yaml.safe_load(starttls_probe.RETURN)
    assert set(returned) == set(documented) - {"results", "summary"}


def test_the_example_that_fails_on_violations_fails_on_what_nobody_could_ask() -> None:
    examples = yaml.safe_load(starttls_probe.EXAMPLES)
    [condition] = [task["failed_when"] for task in examples if "failed_when" in task]
    sound = {"reached": True, "violations": [], "undetermined": {}}
    judge = Environment(autoescape=False).compile_expression(condition)
    assert judge(probe=sound) is False
    bad = [{"reached": False, "violations": None}, {"violations": None}, {"violations": [{}]}]
    assert all(judge(probe={**sound, **one}) for one in [*bad, {"undetermined": {"TLSv1.2": []}}])


def test_one_host() -> None:
    [target] = targets(host="mx.example.test", tls_mode="implicit", mail_protocol="lmtp")
    assert (target.host, target.port, target.implicit, target.lmtp) == (
        "mx.example.test",
        25,
        True,
        True,
    )
    assert target.connections is None


def test_elements_are_hosts_or_options_with_the_defaults_of_the_task() -> None:
    own = {"host": "mx2.example.test", "port": "465", "checks": "handshake,groups"}
    first, second = targets(targets=["mx1.example.test", own], timeout=7.0, connections=2)
    assert (first.host, first.port, first.timeout, first.connections) == (
        "mx1.example.test",
        25,
        7.0,
        2,
    )
    assert (second.port, second.checks, second.timeout) == (465, ("handshake", "groups"), 7.0)


@pytest.mark.parametrize(
    ("element", "said"),
    [
        (7, "neither a host nor a dictionary"),
        ({"port": 25}, "neither a host nor a dictionary"),
        ("two words", r"\(two words\): The host 'two words'"),
        ({"host": "mx", "prt": 25}, "unknown option prt; known are host, port"),
        ({"host": "mx", "port": "x"}, r"\(mx\): .*port"),
        ({"host": "mx", "tls_mode": "both"}, "starttls, implicit"),
        ({"host": "mx", "connections": 9}, "between 1 and 8"),
        ({"host": "mx", "senders": ["nosuch"]}, "no sender 'nosuch'; known are"),
        ({"host": "mx", "checks": ["policy"]}, "needs a policy"),
        ({"host": "mx", "targets": ["mx"]}, "unknown option targets"),
        ({"hst": "mx"}, "unknown option hst"),
    ],
)
def test_a_bad_element_is_one_sentence_with_its_place(element: t.Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        targets(targets=["mx.example.test", element, "mx.example.test"])
    message = str(caught.value)
    assert message.startswith("Target 2 of 3")
    assert message.endswith(".")
    assert not message.endswith("..")


def test_an_empty_list_of_targets_is_no_success() -> None:
    with pytest.raises(InvalidInput, match="targets is empty"):
        targets(targets=[])
