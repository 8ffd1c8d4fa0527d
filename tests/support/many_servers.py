# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of mail servers on loopback addresses, in one process of its own; some of them misbehave.

usage: python3 many_servers.py PORT SOUND EACH

It listens at 127.77.0.1, 127.77.0.2, … on one port: EACH servers of every kind of BAD first, then SOUND sound ones. It
prints a line when all listen, and ends when its standard input does. A sound server answers a hello with a
HelloRetryRequest for its first suite of TLS 1.3 and X25519.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import typing as t
from pathlib import Path

GREETING = b"220 mx.example.test ESMTP\r\n"
EHLO_REPLY = b"250-mx.example.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
# RFC 8446 section 4.1.3: the random value that makes a ServerHello a HelloRetryRequest.
_RETRY = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
HANGING = ("never-greets", "silent-at-ehlo", "silent-at-starttls", "silent-at-hello", "drips")
THROTTLING = ("421", "450", "421-at-ehlo", "454-too-many", "421-twice")
HOSTILE = ("ssh", "endless", "no-tls", "oversized", "contradictory")
BAD = (*HANGING, *THROTTLING, *HOSTILE)


def address(number: int) -> str:
    """The address of the server with a number from 0 up."""
    return f"127.77.{(number + 1) // 250}.{(number + 1) % 250 + 1}"


def retry_request(session: bytes, group: int = 29) -> bytes:
    extensions = b"\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02" + group.to_bytes(2, "big")
    body = b"\x03\x03" + _RETRY + bytes([len(session)]) + session + b"\x13\x01\x00"
    body += len(extensions).to_bytes(2, "big") + extensions
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


def session_of(hello: bytes) -> bytes:
    """The session id of a ClientHello in one record, which the answer must repeat."""
    return hello[44 : 44 + hello[43]]


class Server(asyncio.Protocol):
    """One connection to a server of a kind; C(seen) counts the connections to that server."""

    def __init__(self, kind: str, seen: list[int]) -> None:
        self.kind = kind
        self.step = 0
        seen[0] += 1
        self.number = seen[0]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = t.cast(asyncio.Transport, transport)
        limited = {"421": b"421", "450": b"450"}.get(self.kind)
        if self.kind == "421-twice" and self.number < 3:
            limited = b"421"
        if limited:
            self.say(limited + b" 4.7.0 too many connections\r\n", end=True)
        elif self.kind == "ssh":
            self.say(b"SSH-2.0-OpenSSH_9.2\r\n")
        elif self.kind == "endless":
            self.flood()
        elif self.kind == "drips":
            self.drip()
        elif self.kind != "never-greets":
            self.say(GREETING)

    def data_received(self, data: bytes) -> None:
        self.step += 1
        if self.step == 1 and self.kind == "421-at-ehlo":
            self.say(b"421 4.3.2 come back later\r\n", end=True)
        elif self.step == 1 and self.kind != "silent-at-ehlo":
            self.say(EHLO_REPLY)
        elif self.step == 2 and self.kind == "454-too-many":
            self.say(b"454 4.7.0 Error: too many new TLS sessions\r\n", end=True)
        elif self.step == 2 and self.kind != "silent-at-starttls":
            self.say(b"220 go ahead\r\n")
        elif self.step == 3 and self.kind != "silent-at-hello":
            self.say(self.answer(data))

    def answer(self, hello: bytes) -> bytes:
        if self.kind == "no-tls":
            return b"500 5.5.1 what is this\r\n"
        if self.kind == "oversized":
            return b"\x16\x03\x03\xff\xff"
        group = 0xFEFE if self.kind == "contradictory" else 29
        return retry_request(session_of(hello), group)

    def say(self, data: bytes, *, end: bool = False) -> None:
        self.transport.write(data)
        if end:
            self.transport.close()

    def flood(self) -> None:
        if not self.transport.is_closing():
            self.say((b"220-" + b"still greeting " * 64 + b"\r\n") * 16)
            asyncio.get_running_loop().call_later(0.01, self.flood)

    def drip(self) -> None:
        if not self.transport.is_closing():
            self.say(b"2" if not self.step else b"x")
            asyncio.get_running_loop().call_later(0.1, self.drip)


def maker(kind: str) -> t.Callable[[], Server]:
    """Makes the connections of one server."""
    seen = [0]
    return lambda: Server(kind, seen)


async def serve(port: int, kinds: t.Sequence[str]) -> None:
    loop = asyncio.get_running_loop()
    for number, kind in enumerate(kinds):
        await loop.create_server(maker(kind), address(number), port, backlog=64)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def kinds_of(sound: int, each: int) -> list[str]:
    """The kinds of the servers in the order of their addresses."""
    return [kind for kind in BAD for _number in range(each)] + ["sound"] * sound


def free_port() -> int:
    """A port that nobody uses at the first address."""
    with socket.socket() as unused:
        unused.bind((address(0), 0))
        return int(unused.getsockname()[1])


@contextlib.contextmanager
def many_servers(port: int, *, sound: int, each: int = 1) -> t.Iterator[list[str]]:
    """The fleet, while the context lasts; the kinds of its servers."""
    command = [sys.executable, str(Path(__file__)), str(port), str(sound), str(each)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise AssertionError(f"the servers did not start at port {port}")
        try:
            yield kinds_of(sound, each)
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), kinds_of(int(sys.argv[2]), int(sys.argv[3]))))
