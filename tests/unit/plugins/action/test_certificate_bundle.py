# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private key that is given by a wrong way is neither sent as it is nor shown, even by a task without no_log and with -vvv."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.action.certificate_bundle import without_keys
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.tests.support.pems import Pair, make_pair

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Lay the pair down
      postmaster.tls.certificate_bundle: "{{ {'directory': directory, 'name': 'mx1.example.test'} | combine(options) }}"
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("pair"), "ec")


def laid_down(directory: Path, **options: str) -> subprocess.CompletedProcess[str]:
    play = directory / "play.yml"
    play.write_text(PLAY)
    variables = {
        "ansible_python_interpreter": sys.executable,
        "directory": str(directory / "laid"),
        "options": options,
    }
    known = directory / "variables.json"
    known.write_text(json.dumps(variables))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    arguments = ["-c", "local", "-i", "localhost,", "-vvv", "-e", f"@{known}", str(play)]
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_of_a_combined_text_only_the_certificates_reach_the_host(
    pair: Pair, tmp_path: Path
) -> None:
    certificate, key = Path(pair.certificate).read_text(), Path(pair.key).read_text()
    done = laid_down(tmp_path, certificate=key + certificate, key_path=pair.key)
    assert done.returncode == 0, done.stdout
    [laid] = (tmp_path / "laid").iterdir()
    secret = key.splitlines()[1]
    assert secret in laid.read_text()
    assert certificate.splitlines()[1] in done.stdout
    assert secret not in done.stdout + done.stderr


def test_a_key_in_another_option_is_refused_unseen(pair: Pair, tmp_path: Path) -> None:
    key = Path(pair.key).read_text()
    done = laid_down(tmp_path, certificate_path=key)
    assert done.returncode != 0
    assert "certificate_path has a private key in it" in done.stdout
    assert key.splitlines()[1] not in done.stdout + done.stderr


@pytest.mark.parametrize("option", ["key_path", "private_key", "name"])
def test_a_key_is_refused_in_every_other_option(pair: Pair, option: str) -> None:
    with pytest.raises(InvalidInput, match=f"{option} has a private key in it"):
        without_keys({option: Path(pair.key).read_text()})


def test_the_other_arguments_stay_as_they_are(pair: Pair) -> None:
    given = {"name": "mx1", "certificate_path": pair.certificate, "key": Path(pair.key).read_text()}
    assert without_keys(given) == given


def test_a_key_alone_is_no_chain(pair: Pair) -> None:
    with pytest.raises(InvalidInput, match="has no certificate in PEM form"):
        without_keys({"certificate": Path(pair.key).read_text()})


def test_a_list_of_texts_is_refused_with_its_key(pair: Pair) -> None:
    with pytest.raises(InvalidInput, match="certificate has a private key in it"):
        without_keys({"certificate": [Path(pair.key).read_text()]})


@pytest.mark.parametrize("option", ["key_path", "certificate_path", "name", "directory"])
@pytest.mark.parametrize("mark", ["-----BEGIN PRIVATE KEY -----", "-----BEGIN PRIVATE KEY----", ""])
def test_a_key_without_its_exact_marks_is_refused_too(pair: Pair, option: str, mark: str) -> None:
    """Also its body alone, with lines or without."""
    body = Path(pair.key).read_text().splitlines()[1:-1]
    for text in ("\n".join([mark, *body]), "".join([mark, *body])):
        with pytest.raises(InvalidInput, match=f"^{option} has a ") as refused:
            without_keys({option: text})
        assert body[0] not in str(refused.value)
