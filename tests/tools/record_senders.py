# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the ClientHello of real sending programs again, and compare it with the sender profiles.

usage: tests/tools/venv.sh python tests/tools/record_senders.py [--write] [PROFILE...]

Postfix, sendmail, Exim and the openssl command send from containers of Debian releases that have no
network but their own loopback (as root; the images are built at the first run); the Javas under
/usr/lib/jvm and the nassl package, which pip puts into the cache, send on this machine's. Each deviation is one line, and
the exit status is then 1; --write takes the new recordings over into tests/fixtures/senders and into
plugins/module_utils/_tls/_sender_profiles.py. A program that cannot be had is left out and named.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import importlib.util
import os
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import typing as t
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests/fixtures/senders"
PROFILES = ROOT / "plugins/module_utils/_tls/_sender_profiles.py"
COLLECTION = "ansible_collections.postmaster.tls"
HELLO_FIELDS = ("hello", "suites", "compressions", "extensions")
WIDTH = 108


@dataclass(frozen=True)
class Program:
    """A program of a Debian release, and the version that its profile stands for."""

    suite: str
    name: str
    version: str


DEBIAN: dict[str, Program] = {
    "postfix-3.5": Program("bullseye", "postfix", "mail_version = 3.5."),
    "postfix-3.7": Program("bookworm", "postfix", "mail_version = 3.7."),
    "postfix-3.10": Program("trixie", "postfix", "mail_version = 3.10."),
    "postfix-3.11": Program("sid", "postfix", "mail_version = 3.11."),
    "sendmail-8.15": Program("bullseye", "sendmail", "Version 8.15."),
    "sendmail-8.17": Program("bookworm", "sendmail", "Version 8.17."),
    "sendmail-8.18.1": Program("trixie", "sendmail", "Version 8.18.1"),
    "sendmail-8.18.2": Program("sid", "sendmail", "Version 8.18.2"),
    "exim-4.94": Program("bullseye", "exim", "Exim version 4.94"),
    "exim-4.96": Program("bookworm", "exim", "Exim version 4.96"),
    "exim-4.98": Program("trixie", "exim", "Exim version 4.98"),
    "exim-4.100": Program("sid", "exim", "Exim version 4.100"),
    "openssl-1.1.1": Program("bullseye", "openssl", "OpenSSL 1.1.1"),
    "openssl-3.0": Program("bookworm", "openssl", "OpenSSL 3.0."),
    "openssl-3.5": Program("trixie", "openssl", "OpenSSL 3.5."),
    "openssl-3.6": Program("sid", "openssl", "OpenSSL 3.6."),
    "java-11": Program("bullseye", "java", ""),
}
JAVA = {"java-17": "17", "java-25": "25"}
#: The method and the cipher list that OpenSSL 1.0.2 is given; Postfix's is tls_medium_cipherlist of 3.4, in TLS only.
NASSL = {
    "openssl-1.0.2": ("SSLV23", "DEFAULT"),
    "postfix-openssl-1.0.2": ("SSLV23", "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH:!SSLv2"),
    "sslv3-only": ("SSLV3", "ALL:!aNULL"),
    "tls1.0-only": ("TLSV1", "ALL:+RC4:@STRENGTH"),
}
NASSL_RELEASE = "nassl==5.4.0"
NAMES = (*DEBIAN, *JAVA, *NASSL)

clients = importlib.import_module(f"{COLLECTION}.tests.support.sending_clients")
java = importlib.import_module(f"{COLLECTION}.tests.support.java")
listener = importlib.import_module(f"{COLLECTION}.tests.support.starttls_listener")
reader = importlib.import_module(f"{COLLECTION}.tests.support.client_hello_reader")


class Missing(Exception):
    """A program that is not installed here."""


def from_debian(suite: str, names: t.Sequence[str]) -> t.Iterator[tuple[str, bytes | Missing]]:
    """Yield the hello of each profile that is a program of this release."""
    with clients.host(suite, "pmtls-record") as host:
        installed = host.versions()
        for name in names:
            program = DEBIAN[name]
            if program.version not in installed:
                yield name, Missing(f"{suite} has another version now: {installed.split()}")
                continue
            hello = capture_from(host, program.name, "may")
            if program.name == "postfix":
                mandatory = capture_from(host, program.name, "encrypt")
                if reader.read(mandatory).lines() != reader.read(hello).lines():
                    yield name, Missing("security level encrypt has another hello than may")
                    continue
            yield name, hello


def capture_from(host: t.Any, program: str, level: str) -> bytes:
    """Return the hello that a program of a container sends."""
    with listener.listening(host.listen) as server:
        host.send(program, server.port, level)
        return bytes(server.next().hello)


def from_java(name: str) -> bytes:
    """Return the hello of a Java of this machine."""
    found = sorted(Path("/usr/lib/jvm").glob(f"*{JAVA[name]}*/bin/java"))
    if not found:
        raise Missing(f"no Java {JAVA[name]} under /usr/lib/jvm")
    with (
        tempfile.TemporaryDirectory() as classes,
        listener.listening(listener.on_loopback) as server,
    ):
        java.compiled(Path(classes), "StartTls", clients.JAVA)
        clients.send_with_java(str(found[0]), Path(classes), server.port)
        return bytes(server.next().hello)


def from_nassl(name: str) -> bytes:
    """Return the hello of OpenSSL 1.0.2, which the package nassl contains."""
    with listener.listening(listener.on_loopback) as server:
        shake_hands_with_nassl(name, server.port)
        return bytes(server.next().hello)


def provide_nassl() -> None:
    """Make nassl importable, out of a directory of the cache; raise Missing where it cannot be had."""
    directory = Path(os.environ.get("POSTMASTER_CACHE", tempfile.gettempdir())) / NASSL_RELEASE
    if str(directory) not in sys.path:
        sys.path.append(str(directory))
    if importlib.util.find_spec("nassl"):
        return
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--target", str(directory), NASSL_RELEASE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    importlib.invalidate_caches()
    if not importlib.util.find_spec("nassl"):
        raise Missing(f"pip could not install {NASSL_RELEASE}: {done.stderr.strip()[-200:]}")


def shake_hands_with_nassl(name: str, port: int) -> str:
    """Let OpenSSL 1.0.2, set up as a profile says, try a port of the loopback; return its error, if any."""
    provide_nassl()
    legacy = importlib.import_module("nassl.legacy_ssl_client")
    settings = importlib.import_module("nassl.ssl_client")
    errors = importlib.import_module("nassl._nassl")
    method, suites = NASSL[name]
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        listener.ask_for_tls(connection)
        client = legacy.LegacySslClient(
            ssl_version=settings.OpenSslVersionEnum[method],
            underlying_socket=connection,
            ssl_verify=settings.OpenSslVerifyEnum.NONE,
            ignore_client_authentication_requests=True,
        )
        client.set_cipher_list(suites)
        try:
            client.do_handshake()
            client.write(b"QUIT\r\n")
        except (OSError, errors.OpenSSLError) as error:
            return str(error)
    return ""


def record(names: t.Collection[str]) -> t.Iterator[tuple[str, bytes | Missing]]:
    """Yield the hello of each profile, or why there is none."""
    for suite in clients.SUITES:
        of_suite = [n for n in names if n in DEBIAN and DEBIAN[n].suite == suite]
        if of_suite:
            yield from from_debian(suite, of_suite)
    for name in names:
        try:
            if name in JAVA:
                yield name, from_java(name)
            elif name in NASSL:
                yield name, from_nassl(name)
        except Missing as missing:
            yield name, missing


def deviation(name: str, hello: bytes) -> str:
    """Say what differs from the recording that is kept; GnuTLS since 3.8 shuffles its extensions."""
    kept = FIXTURES / f"{name}.hex"
    if not kept.is_file():
        return "not recorded before"
    old, new = reader.read(bytes.fromhex(kept.read_text())), reader.read(hello)
    if name.startswith("exim-"):
        old, new = old.sorted(), new.sorted()
    for before, after in zip(old.lines(), new.lines(), strict=False):
        if before != after:
            return f"was {before!r}, is {after!r}"
    return "" if len(old.lines()) == len(new.lines()) else "fields came or went"


def keep(name: str, hello: bytes) -> None:
    """Write the recording and the fields of its profile."""
    (FIXTURES / f"{name}.hex").write_text("\n".join(textwrap.wrap(hello.hex(), 96)) + "\n")
    text = PROFILES.read_text()
    stanza = re.search(rf"(?m)^{re.escape(name)}\n(?: .*\n)+", text)
    if stanza is None:
        sys.exit(f"record_senders: write a stanza for {name} into {PROFILES.name} first.")
    fields = re.findall(r"(?m)^ \S.*\n(?:  .*\n)*", stanza[0])
    other = [field for field in fields if field.split()[0] not in (*HELLO_FIELDS, "date")]
    today = datetime.datetime.now(datetime.UTC).date()
    lines = [f" date {today}\n", *map(wrapped, reader.read(hello).lines())]
    text = text.replace(stanza[0], "".join([f"{name}\n", *other, *lines]))
    PROFILES.write_text(text)


def wrapped(line: str) -> str:
    """Return a field of a stanza with its continuation lines."""
    parts = textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "".join([f" {parts[0]}\n", *(f"  {part}\n" for part in parts[1:])])


def main() -> int:
    """Record, compare and, if asked, keep; return 1 for a deviation that is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="take the new recordings over")
    parser.add_argument("names", nargs="*", metavar="PROFILE", help="default: all")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(NAMES))
    if unknown:
        sys.exit(f"record_senders: {unknown[0]!r} is not recorded; these are: {', '.join(NAMES)}")
    status = 0
    for name, hello in record(arguments.names or NAMES):
        if isinstance(hello, Missing):
            print(f"{name}: not recorded: {hello}", flush=True)
            continue
        difference = deviation(name, hello)
        print(f"{name}: {difference or 'the same'}", flush=True)
        if difference and arguments.write:
            keep(name, hello)
        elif difference:
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
