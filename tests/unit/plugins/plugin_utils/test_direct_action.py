# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a task is sent as one script, and when Ansible's own payload is left as it is."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import date

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._facts_task import ARGUMENTS
from ansible_collections.postmaster.tls.plugins.plugin_utils._direct_action import (
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


def test_the_log_has_what_ansible_would_say_and_no_password() -> None:
    parameters = {"relayhost": "https://user:tiger@mail.example.test"}
    line = asked(candidate={"parameters": parameters})["log"]
    assert line.startswith("Invoked with ")
    assert "tiger" not in line
    assert "postconf_command=None" in line
    assert asked(_ansible_target_log_info="audit 7")["log"].startswith("audit 7 Invoked with ")
    assert asked(_ansible_no_log=True)["log"] is None


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
