# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMTP server with STARTTLS that keeps each client's ClientHello, and says how the handshake ended.

It can listen in the network of a container, loopback only, while it runs on the host.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import select
import socket
import ssl
import threading
import typing as t
import warnings
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Answer,
    NotDetermined,
)

NAME = "mx.example.test"
ENDS = (b"QUIT",)
REPLIES = {
    b"EHLO": f"250-{NAME}\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n".encode(),
    b"HELO": f"250 {NAME}\r\n".encode(),
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
    b"STARTTLS": b"220 ready\r\n",
}
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Handshake:
    """One handshake: the first flight that the client sent, and what came of it; a capture ends with the hello."""

    hello: bytes
    protocol: str | None = None
    cipher: str | None = None
    error: str | None = None

    @property
    def connected(self) -> bool:
        return self.protocol is not None


class Listener:
    """Serves STARTTLS on a socket, one thread for each client.

    C(context) does TLS, or a server at the port C(behind) of this machine's loopback; without either it only captures.
    """

    def __init__(
        self,
        listening: socket.socket,
        context: ssl.SSLContext | None = None,
        behind: int | None = None,
        alter: t.Callable[[bytes], bytes] = bytes,
    ) -> None:
        self.port: int = listening.getsockname()[1]
        self.plaintext = threading.Event()
        self._listening = listening
        self._context = context
        self._behind = behind
        self._alter = alter
        self._handshakes: queue.Queue[Handshake] = queue.Queue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> t.Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._listening.close()

    def next(self, seconds: float = 20.0) -> Handshake:
        """The next handshake; queue.Empty if no client comes in time."""
        return self._handshakes.get(timeout=seconds)

    def _serve(self) -> None:
        while not self._stopped.is_set():
            if select.select([self._listening], [], [], 0.05)[0]:
                client = self._listening.accept()[0]
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        client.settimeout(20)
        with contextlib.suppress(OSError, EOFError, ssl.SSLError), client:
            client.sendall(f"220 {NAME} ESMTP\r\n".encode())
            if not _dialogue(client):
                self.plaintext.set()
                return
            if self._behind is not None:
                _relay(client, self._behind, self._alter)
                return
            hello = _peek_hello(client)
            if self._context is None:
                self._handshakes.put(Handshake(hello))
                return
            self._secure(client, hello, self._context)

    def _secure(self, client: socket.socket, hello: bytes, context: ssl.SSLContext) -> None:
        with context.wrap_socket(
            client, server_side=True, do_handshake_on_connect=False
        ) as secured:
            try:
                secured.do_handshake()
                first = secured.recv(512)
            except OSError as error:
                reason = getattr(error, "reason", None) or str(error)
                self._handshakes.put(Handshake(hello, error=reason))
                return
            if not first:
                self._handshakes.put(Handshake(hello, error="closed after the handshake"))
                return
            suite = secured.cipher()
            self._handshakes.put(Handshake(hello, secured.version(), suite[0] if suite else None))
            _dialogue(secured, first)


def _dialogue(client: socket.socket, pending: bytes = b"") -> bool:
    """Answer SMTP commands; True when the client may begin TLS, False when it has gone."""
    in_message = False
    while True:
        while b"\n" not in pending:
            data = client.recv(4096)
            if not data:
                return False
            pending += data
        line, _newline, pending = pending.partition(b"\n")
        if in_message:
            if line.rstrip() == b".":
                in_message = False
                client.sendall(b"250 kept\r\n")
            continue
        verb = line.strip().partition(b" ")[0].upper()
        in_message = verb == b"DATA"
        client.sendall(REPLIES.get(verb, b"250 ok\r\n"))
        if verb == b"STARTTLS":
            return True
        if verb in ENDS:
            return False


def _relay(client: socket.socket, port: int, alter: t.Callable[[bytes], bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port), 20) as behind:
        ends = {client: behind, behind: client}
        while True:
            for source in select.select(list(ends), [], [], 20)[0]:
                data = source.recv(65536)
                if not data:
                    return
                ends[source].sendall(alter(data) if source is behind else data)


def without_renegotiation_info(data: bytes) -> bytes:
    """A ServerHello that begins here, without the extension of RFC 5746; anything else as it is."""
    if data[:1] != b"\x16" or data[5:6] != b"\x02":
        return data
    end = 9 + int.from_bytes(data[6:9], "big")
    extensions = 9 + 35 + data[43] + 3
    kept = data[extensions + 2 : end].replace(b"\xff\x01\x00\x01\x00", b"")
    hello = data[9:extensions] + len(kept).to_bytes(2, "big") + kept
    message = b"\x02" + len(hello).to_bytes(3, "big") + hello
    record = 5 + int.from_bytes(data[3:5], "big")
    rest = data[end:record]
    length = (len(message) + len(rest)).to_bytes(2, "big")
    return data[:3] + length + message + rest + data[record:]


def asker(port: int) -> t.Callable[[t.Any], Answer]:
    """A function that asks a STARTTLS server on loopback a question, on a connection of its own."""

    def ask(question: t.Any) -> Answer:
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            ask_for_tls(connection)
            exchange = question.exchange()
            connection.sendall(exchange.opening())
            while data := connection.recv(65536):
                output, answer = exchange.receive(data)
                if answer is not None:
                    return t.cast("Answer", answer)
                connection.sendall(output)
        return NotDetermined("closed", "The server closed the connection.")

    return ask


def ask_for_tls(connection: socket.socket) -> None:
    """The client's side: a dialogue with a server of this kind up to the reply to STARTTLS."""
    connection.settimeout(20)
    _line(connection)
    connection.sendall(b"EHLO client.example.test\r\n")
    while _line(connection)[3:4] == b"-":
        pass
    connection.sendall(b"STARTTLS\r\n")
    if not _line(connection).startswith(b"220"):
        raise EOFError


def _line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise EOFError
        line += byte
    return line


def _peek_hello(client: socket.socket) -> bytes:
    """The first record or SSL 2.0 message, left in the socket's buffer."""
    for _attempt in range(4000):
        data = client.recv(65536, socket.MSG_PEEK)
        if not data:
            raise EOFError
        length = _whole(data)
        if length and len(data) >= length:
            return data[:length]
        threading.Event().wait(0.005)
    raise EOFError


def _whole(data: bytes) -> int:
    if len(data) < 5:
        return 0
    if data[0] & 0x80:
        return 2 + (int.from_bytes(data[:2], "big") & 0x7FFF)
    return 5 + int.from_bytes(data[3:5], "big")


def on_loopback(port: int = 0) -> socket.socket:
    """A listening socket on this machine's loopback."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(64)
    return listening


def in_network_of(process: int, port: int) -> socket.socket:
    """A listening socket on the loopback of the network that a process is in; needs root."""
    made: list[socket.socket | OSError] = []

    def make() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        handle = os.open(f"/proc/{process}/ns/net", os.O_RDONLY)
        try:
            if libc.setns(handle, _CLONE_NEWNET):
                made.append(OSError(ctypes.get_errno(), "setns"))
                return
        finally:
            os.close(handle)
        made.append(on_loopback(port))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


@contextlib.contextmanager
def listening(
    make: t.Callable[[], socket.socket],
    context: ssl.SSLContext | None = None,
    *,
    behind: int | None = None,
    alter: t.Callable[[bytes], bytes] = bytes,
) -> t.Iterator[Listener]:
    """A running listener on a socket that is made for it; C(alter) changes what a server behind it says."""
    with Listener(make(), context, behind, alter) as listener:
        yield listener


def server_context(certificate: Path, key: Path, **settings: t.Any) -> ssl.SSLContext:
    """A server that accepts everything that this machine's OpenSSL can do, apart from what the settings say.

    Settings: C(lowest) and C(highest) TLSVersion, C(ciphers) an OpenSSL list, C(curve), C(dh) a file of parameters.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(settings.get("ciphers", "ALL") + ":@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = settings.get("lowest", ssl.TLSVersion.TLSv1)
        if "highest" in settings:
            context.maximum_version = settings["highest"]
    if "curve" in settings:
        context.set_ecdh_curve(settings["curve"])
    if "dh" in settings:
        context.load_dh_params(str(settings["dh"]))
    context.load_cert_chain(certificate, key)
    return context
