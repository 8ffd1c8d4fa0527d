# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a task is sent as one script, and when Ansible's own payload is left as it is."""

from __future__ import annotations

import sys
import typing as t
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.postmaster.tls.plugins.module_utils._facts_task import ARGUMENTS
from ansible_collections.postmaster.tls.plugins.plugin_utils import _direct_action
from ansible_collections.postmaster.tls.plugins.plugin_utils._direct_action import (
    DirectAction,
    needs_all_of_ansible,
    replaced,
    settings,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._payload import Payload

Data = dict[str, t.Any]
#: What ActionBase._update_module_args of every ansible-core from 2.18 on adds, as far as it matters here.
INTERNAL: t.Final[Data] = {
    "_ansible_debug": False,
    "_ansible_keep_remote_files": False,
    "_ansible_module_name": "postmaster.tls.mta_tls_facts",
    "_ansible_no_log": False,
    "_ansible_syslog_facility": "LOG_USER",
    "_ansible_target_log_info": None,
}


@dataclass(frozen=True, kw_only=True)
class Built:
    """The shape of ansible-core 2.19 and later."""

    b_module_data: bytes
    module_style: str
    shebang: str | None
    serialization_profile: str = "legacy"


def asked(**arguments: t.Any) -> Data:
    found = settings(ARGUMENTS, {**INTERNAL, **arguments})
    assert found is not None
    return found


def test_an_ordinary_task_needs_no_more() -> None:
    assert not needs_all_of_ansible(INTERNAL, {"ansible_host": "192.0.2.1"})


@pytest.mark.parametrize(
    ("internal", "variables"),
    [
        ({"_ansible_debug": True}, {}),
        ({"_ansible_keep_remote_files": True}, {}),
        ({}, {"ansible_python_module_rlimit_nofile": 1024}),
        ({}, {"_ansible_ansiballz_debugpy_config": "{}"}),
    ],
)
def test_what_only_ansibles_payload_does_is_left_to_it(internal: Data, variables: Data) -> None:
    assert needs_all_of_ansible({**INTERNAL, **internal}, variables)


@pytest.mark.parametrize("name", ["_ANSIBLE_COVERAGE_CONFIG", "_ANSIBLE_ANSIBALLZ_COVERAGE_CONFIG"])
def test_so_is_coverage(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "{}")
    assert needs_all_of_ansible(INTERNAL, {})


@pytest.mark.parametrize(
    "arguments",
    [
        {"unknown": 1},
        {"gather_subset": ["everything"]},
        {"saved": {"unknown": 1}},
        {"candidate": "neither json nor key=value"},
        {"postconf_command": "~/bin/postconf"},
        {"postfix_config_directories": ["/etc/postfix", "$HOME/postfix"]},
        {"sendmail_cf": ["~/a list where a path is wanted"]},
    ],
)
def test_what_is_refused_or_expanded_is_left_to_ansible(arguments: Data) -> None:
    assert settings(ARGUMENTS, {**INTERNAL, **arguments}) is None


def test_arguments_have_their_types_and_defaults() -> None:
    arguments = asked(gather_subset="openssl", trust_resolver="yes")["arguments"]
    assert (arguments["gather_subset"], arguments["trust_resolver"]) == (["openssl"], True)
    assert (arguments["why"], arguments["saved"]) == ([], None)
    assert arguments.keys() == ARGUMENTS.keys()


def test_the_log_has_what_ansible_would_say_and_no_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As ansible-core before 2.22 says it, which has no such module."""
    monkeypatch.setitem(sys.modules, "ansible.module_utils.secrets", None)
    parameters = {"relayhost": "https://user:tiger@mail.example.test"}
    line = asked(candidate={"parameters": parameters})["log"]
    assert line.startswith("Invoked with ")
    assert "tiger" not in line
    assert "postconf_command=None" in line
    assert asked(_ansible_target_log_info="audit 7")["log"].startswith("audit 7 Invoked with ")
    assert asked(_ansible_no_log=True)["log"] is None


def test_the_log_is_masked_as_a_core_does_it_that_knows_its_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ansible-core 2.22 and later: what a vault held is hidden; the function that guesses passwords is not asked."""
    core = SimpleNamespace(mask_secrets=lambda value: value.replace("Tiger12345", "$REDACTED$"))
    monkeypatch.setitem(sys.modules, "ansible.module_utils.secrets", core)
    monkeypatch.setitem(sys.modules, "ansible.module_utils.basic", None)
    line = asked(candidate={"parameters": {"x": "inline:{x=Tiger12345}"}})["log"]
    assert "inline:{x=$REDACTED$}" in line
    assert "Tiger12345" not in line


def test_the_log_has_no_value_that_is_secret() -> None:
    given = {**INTERNAL, "saved": {"access": "AuthInfo:x P:Tiger"}}
    found = settings(ARGUMENTS, given, unlogged=["saved"])
    assert found is not None
    assert " saved=(not shown)" in found["log"]
    assert found["arguments"]["saved"]["access"] == "AuthInfo:x P:Tiger"


def test_ansible_says_whether_it_wants_arguments_and_tracebacks_back() -> None:
    assert (asked()["invocation"], asked()["traceback"]) == (True, True)
    newer = asked(_ansible_inject_invocation=False, _ansible_tracebacks_for=["warning"])
    assert (newer["invocation"], newer["traceback"]) == (False, False)
    assert asked(_ansible_tracebacks_for=["error"])["traceback"] is True


def test_only_the_data_of_a_known_form_are_replaced() -> None:
    style, shebang, data, path = replaced(("new", "#!/py", b"zip", "/m.py"), str.encode)
    assert (style, shebang, data, path) == ("new", "#!/py", b"#!/py", "/m.py")
    built = Built(b_module_data=b"zip", module_style="new", shebang="#!/py")
    bits, path = replaced((built, "/m.py"), str.encode)
    assert (bits.module_style, bits.shebang, path) == ("new", "#!/py", "/m.py")
    assert bits.b_module_data == b"#!/py"


@pytest.mark.parametrize(
    "built",
    [
        ("old", "#!/py", b"", "/m.py"),
        ("new", None, b"zip", "/m.py"),
        ("new", "#!/py", b"zip", "/m.py", "and more"),
        (Built(b_module_data=b"zip", module_style="old", shebang="#!/py"), "/m.py"),
        (Built(b_module_data=b"zip", module_style="new", shebang=None), "/m.py"),
        ({"b_module_data": b"zip"}, "/m.py"),
        b"zip",
    ],
)
def test_an_unknown_form_stays(built: t.Any) -> None:
    assert replaced(built, str.encode) is built


def test_what_is_no_plain_json_is_ansibles() -> None:
    """Dates of YAML, and what a vault still holds, have encoders of their own there."""
    day = asked(candidate={"parameters": {"x": date(2026, 1, 1)}})
    with pytest.raises(TypeError):
        Payload("task", ARGUMENTS, {}).script("#!/py", day)


class Sent(DirectAction):
    payload = Payload("task", ARGUMENTS, {})

    def __init__(self, delegate_to: str | None = None) -> None:
        name = INTERNAL["_ansible_module_name"]
        self._task = SimpleNamespace(action=name, delegate_to=delegate_to)

    def run(self, *_of: object, **_named: object) -> Data:
        return {}

    @staticmethod
    def unlogged(arguments: t.Mapping[str, t.Any]) -> list[str]:
        return ["saved"] if arguments.get("saved") else []

    def data(self, internal: Data, variables: Data | None = None) -> str:
        name = INTERNAL["_ansible_module_name"]
        return str(self._configure_module(name, internal, variables or {})[2])


@pytest.fixture
def ansibles(monkeypatch: pytest.MonkeyPatch) -> list[Data]:
    """What Ansible was asked for a payload with; its data are C(zip)."""
    seen: list[Data] = []

    def built(_self: object, _name: str, module_args: Data, _variables: Data) -> t.Any:
        seen.append(module_args)
        return "new", "#!/py", "zip", "/m.py"

    monkeypatch.setattr(ActionBase, "_configure_module", built)
    return seen


def test_a_task_is_sent_as_a_script(ansibles: list[Data]) -> None:
    assert Sent().data(INTERNAL) != "zip"
    assert ansibles == [INTERNAL]


@pytest.mark.parametrize("name", sorted({*INTERNAL} - {"_ansible_target_log_info"}))
@pytest.mark.usefixtures("ansibles")
def test_a_core_that_no_longer_says_something_keeps_its_payload(name: str) -> None:
    fewer = {key: value for key, value in INTERNAL.items() if key != name}
    assert Sent().data(fewer) == "zip"


@pytest.mark.usefixtures("ansibles")
def test_so_does_one_without_a_way_to_mask_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_direct_action, "_MASKS", (("ansible.no_such_module", "mask"),))
    assert Sent().data(INTERNAL) == "zip"


@pytest.mark.usefixtures("ansibles")
def test_so_does_one_that_lost_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_of: object, **_named: object) -> None:
        raise AnsibleError("there is no such option")

    monkeypatch.setattr(_direct_action.config, "get_config_value", lost)
    assert Sent().data(INTERNAL) == "zip"


@pytest.mark.usefixtures("ansibles")
def test_a_limit_is_that_of_the_host_that_a_task_is_delegated_to() -> None:
    limit = {"ansible_python_module_rlimit_nofile": 1024}
    assert Sent("mx2").data(INTERNAL, {"ansible_delegated_vars": {"mx2": limit}}) == "zip"
    assert Sent("mx2").data(INTERNAL, {**limit, "ansible_delegated_vars": {"mx2": {}}}) != "zip"


def test_ansibles_payload_logs_nothing_where_something_is_secret(ansibles: list[Data]) -> None:
    Sent().data({**INTERNAL, "saved": {"main": "x", "master": ""}})
    assert ansibles[0]["_ansible_no_log"] is True


@pytest.mark.parametrize("saved", [{"main": "x"}, None])
def test_neither_does_the_result_tell_it(
    monkeypatch: pytest.MonkeyPatch, saved: Data | None
) -> None:
    """ansible-core before 2.19 always tells with which arguments a module was run."""
    told = {"module_args": {"saved": saved, "why": []}}
    ran = {"found": "x", "invocation": told}
    monkeypatch.setattr(ActionBase, "_execute_module", lambda *_of, **_named: dict(ran))
    shown = {"saved": saved and "(not shown)", "why": []}
    assert Sent()._execute_module() == {"found": "x", "invocation": {"module_args": shown}}
