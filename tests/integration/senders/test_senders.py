# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real senders against servers of many settings: each connects, or not, exactly as its profile says beforehand.

A server listens twice, on this machine's loopback for the profile and on the loopback of a container without a network
for the program: its own verdict about the program's handshake is compared with the profile's, and so are the logs.
By default each release meets a part of the settings; with POSTMASTER_SENDERS=all each meets them all.
"""

from __future__ import annotations

import os
import queue
import re
import shutil
import ssl
import subprocess
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _senders, _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
from ansible_collections.postmaster.tls.tests.support import (
    java,
    mail_servers,
    old_java_server,
    sending_clients,
    starttls_listener,
)
from ansible_collections.postmaster.tls.tests.tools import record_senders

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="listening in a container's network needs root"),
]

Settings = dict[str, t.Any]
V = ssl.TLSVersion
# What a Postfix 2.6 made of ALL:+RC4:@STRENGTH with its exclusions: the list of a real case, in which Google shared no suite.
CASE_1 = (
    "ALL:+RC4:@STRENGTH:!aNULL:!LOW:!EXP:!MEDIUM:!ADH:!AECDH:!MD5:!DSS:!ECDSA:!CAMELLIA128:!3DES"
    ":!CAMELLIA256:!RSA+AES:!eNULL:!kEECDH:!ARIA"
)
UP_TO_12: Settings = {"highest": V.TLSv1_2}
SERVERS: dict[str, Settings] = {
    "tolerant": {},
    "modern-only": {"lowest": V.TLSv1_3},
    "case-1-no-shared-cipher": {**UP_TO_12, "ciphers": CASE_1},
    "tls1.0-only": {"highest": V.TLSv1},
    "tls1.0-rsa-only": {"highest": V.TLSv1, "ciphers": "kRSA"},
    "tls1.1-only": {"lowest": V.TLSv1_1, "highest": V.TLSv1_1},
    "rsa-only": {**UP_TO_12, "ciphers": "kRSA+AES"},
    "dh1024-only": {**UP_TO_12, "ciphers": "kEDH+aRSA", "dh": 1024},
    "dh2048-only": {**UP_TO_12, "ciphers": "kEDH+aRSA", "dh": 2048},
    "p521-only": {**UP_TO_12, "ciphers": "kEECDH", "curve": "secp521r1"},
    "p521-only-in-tls1.3": {"lowest": V.TLSv1_3, "curve": "secp521r1"},
    "secp256k1-only": {**UP_TO_12, "ciphers": "kEECDH", "curve": "secp256k1"},
    "anonymous-only": {**UP_TO_12, "ciphers": "aNULL"},
    "chacha-only": {**UP_TO_12, "ciphers": "CHACHA20"},
    "rsa-1024-key": {"key": "rsa:1024"},
    "rsa-512-key": {**UP_TO_12, "ciphers": "kRSA+AES", "key": "rsa:512"},
    "p384-key": {**UP_TO_12, "key": "ec:P-384"},
}
WHOLE = os.environ.get("POSTMASTER_SENDERS") == "all"
DEBIAN = record_senders.DEBIAN
RELEASES = sending_clients.SUITES
MEETINGS = [
    (suite, setting)
    for place, suite in enumerate(RELEASES)
    for number, setting in enumerate(SERVERS)
    if WHOLE or number % len(RELEASES) == place
]


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("material")


def context_of(settings: Settings, material: Path) -> ssl.SSLContext:
    wanted = dict(settings)
    kind = wanted.pop("key", "rsa:2048")
    if "dh" in wanted:
        bits = str(wanted["dh"])
        wanted["dh"] = made(material / f"dh{bits}.pem", "dhparam", "-dsaparam", bits)
    key, certificate = material / f"{kind}.key", material / f"{kind}.pem"
    name, _colon, size = kind.partition(":")
    newkey = [kind] if name == "rsa" else ["ec", "-pkeyopt", f"ec_paramgen_curve:{size}"]
    subject = ["-subj", "/CN=mx.example.test", "-sha256", "-keyout", str(key)]
    made(certificate, "req", "-x509", "-nodes", "-days", "9", "-newkey", *newkey, *subject)
    return starttls_listener.server_context(certificate, key, **wanted)


def made(path: Path, *command: str) -> Path:
    if not path.exists():
        full = ["openssl", command[0], "-out", str(path), *command[1:]]
        subprocess.run(full, check=True, capture_output=True)
    return path


def prediction(name: str, context: ssl.SSLContext | None, **relay: t.Any) -> _senders.SenderResult:
    make = starttls_listener.on_loopback
    with starttls_listener.listening(make, context, **relay) as server:
        scan = _senders.sender_scan([name], server_name="mx.example.test")
        return drive(scan, starttls_listener.asker(server.port))[0]


def verdict_apart(expected: _senders.SenderResult, seen: starttls_listener.Handshake) -> str:
    """What the profile says otherwise than the server saw; empty if nothing."""
    label = expected.protocol.label if expected.protocol and expected.connects else None
    suite = _suites.by_code(expected.cipher or 0) if expected.connects else None
    said = (expected.connects, label, suite.name if suite else None)
    real = _suites.by_name(seen.cipher or "")
    found = (seen.connected, seen.protocol, real.name if real else seen.cipher)
    if said == found:
        return ""
    return f"{expected.name}: profile {said} {expected.reason}, real {found} {seen.error}"


def disagreement(
    expected: _senders.SenderResult, seen: starttls_listener.Handshake, log: str
) -> str:
    """What the profile says otherwise than the server saw and both logged; empty if nothing."""
    apart = verdict_apart(expected, seen)
    if apart or expected.connects:
        return apart
    words = (seen.error or "").lower().replace("_", " ")
    told = expected.server_log[-1].replace("ssl/tls", "sslv3")
    if f"reason={words}," not in told and seen.hello:
        return f"{expected.name}: the server says {words!r}, the profile {told!r}"
    if not all(part in log for part in parts_of(expected.client_log)):
        return f"{expected.name}: {expected.client_log!r} is not in the log: {log[-600:]}"
    return ""


def parts_of(line: str) -> list[str]:
    """A predicted line without what tells one occurrence from another: numbers of OpenSSL's functions apart."""
    found = re.search(r"error:(\w{8}):SSL routines:[^:]*:(.*)", line)
    if found:
        return [f"error:{found[1]}:SSL routines:", found[2]]
    return [line.partition(", SSL_error")[0]]


@pytest.fixture(scope="module")
def host(request: pytest.FixtureRequest) -> Iterator[tuple[str, sending_clients.Host]]:
    with sending_clients.host(request.param, "pmtls-senders") as running:
        yield request.param, running


@pytest.mark.parametrize(("host", "setting"), MEETINGS, indirect=["host"])
def test_senders_of_debian_do_as_their_profiles_say(
    setting: str, host: tuple[str, sending_clients.Host], material: Path
) -> None:
    suite, sender = host
    context = context_of(SERVERS[setting], material)
    found = []
    for name in [name for name, program in DEBIAN.items() if program.suite == suite]:
        program = DEBIAN[name].name
        expected = prediction(name, context)
        with starttls_listener.listening(sender.listen, context) as server:
            sender.send(program, server.port)
            try:
                seen = server.next()
            except queue.Empty:
                found.append(f"{name}: no handshake: {sender.log(program, server.port)[-300:]}")
                continue
            log = sender.log(program, server.port)
            found.append(disagreement(expected, seen, log))
            lost = fate(expected, program, sender, server)
            found.append(lost and f"{lost}: {sender.log(program, server.port)[-900:]}")
    assert [sentence for sentence in found if sentence] == []


def fate(
    expected: _senders.SenderResult,
    program: str,
    sender: sending_clients.Host,
    server: starttls_listener.Listener,
) -> str:
    """What becomes of a mail that failed in TLS otherwise than the profile says; empty if nothing.

    Exim comes in plaintext at once, Postfix when the mail has waited for minimal_backoff_time, a second in these
    containers. Its queue manager puts a mail off for a minute more whose delivery agent has not let go of it yet
    (QMGR_MESSAGE_LOCKED in src/qmgr/qmgr_active.c). A sendmail that defers is made to try again.
    """
    if expected.connects or program not in ("postfix", "sendmail", "exim"):
        return ""
    if expected.profile.without_tls == "plaintext":
        came = server.plaintext.wait(timeout=240)
        return "" if came else f"{expected.name}: did not come in plaintext"
    sender.retry_sendmail(server.port)
    again = server.next()
    plain = server.plaintext.is_set()
    return f"{expected.name}: came in plaintext" if plain or again.connected else ""


class Cut:
    """Cuts the extension of RFC 5746 out of each ServerHello, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, data: bytes) -> bytes:
        kept = starttls_listener.without_renegotiation_info(data)
        self.count += kept != data
        return kept


@pytest.mark.parametrize("host", RELEASES, indirect=True)
def test_who_insists_on_secure_renegotiation(
    host: tuple[str, sending_clients.Host], material: Path
) -> None:
    """The extension is cut out of the ServerHello: who minds says so; who does not fails later, at the Finished."""
    suite, sender = host
    context_of({}, material)
    files = ["-cert", str(material / "rsa:2048.pem"), "-key", str(material / "rsa:2048.key")]
    refusing, predicted = set(), set()
    with mail_servers.openssl_server(*files, "-tls1_2") as backend:
        for name in [name for name, program in DEBIAN.items() if program.suite == suite]:
            program = DEBIAN[name].name
            cut = Cut()
            relay = {"behind": backend, "alter": cut}
            expected = prediction(name, None, **relay)
            predicted |= {name} if expected.reason == "unsafe-renegotiation" else set()
            with starttls_listener.listening(sender.listen, **relay) as server:
                sender.send(program, server.port)
                log = sender.log(program, server.port)
                refusing |= {name} if "unsafe legacy renegotiation disabled" in log else set()
            assert cut.count > 1, f"{name} has not got as far as a ServerHello: {log[-600:]}"
    assert predicted == refusing


OLD: dict[str, tuple[list[str], list[str]]] = {
    "ssl3-only": (["SSLv3"], ["SSL_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"]),
    "rc4-only": (["TLSv1", "TLSv1.2"], ["SSL_RSA_WITH_RC4_128_SHA"]),
    "3des-only": (["TLSv1.2"], ["SSL_RSA_WITH_3DES_EDE_CBC_SHA"]),
    "dh768-only": (["TLSv1.2"], ["TLS_DHE_RSA_WITH_AES_128_CBC_SHA"]),
}


@pytest.fixture(scope="module")
def store(material: Path) -> Path:
    if not shutil.which("javac"):
        pytest.skip("no javac")
    java.compiled(material, "Old", old_java_server.SOURCE)
    context_of({}, material)
    key, certificate = material / "rsa:2048.key", material / "rsa:2048.pem"
    return old_java_server.key_store(certificate, key, material / "keys.p12")


@pytest.mark.parametrize("setting", OLD)
@pytest.mark.parametrize("host", RELEASES if WHOLE else ["bookworm"], indirect=True)
def test_senders_of_debian_meet_a_server_of_the_past(
    setting: str, host: tuple[str, sending_clients.Host], material: Path, store: Path
) -> None:
    suite, sender = host
    protocols, suites = OLD[setting]
    found = []
    with old_java_server.old_server(material, store, protocols=protocols, suites=suites) as old:
        for name in [name for name, program in DEBIAN.items() if program.suite == suite]:
            program = DEBIAN[name].name
            expected = prediction(name, None, behind=old.port)
            old.next()
            with starttls_listener.listening(sender.listen, behind=old.port) as server:
                sender.send(program, server.port)
                seen = old.next()
                found.append(disagreement(expected, seen, sender.log(program, server.port)))
    assert [sentence for sentence in found if sentence] == []


@pytest.fixture(scope="module")
def nassl() -> None:
    try:
        record_senders.provide_nassl()
    except record_senders.Missing as missing:
        pytest.skip(str(missing))


# nassl cannot switch SSL 3.0 off, as Postfix does; and Java's server breaks off SSL 3.0 after the hello of a
# client that offers newer versions too.
NOT_ALIKE = {("ssl3-only", "postfix-openssl-1.0.2"), ("ssl3-only", "openssl-1.0.2")}


@pytest.mark.usefixtures("nassl")
@pytest.mark.parametrize(
    ("setting", "name"),
    sorted({(setting, name) for setting in OLD for name in record_senders.NASSL} - NOT_ALIKE),
)
def test_openssl_1_0_2_meets_a_server_of_the_past(
    setting: str, name: str, material: Path, store: Path
) -> None:
    protocols, suites = OLD[setting]
    with old_java_server.old_server(material, store, protocols=protocols, suites=suites) as old:
        expected = prediction(name, None, behind=old.port)
        old.next()
        with starttls_listener.listening(starttls_listener.on_loopback, behind=old.port) as server:
            record_senders.shake_hands_with_nassl(name, server.port)
            seen = old.next()
    assert verdict_apart(expected, seen) == ""


JAVAS = {
    name: sorted(Path("/usr/lib/jvm").glob(f"*{number}*/bin/java"))
    for name, number in record_senders.JAVA.items()
}


@pytest.mark.skipif(not shutil.which("javac"), reason="no javac")
@pytest.mark.parametrize("name", JAVAS)
def test_java_does_as_its_profile_says(name: str, material: Path, tmp_path: Path) -> None:
    if not JAVAS[name]:
        pytest.skip(f"no {name} under /usr/lib/jvm")
    java.compiled(tmp_path, "StartTls", sending_clients.JAVA)
    found = []
    for setting in SERVERS if WHOLE else list(SERVERS)[::2]:
        context = context_of(SERVERS[setting], material)
        expected = prediction(name, context)
        with starttls_listener.listening(starttls_listener.on_loopback, context) as server:
            log = sending_clients.send_with_java(str(JAVAS[name][0]), tmp_path, server.port)
            difference = disagreement(expected, server.next(), log)
            found.append(f"{setting}: {difference}" if difference else "")
    assert [sentence for sentence in found if sentence] == []


@pytest.mark.usefixtures("nassl")
@pytest.mark.parametrize("name", record_senders.NASSL)
def test_openssl_1_0_2_does_as_its_profiles_say(name: str, material: Path) -> None:
    found = []
    for setting, settings in SERVERS.items():
        context = context_of(settings, material)
        expected = prediction(name, context)
        with starttls_listener.listening(starttls_listener.on_loopback, context) as server:
            record_senders.shake_hands_with_nassl(name, server.port)
            apart = verdict_apart(expected, server.next())
            found.append(f"{setting}: {apart}" if apart else "")
    assert [sentence for sentence in found if sentence] == []
