# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole handshakes with a real Postfix of every Debian release, side by side with the openssl command as a client."""

from __future__ import annotations

import re
import ssl
import subprocess
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support import labs
from ansible_collections.postmaster.tls.tests.support.talks import ask_over_starttls

pytestmark = pytest.mark.lab

HOSTS = ("mx-bullseye", "mx-bookworm", "mx1", "mx-sid")
SERVICES = {
    2601: "",
    2602: "tls_ssl_options=NO_TICKET",
    2603: "smtpd_tls_session_cache_database=",
    2604: "tls_ssl_options=NO_RENEGOTIATION",
    2605: "smtpd_tls_ask_ccert=yes smtpd_tls_CAfile=/etc/postfix/tls/asked.pem",
}
SETUP = """
cat /etc/postfix/tls/*.crt | sed -n '1,/END/p' > /etc/postfix/tls/asked.pem
postconf -e 'smtpd_tls_session_cache_database = btree:${data_directory}/smtpd_scache'
"""
OPTIONS = {Protocol.TLSv1_2: "-tls1_2", Protocol.TLSv1_3: "-tls1_3"}
VERSIONS = tuple(OPTIONS)


def setup() -> str:
    lines = [SETUP, "cat >> /etc/postfix/master.cf <<'END'"]
    for port, overrides in SERVICES.items():
        lines.append(f"{port} inet n - y - - smtpd")
        lines += [f"  -o {override}" for override in overrides.split()]
    return "\n".join([*lines, "END", "postfix stop 2>/dev/null; postfix start 2>/dev/null"])


@pytest.fixture(scope="module")
def addresses() -> t.Iterator[dict[str, str]]:
    with labs.running("handshake", "fleet") as lab:
        for host in HOSTS:
            lab.on(host, "sh", "-euc", setup())
        yield lab.addresses()


@dataclass(frozen=True)
class Host:
    address: str

    def asked(self, port: int, question: FullHandshake, patience: float = 60.0) -> t.Any:
        return ask_over_starttls(port, question, host=self.address, patience=patience)

    def openssl(self, port: int, *options: str) -> str:
        """What the openssl command prints in one connection, which the server ends when it was told QUIT."""
        command = [*self._s_client(port), "-ign_eof", *options]
        done = subprocess.run(
            command, input="QUIT\r\n", capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout + done.stderr

    def renegotiating(self, port: int, *options: str, pause: float = 1.0) -> str:
        """What the openssl command prints when it is told to renegotiate after a while, and to end after another."""
        script = f'(sleep {pause}; echo R; sleep {pause}; echo Q) | "$@"'
        command = ["sh", "-c", script, "sh", *self._s_client(port), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr

    def _s_client(self, port: int) -> list[str]:
        where = f"{self.address}:{port}"
        return ["openssl", "s_client", "-starttls", "smtp", "-connect", where]


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, addresses: dict[str, str]) -> Host:
    return Host(addresses[request.param])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_chain_is_what_openssl_is_shown(host: Host, version: Protocol) -> None:
    answer = host.asked(2601, FullHandshake(version=version))
    assert isinstance(answer, ServerHello)
    shown = host.openssl(2601, OPTIONS[version], "-showcerts")
    pems = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", shown, re.DOTALL)
    certificates = [ssl.PEM_cert_to_DER_cert(pem) for pem in dict.fromkeys(pems)]
    assert list(answer.certificates) == certificates
    assert len(certificates) == 2


@pytest.mark.parametrize("port", SERVICES)
@pytest.mark.parametrize(
    ("version", "tickets"),
    [(Protocol.TLSv1_2, True), (Protocol.TLSv1_2, False), (Protocol.TLSv1_3, True)],
    ids=["ticket", "id", "tls13"],
)
def test_a_session_is_resumed_when_openssl_resumes_it(
    host: Host, port: int, version: Protocol, tickets: bool, tmp_path: Path
) -> None:
    question = FullHandshake(version=version, purpose="resumption", tickets=tickets)
    given = host.asked(port, question)
    assert isinstance(given, HandshakeResult)
    resumed = False
    if given.resumption is not None:
        again = FullHandshake(
            version=version, purpose="resumption", tickets=tickets, session=given.resumption
        )
        resumed = host.asked(port, again).resumed
    options = [OPTIONS[version], *([] if tickets else ["-no_ticket"])]
    saved = tmp_path / "session"
    host.openssl(port, *options, "-sess_out", str(saved))
    said = host.openssl(port, *options, "-sess_in", str(saved)) if saved.exists() else "New, "
    assert resumed is ("\nReused, " in said), said


@pytest.mark.parametrize("port", [2601, 2604])
def test_renegotiation_is_allowed_when_openssl_may(host: Host, port: int) -> None:
    question = FullHandshake(version=Protocol.TLSv1_2, purpose="renegotiation")
    answer = host.asked(port, question)
    assert isinstance(answer, HandshakeResult)
    said = host.renegotiating(port, "-tls1_2")
    assert "RENEGOTIATING" in said
    refused = "no renegotiation" in said
    assert answer.renegotiation is not refused
    assert port == 2601 or refused


@pytest.mark.parametrize("version", VERSIONS)
def test_the_authorities_are_those_that_openssl_is_told(host: Host, version: Protocol) -> None:
    answer = host.asked(2605, FullHandshake(version=version))
    assert isinstance(answer, ServerHello)
    assert answer.certificate_requested
    said = host.openssl(2605, OPTIONS[version])
    listed = said.partition("Acceptable client certificate CA names\n")[2]
    names = [line for line in listed.splitlines() if re.match(r"(C|O|CN|OU|ST) ?= ?", line)]
    assert len(answer.authorities) == len(names) > 0
    for name, text in zip(answer.authorities, names, strict=True):
        assert text.rpartition("=")[2].strip().encode() in name
    quiet = host.asked(2601, FullHandshake(version=version))
    assert not quiet.certificate_requested


@pytest.mark.parametrize("version", VERSIONS)
def test_no_postfix_answers_what_was_sent_behind_starttls(host: Host, version: Protocol) -> None:
    question = FullHandshake(version=version, purpose="injection")
    answer = ask_over_starttls(2601, question, host=host.address, patience=1.0, behind=b"NOOP\r\n")
    assert isinstance(answer, HandshakeResult)
    assert answer.reply == b""
