# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of this machine's Java with everything that Java disables enabled: SSL 3.0, RC4, 3DES, DH with 768 bits."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support.starttls_listener import Handshake

PASSWORD = "changeit"
SOURCE = """
import java.io.*;
import java.net.InetAddress;
import java.security.*;
import javax.net.ssl.*;
public class Old {
    public static void main(String[] arguments) throws Exception {
        for (String name : new String[] {"jdk.tls.disabledAlgorithms", "jdk.certpath.disabledAlgorithms",
                                         "jdk.tls.legacyAlgorithms"}) {
            Security.setProperty(name, "");
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(new FileInputStream(arguments[0]), "changeit".toCharArray());
        KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
        managers.init(keys, "changeit".toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        SSLServerSocket listening = (SSLServerSocket) context.getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        listening.setEnabledProtocols(arguments[1].split(","));
        listening.setEnabledCipherSuites(arguments[2].split(","));
        System.out.println("port " + listening.getLocalPort());
        while (true) {
            SSLSocket client = (SSLSocket) listening.accept();
            client.setSoTimeout(15000);
            try {
                client.startHandshake();
                SSLSession session = client.getSession();
                if (client.getInputStream().read() < 0) throw new IOException("closed after the handshake");
                System.out.println("ok " + session.getProtocol() + " " + session.getCipherSuite());
            } catch (IOException error) {
                System.out.println("failed " + error.getMessage());
            }
            try { client.close(); } catch (IOException error) { }
        }
    }
}
"""


@dataclass
class OldServer:
    """A running server: the port of its loopback, and what it said about each handshake."""

    port: int
    outcomes: queue.Queue[Handshake]

    def next(self, seconds: float = 20.0) -> Handshake:
        """The outcome of the next handshake; the suite has its IANA name."""
        return self.outcomes.get(timeout=seconds)


def key_store(certificate: Path, key: Path, store: Path) -> Path:
    """The PKCS #12 file of a certificate and its key."""
    command = ["openssl", "pkcs12", "-export", "-in", str(certificate), "-inkey", str(key)]
    command += ["-out", str(store), "-passout", f"pass:{PASSWORD}"]
    subprocess.run(command, check=True, capture_output=True)
    return store


@contextlib.contextmanager
def old_server(
    classes: Path, store: Path, *, protocols: t.Sequence[str], suites: t.Sequence[str]
) -> t.Iterator[OldServer]:
    """A server with these versions and suites (names of Java) and, for DHE, a group of 768 bits."""
    command = ["java", "-cp", str(classes), "-Djdk.tls.ephemeralDHKeySize=legacy", "Old"]
    command += [str(store), ",".join(protocols), ",".join(suites)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            server = OldServer(int(process.stdout.readline().split()[1]), queue.Queue())
            reader = threading.Thread(target=listen_to, args=(process.stdout, server), daemon=True)
            reader.start()
            yield server
        finally:
            process.kill()
            process.wait()


def listen_to(output: t.Iterable[str], server: OldServer) -> None:
    """Turn each line of the server into a handshake."""
    for line in output:
        verdict, _blank, rest = line.strip().partition(" ")
        if verdict == "ok":
            protocol, _blank, suite = rest.partition(" ")
            server.outcomes.put(Handshake(b"", protocol, suite.replace("SSL_", "TLS_", 1)))
        elif verdict == "failed":
            server.outcomes.put(Handshake(b"", error=rest))
