# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a server on loopback one question over a plain connection, without the probe's engine."""

from __future__ import annotations

import socket
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined


def ask(port: int, question: t.Any) -> t.Any:
    """The answer of the server at this port, which speaks TLS from the first byte."""
    exchange = question.exchange()
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.settimeout(5)
        connection.sendall(exchange.opening())
        while True:
            try:
                data = connection.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                answer = exchange.closed() if hasattr(exchange, "closed") else None
                return answer or NotDetermined("closed", "The server closed it.", after_hello=True)
            more, answer = exchange.receive(data)
            if more:
                connection.sendall(more)
            if answer is not None:
                return answer


def asker(port: int) -> t.Callable[[t.Any], t.Any]:
    """A function that asks this server."""
    return lambda question: ask(port, question)


__all__ = ["ask", "asker"]
