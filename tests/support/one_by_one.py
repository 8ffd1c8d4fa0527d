# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server accepts, asked one suite and one group at a time: slow, simple, and without any code of the collection.

usage: python3 one_by_one.py ADDRESS PORT FILE [--implicit] [--workers N] [--codes known|all]

Every verdict is one connection that offers one thing, so no strategy can hide or invent an answer. Orders are found
by hellos of two suites. The result is a dictionary of JSON, see B(survey).
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import socket
import struct
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

VERSIONS: t.Final = {
    "SSLv3": 0x0300,
    "TLSv1": 0x0301,
    "TLSv1.1": 0x0302,
    "TLSv1.2": 0x0303,
    "TLSv1.3": 0x0304,
}
# Every range that IANA's registry or an implementation has ever used, whether assigned or not.
ALL_CODES: t.Final = tuple(
    code
    for start, end in (
        *((0x0001, 0x00FE), (0x1301, 0x130F), (0xC001, 0xC105), (0xCC10, 0xCCB0)),
        *((0xD000, 0xD006), (0xFEFE, 0xFF00), (0xFF80, 0xFF88)),
    )
    for code in range(start, end + 1)
)
# The same without the greatest part of what nobody ever assigned.
KNOWN_CODES: t.Final = tuple(
    code
    for start, end in (
        *((0x0001, 0x001B), (0x002C, 0x0046), (0x0060, 0x006D), (0x0084, 0x00C7)),
        *((0x1301, 0x1307), (0xC001, 0xC0B5), (0xC100, 0xC106), (0xCC13, 0xCC15)),
        *((0xCCA8, 0xCCAE), (0xD001, 0xD005), (0xFEFE, 0xFEFF), (0xFF85, 0xFF85)),
    )
    for code in range(start, end + 1)
)
GROUPS_12: t.Final = tuple(range(0x0001, 0x001F))
GROUPS_13: t.Final = (
    *range(0x0017, 0x002A),
    *range(0x0100, 0x0105),
    *range(0x0200, 0x0203),
    *(0x11EB, 0x11EC, 0x11ED, 0x11EE, 0x6399, 0x639A),
)
USUAL_GROUPS: t.Final = (
    *(0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x0100, 0x0101, 0x0102),
    *(0x11EC, 0x11EB, 0x11ED),
)
SIGNATURES: t.Final = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B),
    *(0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0302, 0x0202, 0x0101),
)
_SECONDS = 10.0
_TRIES = 4
Result = dict[str, t.Any]


@dataclass(frozen=True)
class Server:
    """Where to connect, and whether TLS begins with the first byte."""

    address: str
    port: int
    implicit: bool = False


@dataclass(frozen=True)
class Reply:
    """C(kind) is hello, alert or cut; the rest belongs to a hello, C(alert) to an alert."""

    kind: str
    version: int = 0
    suite: int = 0
    group: int | None = None
    alert: int = 0


def client_hello(version: int, suites: t.Sequence[int], groups: t.Sequence[int]) -> bytes:
    """One TLS record; SSL 3.0 has no extensions, TLS 1.3 comes without a key share."""
    extensions = b""
    if version > 0x0300:
        extensions += _extension(10, _list(groups)) + _extension(11, b"\1\0") + _extension(23, b"")
    if version >= 0x0303:
        extensions += _extension(13, _list(SIGNATURES))
    if version >= 0x0304:
        extensions += _extension(43, b"\2" + struct.pack("!H", version)) + _extension(51, b"\0\0")
    body = struct.pack("!H", min(version, 0x0303)) + os.urandom(32)
    body += b"\x20" + os.urandom(32) if version >= 0x0304 else b"\0"
    body += _list(suites) + b"\1\0"
    if extensions:
        body += struct.pack("!H", len(extensions)) + extensions
    message = b"\1" + len(body).to_bytes(3, "big") + body
    return struct.pack("!BHH", 22, min(version, 0x0301), len(message)) + message


def _list(codes: t.Sequence[int]) -> bytes:
    return struct.pack(f"!H{len(codes)}H", 2 * len(codes), *codes)


def _extension(kind: int, content: bytes) -> bytes:
    return struct.pack("!HH", kind, len(content)) + content


def ask(server: Server, hello: bytes) -> Reply:
    """One connection; a cut one is tried again, in case somebody else was the reason."""
    reply = Reply("cut")
    for attempt in range(_TRIES):
        try:
            reply = _ask(server, hello)
        except OSError:
            reply = Reply("cut")
        if reply.kind != "cut":
            return reply
        time.sleep(0.2 * attempt)
    return reply


def _ask(server: Server, hello: bytes) -> Reply:
    with socket.create_connection((server.address, server.port), _SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not server.implicit:
            _reply_line(connection)
            connection.sendall(b"EHLO one-by-one.example\r\n")
            _reply_line(connection)
            connection.sendall(b"STARTTLS\r\n")
            if not _reply_line(connection).startswith(b"220"):
                raise ConnectionError("STARTTLS refused")
        connection.sendall(hello)
        return _flight(connection)


def _reply_line(connection: socket.socket) -> bytes:
    text = b""
    while True:
        data = connection.recv(4096)
        if not data:
            raise ConnectionError("closed within a reply")
        text += data
        lines = text.split(b"\n")
        if len(lines) > 1 and not lines[-1] and lines[-2][3:4] != b"-":
            return lines[-2]


def _flight(connection: socket.socket) -> Reply:
    """The server's answer up to its end: a fatal alert counts even after a ServerHello."""
    records = messages = b""
    hello: Reply | None = None
    while True:
        data = connection.recv(16384)
        if not data:
            return Reply("cut")
        records += data
        while len(records) >= 5 and len(records) >= 5 + int.from_bytes(records[3:5], "big"):
            end = 5 + int.from_bytes(records[3:5], "big")
            kind, fragment, records = records[0], records[5:end], records[end:]
            if kind == 21 and (fragment[0] == 2 or fragment[1] == 0):
                return Reply("alert", alert=fragment[1])
            if kind == 22:
                messages += fragment
        while len(messages) >= 4 and len(messages) >= 4 + int.from_bytes(messages[1:4], "big"):
            end = 4 + int.from_bytes(messages[1:4], "big")
            kind, body, messages = messages[0], messages[4:end], messages[end:]
            if kind == 2:
                hello = _server_hello(body)
            elif kind == 12 and hello is not None and body[:1] == b"\3":
                group = int.from_bytes(body[1:3], "big")
                hello = Reply("hello", hello.version, hello.suite, group)
            if hello is not None and (kind == 14 or hello.version >= 0x0304):
                return hello


def _server_hello(body: bytes) -> Reply:
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
    return Reply("hello", version, suite, group)


def accepts(server: Server, version: int, suite: int) -> bool | None:
    """Whether one suite in one version is agreed to; None when every connection was cut."""
    reply = ask(server, client_hello(version, (suite,), USUAL_GROUPS))
    if reply.kind == "cut":
        return None
    return reply.kind == "hello" and (reply.version, reply.suite) == (version, suite)


def groups_of(server: Server, version: int, suites: t.Sequence[int]) -> list[int]:
    """The groups that are agreed to, each offered alone; C(suites) are accepted ones.

    Up to TLS 1.2 a server with an ECDSA certificate needs its curve to be allowed too, so a group that is refused
    alone is offered before each usual curve; it counts when the server then uses it.
    """
    candidates = GROUPS_13 if version >= 0x0304 else GROUPS_12
    ephemeral = suites if version >= 0x0304 else [code for code in suites if is_ecdhe(code)]
    if not ephemeral:
        return []
    found = []
    for group in candidates:
        offers: list[tuple[int, ...]] = [(group,)]
        if version < 0x0304:
            offers += [(group, curve) for curve in (0x0017, 0x0018) if curve != group]
        replies = (ask(server, client_hello(version, ephemeral, offer)) for offer in offers)
        if any(r.kind == "hello" and r.version == version and r.group == group for r in replies):
            found.append(group)
    return found


def is_ecdhe(code: int) -> bool:
    """Whether a suite of TLS 1.2 and before takes a named curve, by the ranges of IANA's registry."""
    ranges = (
        *((0xC006, 0xC00A), (0xC010, 0xC019), (0xC023, 0xC024), (0xC027, 0xC028), (0xC02B, 0xC02C)),
        *((0xC02F, 0xC030), (0xC048, 0xC049), (0xC04C, 0xC04D), (0xC05C, 0xC05D), (0xC060, 0xC061)),
        *((0xC072, 0xC073), (0xC076, 0xC077), (0xC086, 0xC087), (0xC08A, 0xC08B), (0xC0AC, 0xC0AF)),
        *((0xCC13, 0xCC14), (0xCCA8, 0xCCA9)),
    )
    return any(start <= code <= end for start, end in ranges)


def is_chacha(code: int) -> bool:
    """Whether a suite has ChaCha20: a server may prefer it for clients that begin with it, and for no others."""
    return code == 0x1303 or 0xCC13 <= code <= 0xCC15 or 0xCCA8 <= code <= 0xCCAE


def pick(server: Server, version: int, offer: t.Sequence[int]) -> int:
    """What the server chooses among suites that it accepts."""
    for _attempt in range(_TRIES):
        reply = ask(server, client_hello(version, offer, USUAL_GROUPS))
        if reply.suite in offer:
            return reply.suite
    raise ConnectionError(f"no answer to suites that were accepted before: {offer}")


def order_of(server: Server, version: int, suites: t.Sequence[int]) -> tuple[str | None, list[int]]:
    """Who decides, and the suites in the server's order if it does, by hellos of two suites."""
    if len(suites) < 2:
        return None, list(suites)
    others = [code for code in suites if not is_chacha(code)]
    asked = others if len(others) > 1 else suites
    if pick(server, version, asked) != pick(server, version, asked[::-1]):
        return "client", sorted(suites)
    order: list[int] = []
    for suite in suites:
        for place, other in enumerate(order):
            pair = sorted((other, suite), key=is_chacha)
            if pick(server, version, pair) == suite:
                order.insert(place, suite)
                break
        else:
            order.append(suite)
    return "server", order


def survey(server: Server, *, workers: int = 4, codes: t.Sequence[int] = ALL_CODES) -> Result:
    """C(suites) and C(groups) by version, C(order) with who decides and the order, C(cut) what was never answered."""
    result: Result = {"suites": {}, "groups": {}, "decides": {}, "order": {}, "cut": {}}
    with ThreadPoolExecutor(workers) as pool:
        for label, version in VERSIONS.items():
            verdicts = list(pool.map(functools.partial(accepts, server, version), codes))
            paired = list(zip(codes, verdicts, strict=True))
            found = [code for code, verdict in paired if verdict]
            cut = [code for code, verdict in paired if verdict is None]
            if cut:
                result["cut"][label] = len(cut)
            if not found:
                continue
            result["suites"][label] = found
            result["decides"][label], result["order"][label] = order_of(server, version, found)
            groups = groups_of(server, version, found) if version >= 0x0303 else []
            if groups:
                result["groups"][label] = groups
    return result


def main() -> None:
    """Ask one server and write what it accepts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("file")
    parser.add_argument("--implicit", action="store_true")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--codes", choices=("known", "all"), default="all")
    given = parser.parse_args()
    codes = ALL_CODES if given.codes == "all" else KNOWN_CODES
    server = Server(given.address, given.port, given.implicit)
    result = survey(server, workers=given.workers, codes=codes)
    with open(given.file, "w", encoding="ascii") as handle:
        json.dump(result, handle, indent=1)


if __name__ == "__main__":
    main()
