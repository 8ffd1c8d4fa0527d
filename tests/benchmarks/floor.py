# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The yardstick: what the full job costs a Python process that does nothing else.

usage: python3 floor.py HOST PORT FILE

All suites of four versions, the groups of two, both chains and who decides the order, by elimination over epoll with
at most eight connections at once. No errors are handled, nothing is tried again and no certificate is read: what the
probe takes beyond this is the price of being a product. It shares no code with the probe, and no suite list.
"""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import struct
import sys
from collections import deque
from collections.abc import Generator

MOST_AT_ONCE = 8
GROUPS = (29, 23, 30, 25, 24, 256, 257, 258)
ASKED_GROUPS = (
    *GROUPS,
    259,
    260,
    22,
    26,
    27,
    28,
    31,
    32,
    33,
    4587,
    4588,
    4589,
    1,
    9,
    10,
    13,
    14,
    19,
    21,
)
SIGNATURES = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B),
    *(0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0202),
)
TLS13_SUITES = (0x1302, 0x1303, 0x1301, 0x1304, 0x1305)
ECDHE_RSA = (0xC02F, 0xC030, 0xC014, 0xC013, 0xC027, 0xC028, 0xCCA8, 0xC012)
# Everything with RSA, ECDSA or DSS and without a certificate; no PSK, Kerberos or SRP.
SUITES = (
    *range(0xC023, 0xC033),
    *range(0xC05C, 0xC062),
    *range(0xC072, 0xC07A),
    *(
        0xC0A0,
        0xC0A1,
        0xC0A2,
        0xC0A3,
        0xC0AC,
        0xC0AD,
        0xC0AE,
        0xC0AF,
        0xC09C,
        0xC09D,
        0xC09E,
        0xC09F,
    ),
    *(0xC050, 0xC051, 0xC052, 0xC053, 0xC056, 0xC057, 0xCCA8, 0xCCA9, 0xCCAA),
    *range(0x009C, 0x00A8),
    *range(0x00BA, 0x00C6),
    *range(0x0067, 0x006E),
    *range(0x003B, 0x0047),
    *range(0x002F, 0x003B),
    *range(0x0084, 0x008A),
    *range(0x0096, 0x009C),
    *range(0xC001, 0xC01A),
    *range(0x0001, 0x001C),
)
ANONYMOUS = frozenset(
    (
        *(
            0x0017,
            0x0018,
            0x0019,
            0x001A,
            0x001B,
            0x0034,
            0x003A,
            0x0046,
            0x0089,
            0x009B,
            0x00A6,
            0x00A7,
        ),
        *(0x006C, 0x006D, 0x00BF, 0x00C5, 0xC015, 0xC016, 0xC017, 0xC018, 0xC019),
    )
)


def client_hello(version: int, suites: list, groups: tuple = GROUPS) -> bytes:
    """One record; a TLS 1.3 hello has no key share, so the server answers with a HelloRetryRequest."""
    extensions = struct.pack(
        f"!HHH{len(groups)}H", 10, 2 + 2 * len(groups), 2 * len(groups), *groups
    )
    extensions += b"\0\x0b\0\2\1\0\0\x17\0\0"
    count = len(SIGNATURES)
    if version >= 0x0303:
        extensions += struct.pack(f"!HHH{count}H", 13, 2 + 2 * count, 2 * count, *SIGNATURES)
    session = b"\0"
    if version == 0x0304:
        extensions += b"\0\x2b\0\3\2\3\4\0\x33\0\2\0\0"
        session = b"\x20" + os.urandom(32)
    body = struct.pack("!H", min(version, 0x0303)) + os.urandom(32) + session
    body += struct.pack(f"!H{len(suites)}H", 2 * len(suites), *suites)
    body += b"\1\0" + struct.pack("!H", len(extensions)) + extensions
    message = b"\1" + len(body).to_bytes(3, "big") + body
    return struct.pack("!BHH", 22, min(version, 0x0301), len(message)) + message


def read_flight(data: bytes) -> object:
    """None while it is not complete; (version, suite, group, chain), or False for a refusal."""
    if len(data) < 7:
        return None
    if data[0] != 22:
        return False
    messages = joined(data)
    version = suite = group = None
    chain, at = b"", 0
    while at + 4 <= len(messages):
        kind, end = messages[at], at + 4 + int.from_bytes(messages[at + 1 : at + 4], "big")
        if end > len(messages):
            return None
        if kind == 2:
            version, suite, group = read_server_hello(messages[at + 4 : end])
            if version == 0x0304 or suite in ANONYMOUS:
                return version, suite, group, b""
        elif kind == 11:
            chain = messages[at + 4 : end]
        elif kind == 12 and messages[at + 4] == 3:
            group = int.from_bytes(messages[at + 5 : at + 7], "big")
        elif kind == 14:
            return version, suite, group, chain
        at = end
    return None


def joined(data: bytes) -> bytes:
    """The handshake messages out of their records."""
    messages, at = b"", 0
    while at + 5 <= len(data) and data[at] == 22:
        end = at + 5 + int.from_bytes(data[at + 3 : at + 5], "big")
        messages += data[at + 5 : end]
        at = end
    return messages


def read_server_hello(body: bytes) -> tuple:
    """Version, suite and, in TLS 1.3, group."""
    version, group, at = int.from_bytes(body[:2], "big"), None, 35 + body[34]
    suite = int.from_bytes(body[at : at + 2], "big")
    at += 5
    while at + 4 <= len(body):
        kind, length = struct.unpack_from("!HH", body, at)
        if kind == 43:
            version = int.from_bytes(body[at + 4 : at + 6], "big")
        elif kind == 51:
            group = int.from_bytes(body[at + 4 : at + 6], "big")
        at += 4 + length
    return version, suite, group


class Floor:
    """Runs generators that yield a hello and are sent a flight; counts connections."""

    def __init__(self, address: tuple) -> None:
        self.address = address
        self.poll = select.epoll()
        self.open = {}
        self.waiting = deque()
        self.connections = 0

    def run(self, chains: list) -> None:
        """Until every chain has ended."""
        for chain in chains:
            self.advance(chain, None)
        while self.open or self.waiting:
            while self.waiting and len(self.open) < MOST_AT_ONCE:
                self.connect(*self.waiting.popleft())
            for number, _events in self.poll.poll(10):
                self.ready(number, self.open[number])

    def connect(self, chain: Generator, hello: bytes) -> None:
        """One more connection."""
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if connection.connect_ex(self.address) not in (0, errno.EINPROGRESS):
            raise SystemExit("no connection")
        self.connections += 1
        self.open[connection.fileno()] = [connection, 0, b"", chain, hello]
        self.poll.register(connection.fileno(), select.EPOLLIN)

    def advance(self, chain: Generator, flight: object) -> None:
        """Send a chain its answer and queue its next question."""
        try:
            hello = chain.send(flight)
        except StopIteration:
            return
        self.waiting.append((chain, hello))

    def ready(self, number: int, state: list) -> None:
        """Bytes have come: the banner, the reply to EHLO, the reply to STARTTLS, the flight."""
        connection, step, text, chain, hello = state
        try:
            data = connection.recv(16384)
        except ConnectionResetError:
            data = b""
        text += data
        state[2] = text
        flight = None
        if not data:
            flight = False
        elif step == 3:
            flight = read_flight(text)
        elif text.endswith(b"\n") and text[text.rfind(b"\n", 0, -1) + 4 :][:1] == b" ":
            connection.send((b"EHLO floor.example\r\n", b"STARTTLS\r\n", hello)[step])
            state[1:3] = step + 1, b""
        if flight is not None:
            self.poll.unregister(number)
            connection.close()
            del self.open[number]
            self.advance(chain, flight)


def suite_chain(version: int, suites: list, found: list, chains: dict) -> Generator:
    """Take out what the server picks until it refuses the rest."""
    left = list(suites)
    while left:
        flight = yield client_hello(version, left)
        if not flight or flight[0] != version or flight[1] not in left:
            return
        left.remove(flight[1])
        found.append(flight[1])
        if flight[3]:
            chains[flight[3]] = None


def group_chain(version: int, suites: list, found: list) -> Generator:
    """The same for groups."""
    left = list(ASKED_GROUPS)
    while left:
        flight = yield client_hello(version, suites, left)
        if not flight or flight[2] not in left:
            return
        left.remove(flight[2])
        found.append(flight[2])


def order_chain(version: int, found: list, decides: dict) -> Generator:
    """Two accepted suites, and the same two backwards."""
    first = yield client_hello(version, found[:2])
    second = yield client_hello(version, found[1::-1])
    decides[version] = "server" if first[1] == second[1] else "client"


def main() -> None:
    """Do the job and write what was found."""
    host, port, path = sys.argv[1:4]
    found, groups, chains, decides, jobs = {}, {0x0303: [], 0x0304: []}, {}, {}, []
    for version, parts in ((0x0303, 4), (0x0302, 2), (0x0301, 2), (0x0300, 1)):
        found[version] = []
        jobs += [
            suite_chain(version, SUITES[n::parts], found[version], chains) for n in range(parts)
        ]
    found[0x0304] = []
    jobs.append(suite_chain(0x0304, TLS13_SUITES, found[0x0304], chains))
    jobs.append(group_chain(0x0304, TLS13_SUITES, groups[0x0304]))
    jobs.append(group_chain(0x0303, ECDHE_RSA, groups[0x0303]))
    floor = Floor((host, int(port)))
    floor.run(jobs)
    floor.run([order_chain(v, list(s), decides) for v, s in found.items() if len(s) > 1])
    result = {
        "suites": found,
        "groups": groups,
        "decides": decides,
        "chains": [chain.hex() for chain in chains],
        "connections": floor.connections,
    }
    with open(path, "w", encoding="ascii") as handle:
        handle.write(json.dumps(result))


if __name__ == "__main__":
    main()
