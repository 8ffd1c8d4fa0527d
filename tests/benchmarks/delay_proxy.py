# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP proxy that makes a server on this machine as far away as its round trip says.

usage: python3 delay_proxy.py LISTEN_ADDRESS LISTEN_PORT SERVER_ADDRESS SERVER_PORT MILLISECONDS

A connection and its banner take two round trips, as over a network: one and a half pass before the server is called,
half a one with the banner. Every byte takes half a round trip. There is no loss and no limit of bandwidth.
"""

from __future__ import annotations

import asyncio
import sys
import typing as t


class _Far(asyncio.Protocol):
    """The side of the server."""

    def __init__(self, near: _Near) -> None:
        self._near = near

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._near.joined(t.cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        self._near.later(self._near.to_client, data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._near.later(self._near.close_client)


class _Near(asyncio.Protocol):
    """The side of the client."""

    def __init__(self, server: tuple[str, int], seconds: float) -> None:
        self._server = server
        self._seconds = seconds
        self._client: asyncio.Transport | None = None
        self._upstream: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[t.Any] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client = t.cast(asyncio.Transport, transport)
        self._loop.call_later(1.5 * self._seconds, self._call_server)

    def data_received(self, data: bytes) -> None:
        self.later(self._to_server, data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._client = None
        self.later(self._close_server)

    def later(self, function: t.Callable[..., None], *arguments: t.Any) -> None:
        """After half a round trip."""
        self._loop.call_later(self._seconds / 2, function, *arguments)

    def joined(self, transport: asyncio.Transport) -> None:
        """The server has accepted."""
        self._upstream = transport
        for data in self._early:
            transport.write(data)
        if self._client is None:
            transport.close()

    def to_client(self, data: bytes) -> None:
        """Bytes have arrived from the server."""
        if self._client is not None:
            self._client.write(data)

    def close_client(self) -> None:
        """The server has gone."""
        if self._client is not None:
            self._client.close()

    def _call_server(self) -> None:
        if self._client is not None:
            connecting = self._loop.create_connection(lambda: _Far(self), *self._server)
            self._task = self._loop.create_task(connecting)

    def _to_server(self, data: bytes) -> None:
        if self._upstream is None:
            self._early.append(data)
        else:
            self._upstream.write(data)

    def _close_server(self) -> None:
        if self._upstream is not None:
            self._upstream.close()


async def main() -> None:
    """Listen until killed."""
    address, port, server, server_port, milliseconds = sys.argv[1:6]
    upstream = (server, int(server_port))
    listening = await asyncio.get_running_loop().create_server(
        lambda: _Near(upstream, float(milliseconds) / 1000), address, int(port), backlog=512
    )
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
