# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet stops at the first host that had to be restored, and the collection works from where it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support.hardening import Lab
from ansible_collections.postmaster.tls.tests.support.labs import CHECKOUT

pytestmark = pytest.mark.lab
BIN = Path(sys.executable).parent
# The facts do not look at this parameter, so the probe sees what was not predicted: no STARTTLS.
SURPRISE = '{"postfix_tls_parameters": {"smtpd_discard_ehlo_keywords": "starttls"}}'


def test_the_second_host_is_not_touched_when_the_first_was_restored(sound: Lab) -> None:
    before = {host: sound.files(host) for host in ("mx1", "sender")}
    done = sound.harden("-e", "harden_mta_hosts=mx1,sender", "-e", SURPRISE)
    assert done.returncode == 2, done.stdout
    assert "main.cf and master.cf are restored" in done.stdout
    assert "STARTTLS is not offered" in done.stdout
    assert not any(line.startswith("sender ") for line in done.stdout.splitlines())
    assert {host: sound.files(host) for host in ("mx1", "sender")} == before
    assert "TLSv1.3 with cipher" in sound.handshake()


def test_it_works_by_name_from_an_empty_path_into_which_it_was_installed(
    sound: Lab, tmp_path: Path
) -> None:
    galaxy = str(BIN / "ansible-galaxy")
    build = [galaxy, "collection", "build", "--output-path", str(tmp_path), str(CHECKOUT)]
    subprocess.run(build, check=True, capture_output=True)
    (tarball,) = tmp_path.glob("*.tar.gz")
    path = tmp_path / "installed"
    environment = {**sound.environment, "ANSIBLE_COLLECTIONS_PATH": str(path)}
    environment.pop("PYTHONPATH", None)
    install = [galaxy, "collection", "install", "--offline", "-p", str(path), str(tarball)]
    subprocess.run(install, env=environment, check=True, capture_output=True)
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", str(sound.inventory), "postmaster.tls.harden_mta"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert str(path) in done.stdout, "another copy of the collection was used"
    assert "smtpd_tls_protocols = >=TLSv1.2" in sound.files()["/etc/postfix/main.cf"]
