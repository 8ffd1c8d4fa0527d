# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""certbot and lego get certificates of a real ACME authority, and their deploy hook is the command of docs/rotation.md.

The collection is installed on the mail host itself, as the tarball that is published.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab, dane_lab
from ansible_collections.postmaster.tls.tests.support.labs import CHECKOUT
from ansible_collections.postmaster.tls.tests.support.rotating import verified
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab
BIN = Path(sys.executable).parent
NAME = "mx1.example.test"
DIRECTORY = "https://localhost:14000/dir"
TRUST = "/etc/postmaster-lab/acme/server.crt"
CERTBOT = f"/etc/letsencrypt/live/{NAME}"
LEGO = f"/etc/lego/certificates/{NAME}"
RSA_OF_THE_LAB = "/etc/postfix/tls/first/mx1.crt"


def documented(opening: str) -> str:
    """The one line of docs/rotation.md that begins so, for the host of the lab."""
    page = (CHECKOUT / "docs" / "rotation.md").read_text()
    [line] = re.findall(rf"^    ({re.escape(opening)}.*)$", page, flags=re.MULTILINE)
    return str(line).replace("mx1.example.com", NAME)


HOOK = documented("ansible-playbook -i mx1.example.com, -c local")
DETACHED = documented("systemd-run --collect --unit=rotate").replace("COMMAND", HOOK)


def ansible(lab: DaneLab, module: str, **arguments: str) -> None:
    lab.asked("mx1", f"ansible.builtin.{module}", "-a", json.dumps(arguments))


def variables(lab: DaneLab, certificate: str, key: str) -> str:
    known = lab.variables
    values = {
        "name": NAME,
        "remote_src": True,
        "certificate": certificate,
        "key": key,
        "publish": "update",
        "tsig_key_file": "/etc/postmaster/tsig.key",
        "resolver": [known["lab_resolver"]],
        "validate": "self",
        "trust_anchor": "/etc/postmaster/trust-anchor",
        "patience": 300,
        "timeout": 900,
    }
    prefixed = {f"dane_rollover_{name}": value for name, value in values.items()}
    return json.dumps({"rotate_certificate_hosts": "all", **prefixed})


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[DaneLab]:
    with dane_lab("acme", scenario="acme") as running:
        known, work = running.variables, tmp_path_factory.mktemp("built")
        build = [BIN / "ansible-galaxy", "collection", "build", "--output-path", work, CHECKOUT]
        subprocess.run(build, cwd=work, capture_output=True, check=True)
        [built] = work.glob("*.tar.gz")
        running.on("mx1", "mkdir", "-p", "/etc/postmaster")
        for source, target in (
            (str(built), "/root/collection.tar.gz"),
            (known["lab_tsig_key_file"], "/etc/postmaster/tsig.key"),
            (known["lab_trust_anchor_file"], "/etc/postmaster/trust-anchor"),
        ):
            ansible(running, "copy", src=source, dest=target, mode="0600")
        install = ("ansible-galaxy", "collection", "install", "--offline")
        running.on("mx1", *install, "/root/collection.tar.gz")
        yield running


@pytest.fixture
def asks(lab: DaneLab) -> t.Callable[[str, str], None]:
    """Resets the lab, and writes the variables of the hook for one certificate."""

    def prepared(certificate: str, key: str) -> None:
        lab.reset()
        text = variables(lab, certificate, key)
        ansible(lab, "copy", content=text, dest="/etc/postmaster/rotation.yml", mode="0600")

    return prepared


def in_force(lab: DaneLab, *files: str) -> None:
    """These certificates are what is published at both servers, and a sender that validates delivers."""
    expected = sorted(lab.digest(file) for file in files)
    for server in ("ns1", "ns2"):
        until(
            lambda server=server: lab.published(server) == expected,
            what=f"{server} has the set",
        )
    until(lambda: verified(lab), what="a sender verifies what it gets")


def certbot(lab: DaneLab, *arguments: str) -> str:
    """What certbot says; a hook that fails does not make certbot fail, so its words are looked at."""
    settings = ("--non-interactive", "--server", DIRECTORY)
    command = ["env", f"REQUESTS_CA_BUNDLE={TRUST}", "certbot", *arguments, *settings]
    said = lab.shell("mx1", f"{shlex.join(command)} 2>&1")
    assert "reported error code" not in said, said
    return said


def test_certbot_rotates_when_it_gets_and_when_it_renews_a_certificate(
    lab: DaneLab, asks: t.Callable[[str, str], None]
) -> None:
    asks(f"{CERTBOT}/fullchain.pem", f"{CERTBOT}/privkey.pem")
    first = ("--standalone", "--agree-tos", "--email", "postmaster@example.test", "-d", NAME)
    certbot(lab, "certonly", *first, "--deploy-hook", HOOK)
    in_force(lab, RSA_OF_THE_LAB, f"{CERTBOT}/cert.pem")
    assert "letsencrypt" not in lab.on("mx1", "postconf", "-n")

    before = lab.published("ns1")
    renew = ("renew", "--force-renewal", "--no-random-sleep-on-renew")
    certbot(lab, *renew)
    in_force(lab, RSA_OF_THE_LAB, f"{CERTBOT}/cert.pem")
    assert lab.published("ns1") != before

    before, served = lab.published("ns1"), lab.on("mx1", "postconf", "-h", "smtpd_tls_eccert_file")
    certbot(lab, *renew, "--reuse-key")
    in_force(lab, RSA_OF_THE_LAB, f"{CERTBOT}/cert.pem")
    assert lab.published("ns1") == before
    assert lab.on("mx1", "postconf", "-h", "smtpd_tls_eccert_file") != served


def test_lego_rotates_by_a_hook_that_outlives_it(
    lab: DaneLab, asks: t.Callable[[str, str], None]
) -> None:
    asks(f"{LEGO}.crt", f"{LEGO}.key")
    lego = ("lego", "--accept-tos", "--email", "postmaster@example.test", "--server", DIRECTORY)
    lego += ("--path", "/etc/lego", "--domains", NAME, "--key-type", "rsa2048", "--http")
    trust = f"LEGO_CA_CERTIFICATES={TRUST}"
    lab.on("mx1", "env", trust, *lego, "run", "--run-hook", DETACHED)
    gone = "systemctl show --property=LoadState rotate.service"
    until(lambda: "not-found" in lab.shell("mx1", gone), what="the hook has ended", seconds=600)
    in_force(lab, f"{LEGO}.crt", "/etc/postfix/tls/first/mx1-ecdsa.crt")
