# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on loopback: scripted ones that misbehave, and the openssl command behind a STARTTLS front."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import subprocess
import threading
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

GREETING = b"220 mx.example.test ESMTP\r\n"
EHLO_REPLY = b"250-mx.example.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n"


class Peer:
    """The server's end of one connection, with the words that scripts are made of."""

    def __init__(self, connection: socket.socket, number: int, stopped: threading.Event) -> None:
        self.socket = connection
        self.number = number
        self.heard: list[bytes] = []
        self._stopped = stopped
        self._buffer = b""

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hear(self) -> bytes:
        """One command line; EOFError when the client is gone."""
        while b"\n" not in self._buffer:
            data = self.socket.recv(4096)
            if not data:
                raise EOFError
            self._buffer += data
        line, _newline, self._buffer = self._buffer.partition(b"\n")
        self.heard.append(line.strip())
        return line.strip()

    def hello(self) -> bytes:
        """One TLS record, which holds the ClientHello."""
        data = self._buffer
        while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
            more = self.socket.recv(4096)
            if not more:
                raise EOFError
            data += more
        return data

    def to_starttls(self) -> None:
        """A sound dialogue up to and with the reply to STARTTLS."""
        self.say(GREETING)
        self.hear()
        self.say(EHLO_REPLY)
        self.hear()
        self.say(b"220 go ahead\r\n")

    def wait(self, seconds: float = 30.0) -> None:
        """Stay silent until the test ends, the client leaves or the time is over."""
        self.socket.settimeout(seconds)
        with contextlib.suppress(OSError):
            while not self._stopped.is_set() and self.socket.recv(4096):
                pass

    def drip(self, data: bytes, *, pause: float) -> None:
        """One byte at a time, until the client leaves or the test ends."""
        for position in range(len(data)):
            self.say(data[position : position + 1])
            if self._stopped.wait(pause):
                return

    def reset(self) -> None:
        """End with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()


Script = t.Callable[[Peer], None]


@dataclass
class Running:
    """A server that runs: its port, and the peers that it had."""

    port: int
    peers: list[Peer] = field(default_factory=list)

    @property
    def heard(self) -> list[bytes]:
        return [line for peer in self.peers for line in peer.heard]


@contextlib.contextmanager
def scripted(script: Script, *, family: int = socket.AF_INET) -> t.Iterator[Running]:
    """A server that plays the script on each connection."""
    stopped = threading.Event()
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    listener.listen(16)
    running = Running(listener.getsockname()[1])

    def serve() -> None:
        while not stopped.is_set():
            if not select.select([listener], [], [], 0.05)[0]:
                continue
            connection, _address = listener.accept()
            peer = Peer(connection, len(running.peers), stopped)
            running.peers.append(peer)
            threading.Thread(target=play, args=(peer,), daemon=True).start()

    def play(peer: Peer) -> None:
        with contextlib.suppress(EOFError, OSError), peer.socket:
            script(peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        stopped.set()
        thread.join()
        listener.close()


def relayed(backend: int) -> Script:
    """A sound SMTP server whose TLS is done by another server on loopback."""

    def script(peer: Peer) -> None:
        peer.to_starttls()
        with socket.create_connection(("127.0.0.1", backend)) as behind:
            ends = {peer.socket: behind, behind: peer.socket}
            while True:
                for source in select.select(list(ends), [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    ends[source].sendall(data)

    return script


@dataclass(frozen=True)
class Keys:
    """Self-signed certificates and their keys, PEM files."""

    rsa: Path
    rsa_key: Path
    ecdsa: Path
    ecdsa_key: Path


def make_keys(directory: Path, name: str = "mx.example.test") -> Keys:
    kinds = {"rsa": ["rsa:2048"], "ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
    for kind, newkey in kinds.items():
        key, certificate = directory / f"{kind}.key", directory / f"{kind}.pem"
        command = ["openssl", "req", "-x509", "-nodes", "-days", "30", "-newkey", *newkey]
        subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        files = ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run([*command, *subject, *files], check=True, capture_output=True)
    paths = [directory / f"{kind}.{end}" for kind in kinds for end in ("pem", "key")]
    return Keys(*paths)


@contextlib.contextmanager
def openssl_server(*options: str) -> t.Iterator[int]:
    """`openssl s_server` with these options; its port."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "100000", *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            yield _port(process)
        finally:
            process.kill()


def _port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    output = b""
    for line in process.stdout:
        output += line
        found = re.search(rb"ACCEPT .*:(\d+)", line)
        if found:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return int(found[1])
    raise AssertionError(output.decode())
