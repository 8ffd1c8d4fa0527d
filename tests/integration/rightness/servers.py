# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of the comparison: Postfix of four Debian releases, sendmail, Exim, OpenSMTPD, OpenSSL, Java, tlslite."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support import park_mtas
from ansible_collections.postmaster.tls.tests.support.park_mtas import Daemon, Service
from ansible_collections.postmaster.tls.tests.support.server_park import Container, Image

HERE = Path(__file__).resolve().parent
KEYS = park_mtas.KEYS
ONLY_13 = "smtpd_tls_protocols=!SSLv2,!SSLv3,!TLSv1,!TLSv1.1,!TLSv1.2"
ONLY_12 = "smtpd_tls_protocols=!SSLv2,!SSLv3,!TLSv1,!TLSv1.1,!TLSv1.3"
ONLY_10 = "smtpd_tls_protocols=!SSLv2,!SSLv3,!TLSv1.1,!TLSv1.2,!TLSv1.3"
POSTFIX: t.Final[dict[str, tuple[str, ...]]] = {
    "default": (),
    "loose": park_mtas.LOOSE,
    "server order": (*park_mtas.LOOSE, "tls_preempt_cipherlist=yes"),
    "server order, ChaCha first": (
        *park_mtas.LOOSE,
        "tls_preempt_cipherlist=yes",
        "tls_ssl_options=PRIORITIZE_CHACHA",
    ),
    "TLS 1.3 only": (ONLY_13,),
    "TLS 1.2 only": (ONLY_12, *park_mtas.ECDSA),
    "TLS 1.0 only": (ONLY_10, "smtpd_tls_ciphers=export", "tls_export_cipherlist=ALL:@SECLEVEL=0"),
    "ECDSA only": (*park_mtas.NO_RSA, *park_mtas.LOOSE),
    "Ed25519 only": (f"smtpd_tls_chain_files={KEYS}/ed25519.pem",),
    "RSA-PSS only": (f"smtpd_tls_chain_files={KEYS}/rsapss.pem",),
    "DSA only": (f"smtpd_tls_chain_files={KEYS}/dsa.pem", *park_mtas.LOOSE[2:]),
    "P-384 certificate": (f"smtpd_tls_chain_files={KEYS}/p384.pem",),
    "no certificate": park_mtas.NO_RSA,
    "NULL suites": (
        *park_mtas.LOOSE[2:4],
        "tls_export_cipherlist=ALL:eNULL:@SECLEVEL=0",
    ),
    "one curve": ("tls_eecdh_auto_curves=secp384r1",),
    "no ephemeral keys": ("smtpd_tls_exclude_ciphers=kEDH,kEECDH", ONLY_12),
    "asks for a client certificate": (
        "smtpd_tls_ask_ccert=yes",
        f"smtpd_tls_CAfile={KEYS}/root.crt",
    ),
    "implicit TLS": ("smtpd_tls_wrappermode=yes",),
}
VERSIONS: t.Final = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
RELEASES: t.Final = {"bullseye": "3.5", "bookworm": "3.7", "trixie": "3.10", "sid": "3.11"}


@dataclass(frozen=True)
class Server:
    """One server of the comparison; C(container) is empty for a process of this machine."""

    name: str
    address: str
    port: int = 25
    workers: int = 4

    @property
    def implicit(self) -> bool:
        return self.port == 465


@dataclass(frozen=True)
class Group:
    """Servers that start together: a container, or a command that runs in the park, with {python} and {keys}."""

    name: str
    servers: tuple[Server, ...]
    container: Container | None = None
    command: tuple[str, ...] = ()


def postfixes() -> t.Iterator[Group]:
    """Every configuration on the Postfix of every release."""
    for number, (suite, version) in enumerate(RELEASES.items(), start=1):
        services, servers = [], []
        for place, (name, overrides) in enumerate(POSTFIX.items(), start=1):
            address, port = f"127.26.{number}.{place}", 465 if name == "implicit TLS" else 25
            services.append(Service(address, overrides, port))
            servers.append(Server(f"Postfix {version} ({suite}), {name}", address, port))
        yield Group(
            f"postfix-{suite}",
            tuple(servers),
            park_mtas.postfix(f"postfix-{suite}", suite, services),
        )


SENDMAIL: t.Final[dict[str, tuple[str, ...]]] = {
    "default": (),
    "all suites": (
        "LOCAL_CONFIG",
        "O CipherList=ALL:@SECLEVEL=0",
        "O ServerSSLOptions=+SSL_OP_NO_SSLv2",
    ),
    "server order": (
        "LOCAL_CONFIG",
        "O CipherList=HIGH:@SECLEVEL=0",
        "O ServerSSLOptions=+SSL_OP_CIPHER_SERVER_PREFERENCE",
    ),
}
EXIM: t.Final = {
    "default": "NORMAL",
    "everything": "LEGACY:+VERS-ALL:+ARCFOUR-128:+3DES-CBC:+CAMELLIA-128-CBC:+CAMELLIA-256-CBC:+ANON-ECDH"
    ":+ANON-DH:+DHE-RSA:+MD5",
    "its own order": "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:%SERVER_PRECEDENCE",
}
_EXIM = """primary_hostname = mail.park.example
local_interfaces = {address}
daemon_smtp_ports = 25
log_file_path = /tmp/exim-%s-{number}
pid_file_path = /tmp/exim-{number}.pid
tls_advertise_hosts = *
tls_certificate = /etc/park/rsa.crt
tls_privatekey = /etc/park/rsa.key
tls_require_ciphers = {ciphers}
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 0
notifier_socket =
"""
OPENSMTPD: t.Final = {"default": (25, "tls"), "implicit TLS": (465, "smtps")}
ALL = "-cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0 -min_protocol TLSv1"
S_SERVER: t.Final = (
    ("bookworm", "3.0", "every suite", f"-cert {KEYS}/rsa.pem {ALL}"),
    ("bookworm", "3.0", "P-384, two curves", f"-cert {KEYS}/p384.pem -groups P-521:P-384 {ALL}"),
    ("bookworm", "3.0", "pre-shared key", f"-nocert -psk 1a2b3c -tls1_2 {ALL}"),
    ("bullseye", "1.1.1", "every suite", f"-cert {KEYS}/rsa.pem {ALL}"),
    ("bullseye", "1.1.1", "DSA, server order", f"-cert {KEYS}/dsa.pem -serverpref {ALL}"),
    ("sid", "3.6", "default", f"-cert {KEYS}/p256.pem"),
    ("sid", "3.6", "hybrid group only", f"-cert {KEYS}/p256.pem -groups X25519MLKEM768"),
)
JAVA: t.Final = {
    "everything": "SSLv3,TLSv1,TLSv1.1,TLSv1.2,TLSv1.3",
    "SSL 3.0 only": "SSLv3",
    "TLS 1.0 and 1.1": "TLSv1,TLSv1.1",
}
TLSLITE: t.Final = {
    "everything": ("3.0", "3.4"),
    "SSL 3.0 only": ("3.0", "3.0"),
    "up to TLS 1.2": ("3.1", "3.3"),
}


def sendmails() -> t.Iterator[Group]:
    """sendmail of two releases."""
    for number, (suite, version) in enumerate((("bookworm", "8.17"), ("trixie", "8.18")), start=1):
        addresses = [f"127.27.{number}.{place}" for place in range(1, len(SENDMAIL) + 1)]
        daemons = [Daemon(a, lines) for a, lines in zip(addresses, SENDMAIL.values(), strict=True)]
        servers = tuple(
            Server(f"sendmail {version} ({suite}), {name}", address)
            for name, address in zip(SENDMAIL, addresses, strict=True)
        )
        container = park_mtas.sendmail(f"sendmail-{suite}", suite, daemons)
        yield Group(f"sendmail-{suite}", servers, container)


def exim() -> Group:
    """Debian's Exim, which has GnuTLS."""
    script, servers = (
        ["install -d /etc/park; install -g Debian-exim -m 640 /park/keys/rsa.* /etc/park"],
        [],
    )
    for number, (name, ciphers) in enumerate(EXIM.items(), start=1):
        address = f"127.28.1.{number}"
        text = _EXIM.format(address=address, number=number, ciphers=ciphers)
        script += [f"cat > /etc/park/{number}.conf <<'END'\n{text}END"]
        script += [f"exim4 -C /etc/park/{number}.conf -bdf &"]
        servers.append(Server(f"Exim 4.96 with GnuTLS 3.7 (bookworm), {name}", address))
    return _daemons("exim", Image("bookworm", ("exim4-daemon-heavy",)), script, servers)


def opensmtpd() -> Group:
    """Debian's OpenSMTPD."""
    script, servers = ["install -d /etc/park; install -m 600 /park/keys/rsa.* /etc/park"], []
    lines = ['pki mail cert "/etc/park/rsa.crt"', 'pki mail key "/etc/park/rsa.key"']
    for number, (name, (port, tls)) in enumerate(OPENSMTPD.items(), start=1):
        address = f"127.29.1.{number}"
        lines.append(f"listen on {address} port {port} hostname mail.park.example {tls} pki mail")
        servers.append(Server(f"OpenSMTPD 7.6 (trixie), {name}", address, port))
    lines += ["match from any for any reject"]
    configuration = "\n".join(lines)
    script += [f"cat > /etc/park/smtpd.conf <<'END'\n{configuration}\nEND"]
    script += ["smtpd -d -f /etc/park/smtpd.conf &"]
    return _daemons("opensmtpd", Image("trixie", ("opensmtpd",)), script, servers)


def s_servers() -> t.Iterator[Group]:
    """The openssl command of three releases, with TLS from the first byte; it serves one client at a time."""
    for suite in dict.fromkeys(row[0] for row in S_SERVER):
        script, servers = [], []
        for place, (release, version, name, options) in enumerate(S_SERVER, start=1):
            if release == suite:
                address = f"127.30.1.{place}"
                command = f"openssl s_server -quiet -accept {address}:465 {options}"
                script.append(f"sleep infinity | {command} > /dev/null 2>&1 &")
                title = f"openssl s_server {version} ({suite}), {name}"
                servers.append(Server(title, address, 465, 1))
        yield _daemons(f"openssl-{suite}", Image(suite), script, servers)


def java() -> Group:
    """Java 17 with everything that its configuration has switched off."""
    script, servers = ["cd /tmp", "cp /park/keys/OldServer.java ."], []
    script.append(
        "openssl pkcs12 -export -passout pass:park-park -inkey /park/keys/rsa.key -in /park/keys/rsa.crt -out keys.p12"
    )
    script.append("javac OldServer.java")
    for number, (name, protocols) in enumerate(JAVA.items(), start=1):
        address = f"127.31.1.{number}"
        script.append(
            f"java -Djava.net.preferIPv4Stack=true OldServer {address} 25 {protocols} keys.p12 park-park &"
        )
        servers.append(Server(f"Java 17 (bookworm), {name}", address))
    image = Image("bookworm", ("openjdk-17-jdk-headless",))
    return _daemons("java", image, script, servers)


def tlslite() -> Group:
    """tlslite-ng, which has SSL 3.0, RC4 and 3DES."""
    servers, command = [], ["{python}", str(HERE / "tlslite_server.py"), "{keys}"]
    for number, (name, (lowest, highest)) in enumerate(TLSLITE.items(), start=1):
        address = f"127.32.1.{number}"
        command.append(f"{address}:25:{lowest}:{highest}")
        servers.append(Server(f"tlslite-ng 0.8.2, {name}", address, workers=2))
    return Group("tlslite", tuple(servers), command=tuple(command))


def _daemons(name: str, image: Image, script: list[str], servers: list[Server]) -> Group:
    sockets = tuple((server.address, server.port) for server in servers)
    container = Container(name, image, "\n".join([*script, "wait"]), sockets)
    return Group(name, tuple(servers), container)


def groups() -> list[Group]:
    """All of them."""
    return [*postfixes(), *sendmails(), exim(), opensmtpd(), *s_servers(), java(), tlslite()]


__all__ = ["VERSIONS", "Group", "Server", "groups"]
