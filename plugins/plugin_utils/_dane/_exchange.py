# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One question to one name server, over UDP, then over TCP when the answer is cut off (RFC 7766)."""

from __future__ import annotations

import socket
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError

_LARGEST: t.Final = 65535


@dataclass(frozen=True)
class Server:
    """Where a name server listens."""

    address: str
    port: int = 53

    def __str__(self) -> str:
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return shown if self.port == 53 else f"{shown}:{self.port}"


class NoAnswer(PostmasterTlsError):
    """A server did not answer: ``status`` is timeout or unreachable; ``routed`` tells whether there is a way to it from here."""

    def __init__(self, status: str, message: str, *, routed: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.routed = routed


#: Sends the octets of a question, over TCP if wanted, within some seconds, and returns those of the answer, or raises NoAnswer.
Transport = t.Callable[[Server, bytes, bool, float], bytes]


def exchange(server: Server, query: bytes, tcp: bool, timeout: float) -> bytes:
    """The transport of the real network. Over UDP what has another number than the question is not its answer."""
    deadline = time.monotonic() + timeout
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    try:
        with _connected(server, kind, timeout) as connection:
            if tcp:
                connection.sendall(len(query).to_bytes(2, "big") + query)
                length = int.from_bytes(_exactly(connection, 2, deadline), "big")
                return _exactly(connection, length, deadline)
            connection.send(query)
            while True:
                answer = _some(connection, _LARGEST, deadline)
                if answer[:2] == query[:2]:
                    return answer
    except TimeoutError:
        raise NoAnswer("timeout", f"{server} did not answer in {timeout:g} seconds") from None
    except (OSError, EOFError) as error:
        said = getattr(error, "strerror", None) or "the connection was closed"
        raise NoAnswer("unreachable", f"{server} does not answer ({said})") from error


def _connected(server: Server, kind: socket.SocketKind, timeout: float) -> socket.socket:
    """A socket for a server. Connecting over UDP sends nothing, so what fails then fails on this machine."""
    family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
    connection = None
    try:
        connection = socket.socket(family, kind)
        connection.settimeout(timeout)
        connection.connect((server.address, server.port))
    except OSError as error:
        if connection is not None:
            connection.close()
        if kind != socket.SOCK_DGRAM:
            raise
        said = f"no way leads from here to {server} ({error.strerror})"
        raise NoAnswer("unreachable", said, routed=False) from error
    return connection


def _exactly(connection: socket.socket, octets: int, deadline: float) -> bytes:
    found = b""
    while len(found) < octets:
        more = _some(connection, octets - len(found), deadline)
        if not more:
            raise EOFError
        found += more
    return found


def _some(connection: socket.socket, octets: int, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    return connection.recv(octets)


__all__ = ["NoAnswer", "Server", "Transport", "exchange"]
