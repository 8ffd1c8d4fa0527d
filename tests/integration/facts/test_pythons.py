# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and probe by every Python that pyenv has on this machine, on one mail host: the answers are those of the host's own Python.

Between them, these and the releases of Debian (test_hosts.py) are every Python from 3.9 on.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support.labs import Lab
from ansible_collections.postmaster.tls.tests.support.pythons import bring, pyenv_versions

pytestmark = pytest.mark.lab

HOST = "mx1"
VERSIONS = pyenv_versions()
MINORS = sorted(VERSIONS, key=lambda minor: int(minor[2:])) or ["none"]
FACTS = "postmaster.tls.mta_tls_facts"
CHECKS = ["handshake", "protocols", "ciphers", "groups", "certificates", "injection"]
LUCK = ("seconds", "connections", "smtp")
Results = dict[str, dict[str, t.Any]]


class Asked(t.NamedTuple):
    """What the interpreters said, by their minor versions; "own" is the Python of the host."""

    facts: Results
    unprivileged: Results
    probed: Results


@pytest.fixture(scope="module")
def paths(fleet: Lab) -> dict[str, str]:
    return bring(fleet, HOST, VERSIONS)


@pytest.fixture(scope="module")
def asked(fleet: Lab, paths: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """One host under many names, each with an interpreter of its own."""
    address = fleet.addresses()[HOST]
    own = {"ansible_host": address}
    hosts = {minor: {**own, "ansible_python_interpreter": path} for minor, path in paths.items()}
    more: Path = tmp_path_factory.mktemp("inventory") / "pythons.yml"
    more.write_text(json.dumps({"pythons": {"hosts": {**hosts, "own": own}}}))

    def ask(module: str, *arguments: str) -> Results:
        return fleet.asked("pythons", module, "-i", str(more), "--forks", "2", *arguments)

    target = json.dumps({"host": address, "checks": CHECKS, "senders": ["boringssl"]})
    return Asked(
        {one: result["ansible_facts"]["mta_tls"] for one, result in ask(FACTS).items()},
        {
            one: result["ansible_facts"]["mta_tls"]
            for one, result in ask(FACTS, "-e", "ansible_user=auditor").items()
        },
        ask("postmaster.tls.starttls_probe", "-a", target, "-e", "ansible_user=auditor"),
    )


@pytest.fixture(params=MINORS)
def minor(request: pytest.FixtureRequest) -> str:
    if request.param == "none":
        pytest.skip("pyenv has no Python from 3.9 on here; those of the Debian releases are tried.")
    return str(request.param)


@pytest.fixture
def python(minor: str, paths: dict[str, str]) -> str:
    """The path of an interpreter on the host."""
    if minor not in paths:
        pytest.skip(f"the Python {minor} of this machine does not start on the host of the lab.")
    return paths[minor]


def test_it_is_the_version_that_it_says_and_has_no_cryptography(
    fleet: Lab, minor: str, python: str
) -> None:
    assert fleet.on(HOST, python, "--version").split()[1].startswith(f"{minor}.")
    search = "import importlib.util as u; print(u.find_spec('cryptography'), u.find_spec('cffi'))"
    assert fleet.on(HOST, python, "-c", search).split() == ["None", "None"]


@pytest.mark.usefixtures("python")
def test_the_facts_are_those_of_the_python_of_the_host(asked: Asked, minor: str) -> None:
    facts = asked.facts[minor]
    assert all(one["ciphers"] for one in facts["postfix"][0]["services"] if one["listen"])
    assert facts == asked.facts["own"]


@pytest.mark.usefixtures("python")
def test_what_a_user_may_not_read_is_not_determined(asked: Asked, minor: str) -> None:
    facts = asked.unprivileged[minor]
    smtp = next(one for one in facts["postfix"][0]["services"] if one["name"] == "smtp/inet")
    assert (smtp["protocols"], smtp["ciphers"]) == (None, None)
    (found,) = [one for one in smtp["findings"] if one["code"] == "not-determined"]
    assert f"{HOST}.key cannot be read by this user" in found["evidence"]
    assert "become" in found["remedy"]
    assert facts == asked.unprivileged["own"]


@pytest.mark.usefixtures("python")
def test_the_probe_sees_the_same(asked: Asked, minor: str) -> None:
    def seen(result: dict[str, t.Any]) -> dict[str, t.Any]:
        return {name: value for name, value in result.items() if name not in LUCK}

    assert asked.probed[minor]["reached"] is True
    assert asked.probed[minor]["ciphers"]["TLSv1.2"]
    assert seen(asked.probed[minor]) == seen(asked.probed["own"])
