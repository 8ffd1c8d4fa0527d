# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with a Postfix and a sendmail, and one with neither: one sentence, and nothing is changed until somebody says which."""

from __future__ import annotations

import json
import subprocess
import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.hardening import Lab
from mtalab.engine import Podman, working_podman
from mtalab.hosts import container_name
from mtalab.images import recipe_of
from mtalab.scenarios import HOSTS

pytestmark = pytest.mark.lab

HOST = "sm-trixie"
ALONE = ("--limit", f"localhost,{HOST}")
#: A Postfix of the same Debian release, with the libraries that a host with sendmail does not have.
POSTFIX = """
cd /
ldd usr/sbin/postconf usr/lib/postfix/sbin/smtpd | awk '/=> \\// { print substr($3, 2) }' | grep -E '/lib(icu|tlsrpt|stdc)' | sort -u > /tmp/list
ls -d usr/sbin/post* usr/lib/postfix etc/postfix >> /tmp/list
tar --dereference -cf - -T /tmp/list
"""
AWAY = "rm -rf /usr/sbin/post* /usr/lib/postfix /etc/postfix"


@pytest.fixture
def both(lab: Lab) -> t.Iterator[Lab]:
    """The host of the sendmail has a real Postfix beside it, which does not run."""
    lab.state(HOST, "sendmail", "sendmail-case1")
    podman = working_podman(Podman(), recipe_of("trixie").image)
    source, target = (container_name(lab.name, HOSTS[name]) for name in ("mx1", HOST))
    packed = subprocess.run(
        podman.argv("exec", source, "sh", "-c", POSTFIX), capture_output=True, check=True
    )
    unpack = podman.argv("exec", "--interactive", target, "tar", "-C", "/", "-xf", "-")
    subprocess.run(unpack, input=packed.stdout, check=True)
    assert "mail_version = 3." in lab.on(HOST, "postconf", "mail_version")
    yield lab
    lab.on(HOST, "sh", "-c", AWAY)


def test_both(both: Lab) -> None:
    before = both.digest(HOST)
    unsaid = both.harden(*ALONE)
    assert unsaid.returncode == 2, unsaid.stdout
    assert f"{HOST}: there are postfix and sendmail here: say which one" in unsaid.stdout
    assert "with harden_mta_mta: postfix or sendmail" in unsaid.stdout
    wrong = both.harden(*ALONE, "-e", "harden_mta_mta=exim")
    assert wrong.returncode == 2, wrong.stdout
    assert "harden_mta_mta is exim: expected postfix or sendmail" in wrong.stdout
    assert both.digest(HOST) == before

    main = both.on(HOST, "cat", "/etc/postfix/main.cf")
    said = both.harden(*ALONE, "-e", "harden_mta_mta=sendmail")
    assert said.returncode == 0, said.stdout
    assert "TLSv1.3 with cipher" in both.handshake(HOST)
    assert both.on(HOST, "cat", "/etc/postfix/main.cf") == main


def test_a_rotation_on_both(both: Lab) -> None:
    """The question comes before the files are even read."""
    before = both.digest(HOST), both.on(HOST, "ls", "/etc/mail/tls")
    given = {"name": f"{HOST}.example.test", "certificate": __file__, "key": __file__}
    variables = json.dumps({f"dane_rollover_{name}": value for name, value in given.items()})
    unsaid = both.playbook("rotate_certificate", *ALONE, "-e", variables)
    assert unsaid.returncode == 2, unsaid.stdout
    assert f"{HOST}: there are postfix and sendmail here: say which one" in unsaid.stdout
    assert "with dane_rollover_mta: postfix or sendmail" in unsaid.stdout
    assert (both.digest(HOST), both.on(HOST, "ls", "/etc/mail/tls")) == before


@pytest.fixture
def neither(lab: Lab) -> t.Iterator[Lab]:
    lab.on(HOST, "mv", "/usr/sbin/sendmail", "/usr/sbin/sendmail.away")
    yield lab
    lab.on(HOST, "mv", "/usr/sbin/sendmail.away", "/usr/sbin/sendmail")


def test_neither(neither: Lab) -> None:
    before = neither.digest(HOST)
    done = neither.harden(*ALONE)
    assert done.returncode == 2, done.stdout
    assert f"{HOST}: there is neither Postfix nor sendmail here" in done.stdout
    assert neither.digest(HOST) == before
