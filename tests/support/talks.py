# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question asked over one connection, without the probe: TLS from the first byte, or behind STARTTLS."""

from __future__ import annotations

import socket
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)


def ask(
    port: int, question: FullHandshake, *, host: str = "127.0.0.1", patience: float = 5.0
) -> t.Any:
    """The answer of a server that speaks TLS at once; silence for so many seconds is told to the exchange."""
    with socket.create_connection((host, port), patience) as connection:
        return talk(connection, question, patience)


def ask_over_starttls(
    port: int,
    question: FullHandshake,
    *,
    host: str = "127.0.0.1",
    patience: float = 5.0,
    behind: bytes = b"",
) -> t.Any:
    """The same behind STARTTLS; C(behind) goes out in one write with that command."""
    with socket.create_connection((host, port), patience) as connection:
        _reply(connection)
        connection.sendall(b"EHLO probe.test\r\n")
        _reply(connection)
        connection.sendall(b"STARTTLS\r\n" + behind)
        _reply(connection)
        return talk(connection, question, patience)


def talk(connection: socket.socket, question: FullHandshake, patience: float) -> t.Any:
    """Drive the exchange of a question over an open connection to its answer."""
    exchange: t.Any = question.exchange()
    connection.settimeout(patience)
    connection.sendall(exchange.opening())
    while True:
        try:
            data = connection.recv(65536)
        except TimeoutError:
            return exchange.idle() or ("silence", exchange.progress)
        except ConnectionResetError:
            data = b""
        if not data:
            return exchange.closed() or ("end", exchange.progress)
        output, answer = exchange.receive(data)
        if output:
            connection.sendall(output)
        if answer is not None:
            return answer


def _reply(connection: socket.socket) -> None:
    data = b""
    while not data.endswith(b"\r\n") or data.rstrip().rpartition(b"\r\n")[2][3:4] == b"-":
        more = connection.recv(4096)
        if not more:
            raise EOFError
        data += more
