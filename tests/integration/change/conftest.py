# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away containers of every Debian release, in which the modules that change a host are run for real."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.boxes import Box, started
from mtalab import images
from mtalab.engine import Podman, cgroup2_beside_v1
from mtalab.paths import lab_name

SUITES = ("bullseye", "bookworm", "trixie", "sid")
CERTIFICATES = """
mkdir -p /etc/postfix/tls
cd /etc/postfix/tls
openssl req -x509 -newkey rsa:2048 -nodes -keyout good.key -out good.crt -subj /CN=mx.example.test -days 30 2>/dev/null
openssl genrsa -out other.key 2048 2>/dev/null
cat good.key good.crt > chain.pem
"""
MAIN = """
smtpd_tls_security_level = may
smtpd_tls_cert_file = /etc/postfix/tls/good.crt
smtpd_tls_key_file = /etc/postfix/tls/good.key
"""


@pytest.fixture(scope="session")
def podman() -> Podman:
    return images.podman_with(*SUITES)


@pytest.fixture(scope="session", params=SUITES)
def suite_box(podman: Podman, request: pytest.FixtureRequest) -> t.Iterator[Box]:
    """A container with systemd and a Postfix with TLS on port 25, once for each Debian release."""
    suite = request.param
    cgroup2 = cgroup2_beside_v1() if suite == "sid" else None
    options = ["--systemd=always"]
    options += [f"--volume={cgroup2}:/sys/fs/cgroup:rw"] if cgroup2 else []
    box = started(podman, f"{lab_name()}-change-{suite}", suite, *options, command="/sbin/init")
    box.sh(CERTIFICATES)
    wait = "until systemctl is-active postfix; do sleep 0.5; done"
    box.sh(f"timeout 120 sh -c '{wait}'; cp -a /etc/postfix /etc/postfix.before")
    yield box
    podman.remove(box.name)


@pytest.fixture
def box(suite_box: Box) -> Box:
    """The container in its first state."""
    suite_box.sh(
        "rm -rf /etc/postfix /var/lib/postmaster-tls && cp -a /etc/postfix.before /etc/postfix && sync\n"
        "cp -a /etc/postfix/main.cf /etc/postfix/main.cf.orig"
    )
    text = suite_box.read("/etc/postfix/main.cf")
    kept = [line for line in text.splitlines() if not line.startswith("smtpd_tls_")]
    suite_box.put("/etc/postfix/main.cf", "\n".join(kept) + MAIN)
    suite_box.sh("touch -d '1 minute ago' /etc/postfix/main.cf; rm /etc/postfix/main.cf.orig")
    return suite_box


@pytest.fixture
def plain_box(podman: Podman) -> t.Iterator[Box]:
    """A container without systemd, with a file system of 64 KiB at /small."""
    name = f"{lab_name()}-change-plain"
    options = ("--init", "--tmpfs=/small:size=64k")
    box = started(podman, name, "trixie", *options, command="sleep infinity")
    box.sh("postfix start >/dev/null 2>&1")
    yield box
    podman.remove(name)
