# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sendmail of every Debian release, in which its configuration is changed for real, and a lab for the playbook."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support import labs
from ansible_collections.postmaster.tls.tests.support.boxes import Box, started
from ansible_collections.postmaster.tls.tests.support.hardening import Lab
from mtalab import hosts, images
from mtalab.engine import Podman, cgroup2_beside_v1, working_podman
from mtalab.paths import lab_name

SUITES = ("bullseye", "bookworm", "trixie", "sid")
CERTIFICATE = """
cd /etc/mail/tls
openssl req -x509 -newkey rsa:2048 -nodes -keyout mx.key -out mx.crt -subj /CN=mx.example.test -days 30 2>/dev/null
chmod 600 mx.key
cp mx.crt lab-ca.crt
"""
STATE = Path(__file__).resolve().parents[2] / "lab" / "states" / "sendmail.sh"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, as it would be waited for by the process that has done the rest."""
    items.sort(key=lambda item: "test_sendmail_tls.py" not in item.nodeid)


@pytest.fixture(scope="session", params=SUITES)
def suite_box(request: pytest.FixtureRequest) -> t.Iterator[Box]:
    """A container with systemd and a sendmail with TLS, once for each Debian release."""
    suite = request.param
    plain = Podman()
    recipe = f"{suite}-sendmail"
    images.ensure(plain, [recipe])
    podman = working_podman(plain, images.recipe_of(recipe).image)
    cgroup2 = cgroup2_beside_v1() if suite == "sid" else None
    options = ["--systemd=always", *hosts.CAPABILITIES["sendmail"]]
    options += [f"--volume={cgroup2}:/sys/fs/cgroup:rw"] if cgroup2 else []
    box = started(podman, f"{lab_name()}-sendmail-{suite}", recipe, *options, command="/sbin/init")
    hosts.wait_ready(podman, box.name)
    box.sh(CERTIFICATE)
    podman.exec(box.name, STATE.read_text(), "mx")
    box.sh("cp -a /etc/mail /etc/mail.before")
    yield box
    podman.remove(box.name)


@pytest.fixture
def box(suite_box: Box) -> Box:
    """The container in its first state."""
    suite_box.sh("rm -rf /etc/mail && cp -a /etc/mail.before /etc/mail")
    return suite_box


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest) -> t.Iterator[Lab]:
    """A Postfix and a sendmail side by side, both in the state of case 1, and a sender; one for each file that asks for it."""
    purpose = Path(str(request.path)).stem.removeprefix("test_").replace("_", "-")
    with labs.running(purpose, "both-case1") as started_lab:
        yield Lab(started_lab.name)
