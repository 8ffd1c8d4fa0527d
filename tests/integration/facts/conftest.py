# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Postfix of every Debian release, and somebody on each host who is not root."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.labs import Lab, running

AUDITOR = """
if ! id auditor > /dev/null 2>&1; then
    echo 'auditor:x:4100:4100::/home/auditor:/bin/sh' >> /etc/passwd
    echo 'auditor:*:20000::::::' >> /etc/shadow
    echo 'auditor:x:4100:' >> /etc/group
fi
install -d -o auditor /home/auditor
install -d -m 700 -o auditor /home/auditor/.ssh
install -m 600 -o auditor /root/.ssh/authorized_keys /home/auditor/.ssh/
"""


@pytest.fixture(scope="session")
def fleet() -> t.Iterator[Lab]:
    with running("hosts", "fleet") as lab:
        for host in ("mx1", "mx-bullseye", "mx-bookworm", "mx-sid"):
            lab.on(host, "sh", "-euc", AUDITOR)
        yield lab
