# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name servers that listen on loopback and misbehave: each ends as a failure of its kind, none as a verdict.

The servers stop when the client does, so a client that waits for ever makes the test hang instead of pass.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
import typing as t

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rdataclass
import dns.rdatatype
import dns.update
import pytest
from ansible_collections.postmaster.tls.plugins.action import tlsa_update
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server, exchange
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import Message
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import Record
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import (
    Failure,
    Resolver,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._update import Change, apply

TLSA = dns.rdatatype.TLSA
OWNER = dns.name.from_text("_25._tcp.mx1.example.test.")
Play = t.Callable[[socket.socket, bytes], None]
#: Seconds for what would never end, and for what a busy machine may take long to do.
SHORT, LONG = 0.5, 60.0


class HostileServer:
    """Says over UDP what ``udp`` makes of a question, and plays ``tcp`` on every connection, both on one port."""

    def __init__(self, udp: t.Callable[[bytes], t.Iterable[bytes]], tcp: Play) -> None:
        self._udp, self._tcp = udp, tcp
        self.streams = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.streams.bind(("127.0.0.1", 0))
        self.server = Server(*self.streams.getsockname())
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind((self.server.address, self.server.port))
        self.streams.listen()
        serving = (self._datagrams, self._connections)
        self._threads = [threading.Thread(target=serve, daemon=True) for serve in serving]
        for thread in self._threads:
            thread.start()

    def _datagrams(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                query, peer = self.datagrams.recvfrom(65535)
                if peer is None:
                    return
                for answer in self._udp(query):
                    self.datagrams.sendto(answer, peer)

    def _connections(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _peer = self.streams.accept()
                with connection, contextlib.suppress(OSError):
                    length = int.from_bytes(connection.recv(2, socket.MSG_WAITALL), "big")
                    self._tcp(connection, connection.recv(length, socket.MSG_WAITALL))

    def close(self) -> None:
        for one in (self.streams, self.datagrams):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LONG)
        self.streams.close()
        self.datagrams.close()


def answered(query: bytes, *records: bytes, flags: int = 0, count: int | None = None) -> bytes:
    """An answer written by hand; its records all have the name of the question."""
    asked = query[12 : 12 + len(OWNER.to_wire()) + 4]
    made = b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", TLSA, 1, 300, len(one)) + one for one in records
    )
    counts = (1, len(records) if count is None else count, 0, 0)
    return query[:2] + struct.pack("!HHHHH", 0x8180 | flags, *counts) + asked + made


def cut(query: bytes) -> t.Iterable[bytes]:
    return [answered(query, flags=dns.flags.TC)]


def nothing(_query: bytes) -> t.Iterable[bytes]:
    return []


def silence(connection: socket.socket, _query: bytes) -> None:
    connection.recv(1)


def reset(connection: socket.socket, _query: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_within(connection: socket.socket, query: bytes) -> None:
    connection.sendall(b"\x40\x00" + query[:200])
    reset(connection, query)


def ends_within(connection: socket.socket, query: bytes) -> None:
    connection.sendall(b"\xff\xff" + answered(query))


def drip(connection: socket.socket, query: bytes) -> None:
    """One octet at a time for as long as somebody reads, of an answer that would take hours."""
    pause = threading.Event()
    for octet in itertools.chain(b"\xff\xff", itertools.cycle(answered(query))):
        connection.sendall(bytes((octet,)))
        pause.wait(0.02)


def framed(wire: bytes) -> bytes:
    return len(wire).to_bytes(2, "big") + wire


def cut_again(connection: socket.socket, query: bytes) -> None:
    connection.sendall(framed(answered(query, flags=dns.flags.TC)))


def other_question(connection: socket.socket, query: bytes) -> None:
    wire = bytearray(answered(query))
    wire[13] ^= 1
    connection.sendall(framed(bytes(wire)))


def other_number(connection: socket.socket, query: bytes) -> None:
    connection.sendall(framed(bytes((query[0] ^ 1, query[1])) + answered(query)[2:]))


def more_than_there_is(connection: socket.socket, query: bytes) -> None:
    connection.sendall(framed(answered(query, b"\3\1\1" + bytes(32), count=3000)))


def too_many(connection: socket.socket, query: bytes) -> None:
    connection.sendall(framed(answered(query, *[b"\3"] * 4500)))


def looping(connection: socket.socket, query: bytes) -> None:
    start = 12 + len(OWNER.to_wire()) + 4
    pointers = struct.pack("!H", 0xC000 | start) + bytes(10)
    connection.sendall(framed(answered(query, count=1) + pointers))


def empty(connection: socket.socket, _query: bytes) -> None:
    connection.sendall(b"\0\0")


def wrong_numbers(query: bytes) -> t.Iterable[bytes]:
    """More forgeries than a client could read if it did not stop at its time."""
    return (bytes((query[0] ^ 1, query[1])) + answered(query)[2:] for _time in range(200_000))


CASES: dict[str, tuple[t.Callable[[bytes], t.Iterable[bytes]], Play, str, str]] = {
    "cut off, then reset": (cut, reset, "unreachable", "does not answer"),
    "cut off, then reset within the answer": (cut, reset_within, "unreachable", "does not answer"),
    "cut off, then ended within the answer": (cut, ends_within, "unreachable", "was closed"),
    "cut off, then silence": (cut, silence, "timeout", "did not answer"),
    "cut off, then drop by drop": (cut, drip, "timeout", "did not answer"),
    "cut off over TCP too": (cut, cut_again, "malformed", "cut off over TCP too"),
    "another question": (cut, other_question, "malformed", "not one to this question"),
    "another number": (cut, other_number, "malformed", "not one to this question"),
    "fewer records than announced": (cut, more_than_there_is, "malformed", "cannot be read"),
    "thousands of records": (cut, too_many, "malformed", "more than 4000 records"),
    "a name that points to itself": (cut, looping, "malformed", "cannot be read"),
    "nothing over TCP": (cut, empty, "malformed", "shorter than its header"),
    "forgeries without end": (wrong_numbers, silence, "timeout", "did not answer"),
    "silence": (nothing, silence, "timeout", "did not answer"),
}  # fmt: skip


@contextlib.contextmanager
def playing(
    udp: t.Callable[[bytes], t.Iterable[bytes]], tcp: Play, *, seconds: float = LONG
) -> t.Iterator[Resolver]:
    def within(server: Server, query: bytes, tcp: bool, _seconds: float) -> bytes:
        return exchange(server, query, tcp, seconds)

    with running(udp, tcp) as server:
        yield Resolver([server], transport=within)


@contextlib.contextmanager
def running(udp: t.Callable[[bytes], t.Iterable[bytes]], tcp: Play) -> t.Iterator[Server]:
    hostile = HostileServer(udp, tcp)
    try:
        yield hostile.server
    finally:
        hostile.close()


@pytest.mark.parametrize("title", CASES)
def test_a_hostile_server_is_a_failure_of_its_kind(title: str) -> None:
    udp, tcp, status, said = CASES[title]
    seconds = SHORT if status == "timeout" else LONG
    with playing(udp, tcp, seconds=seconds) as resolver:
        found = resolver.ask(OWNER, TLSA, unchecked=False)
    assert isinstance(found, Failure)
    assert (found.status, said in found.reason) == (status, True), found.reason


def test_what_is_large_and_sound_is_read() -> None:
    """The largest answer that TCP carries, with full certificates in its records."""

    def large(connection: socket.socket, query: bytes) -> None:
        connection.sendall(
            framed(answered(query, *(bytes((3, 0, 0, one)) + bytes(4000) for one in range(16))))
        )

    with playing(cut, large) as resolver:
        found = resolver.ask(OWNER, TLSA, unchecked=False)
    assert isinstance(found, Message)
    assert len(found.answer[0].rdatas) == 16


class Updated:
    """A server of a zone: answers with its records, cut over UDP, and takes updates without reading their prerequisites."""

    def __init__(self, *records: bytes) -> None:
        self.records = dict.fromkeys(records)

    def __call__(self, connection: socket.socket, query: bytes) -> None:
        made = answered(query, *self.records)
        if dns.opcode.from_flags(int.from_bytes(query[2:4], "big")) == dns.opcode.UPDATE:
            message = dns.message.from_wire(query)
            assert isinstance(message, dns.update.UpdateMessage)
            assert sum(len(one) for one in message.prerequisite) == len(self.records)
            for rrset in message.update:
                said = [one.to_wire() for one in rrset]
                gone = list(self.records) if rrset.deleting == dns.rdataclass.ANY else said
                for one in gone if rrset.deleting else ():
                    del self.records[one]
                if not rrset.deleting:
                    self.records.update(dict.fromkeys(said))
            made = dns.message.make_response(message).to_wire()
        connection.sendall(framed(made))


def key(number: int) -> bytes:
    return b"\x03\x01\x01" + number.to_bytes(32, "big")


def exactly(server: Server, *records: bytes, **more: t.Any) -> dict[str, t.Any]:
    options = {
        **{name: one.get("default") for name, one in tlsa_update._SPEC.items()},
        "name": "mx1.example.test",
        "server": str(server),
        "zone": "example.test",
        "state": "exact",
        "records": [Record(one).text for one in records],
        "resolver": ["::1"],
    }
    return tlsa_update.published({**options, **more}, dry=False)


@pytest.mark.parametrize("count", [101, 1300])
def test_a_set_that_is_too_large_for_senders_can_be_mended(count: int) -> None:
    zone = Updated(*map(key, range(count)))
    with running(cut, zone) as server:
        found = Resolver([server]).ask(OWNER, TLSA, unchecked=False)
        assert isinstance(found, Failure)
        assert "tlsa_update with state exact" in found.reason
        changed = exactly(server, key(0), key(count))
        assert (changed["changed"], len(changed["before"])) == (True, count)
        assert list(zone.records) == [key(0), key(count)]
        assert exactly(server, key(0), key(count))["changed"] is False


def test_no_record_is_added_to_a_set_that_is_too_large() -> None:
    zone = Updated(*map(key, range(101)))
    with (
        running(cut, zone) as server,
        pytest.raises(InvalidInput, match="would have 102 TLSA records, and senders read no"),
    ):
        exactly(server, key(101), state="present")
    assert len(zone.records) == 101


def test_an_update_that_fits_no_message_is_one_sentence() -> None:
    before = tuple(Record(key(number) + bytes(2000)) for number in range(40))
    with pytest.raises(CommandFailed, match="its 40 records do not fit into an update"):
        apply(Change("example.test.", OWNER.to_text(), before, (), 300), Server("192.0.2.1"), None)
