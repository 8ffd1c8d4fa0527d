# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private key does not show in what Ansible prints, also where the file with the chain holds it, too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Lay the pair down
      ansible.builtin.include_role:
        name: postmaster.tls.dane_rollover
        tasks_from: bundle
    - name: Show what senders are asked about
      ansible.builtin.debug:
        var: __dane_rollover_chain
"""


@pytest.mark.parametrize("remote_src", [False, True])
def test_a_key_in_the_file_of_the_chain_is_not_shown(tmp_path: Path, remote_src: bool) -> None:
    key, chain, both = (tmp_path / name for name in ("key.pem", "chain.pem", "both.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-subj", "/CN=mx1", "-keyout", str(key), "-out", str(chain)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(chain.read_text() + key.read_text())
    play = tmp_path / "play.yml"
    play.write_text(PLAY)
    variables = {
        "ansible_python_interpreter": sys.executable,
        "dane_rollover_name": "mx1.example.test",
        "dane_rollover_certificate": str(both),
        "dane_rollover_key": str(both),
        "dane_rollover_directory": str(tmp_path / "laid"),
        "dane_rollover_remote_src": remote_src,
    }

    program = str(Path(sys.executable).with_name("ansible-playbook"))
    arguments = ["-c", "local", "-i", "localhost,", "-vvv", "-e", json.dumps(variables)]
    done = subprocess.run(
        [program, *arguments, str(play)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    certificate, secret = chain.read_text().splitlines()[1], key.read_text().splitlines()[1]
    [laid] = (tmp_path / "laid").iterdir()
    assert secret in laid.read_text()
    assert certificate in done.stdout
    assert secret not in done.stdout + done.stderr
    assert "PRIVATE KEY" not in done.stdout + done.stderr
