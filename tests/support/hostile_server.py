# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on loopback that play a declared script: what the client says or leaves out against it fails the test.

A script is a tuple of steps, played on every connection. All steps but the last must be done; during the last one the
client may leave at any time, and must not speak.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
import typing as t
from dataclasses import dataclass, field

#: A client that has not left by then never will.
PATIENCE = 30.0


class _Left(Exception):
    """The client is gone."""


class Fault(Exception):
    """The client did what the script does not have."""


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.hello = b""
        self._buffer = b""

    def send(self, data: bytes) -> None:
        if self._buffer:
            raise Fault(f"the client spoke before its turn: {self._buffer[:64]!r}")
        try:
            self.socket.sendall(data)
        except TimeoutError as error:
            raise Fault("the client neither reads nor leaves") from error
        except OSError as error:
            raise _Left from error

    def line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._buffer += self._receive()
        line, _newline, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def record(self) -> bytes:
        while len(self._buffer) < 5 or len(self._buffer) < self._length():
            self._buffer += self._receive()
        taken, self._buffer = self._buffer[: self._length()], self._buffer[self._length() :]
        return taken

    def listen(self, seconds: float = PATIENCE) -> None:
        """Returns when the time is over; raises when the client leaves or says something."""
        if self._buffer:
            raise Fault(f"the client spoke before its turn: {self._buffer[:64]!r}")
        self.socket.settimeout(seconds)
        try:
            said = self.socket.recv(4096)
        except TimeoutError:
            return
        except OSError as error:
            raise _Left from error
        finally:
            with contextlib.suppress(OSError):
                self.socket.settimeout(PATIENCE)
        if not said:
            raise _Left
        raise Fault(f"the client spoke before its turn: {said[:64]!r}")

    def ignore(self) -> None:
        """Returns when the client leaves, whatever it says until then."""
        while True:
            self._receive()

    def _length(self) -> int:
        """Of the record that begins the buffer; SSL 2.0 has another head (draft-hickman-netscape-ssl-00)."""
        if self._buffer[0] & 0x80:
            return 2 + (int.from_bytes(self._buffer[:2], "big") & 0x7FFF)
        return 5 + int.from_bytes(self._buffer[3:5], "big")

    def _receive(self) -> bytes:
        try:
            data = self.socket.recv(65536)
        except TimeoutError as error:
            raise Fault("the client does not go on") from error
        except OSError as error:
            raise _Left from error
        if not data:
            raise _Left
        return data


class Step(t.Protocol):
    """One thing that the server does."""

    def play(self, peer: Peer) -> None:
        """Do it to the client of this connection."""


@dataclass(frozen=True)
class Say:
    """Send all of it."""

    data: bytes

    def play(self, peer: Peer) -> None:
        peer.send(self.data)


@dataclass(frozen=True)
class Reply:
    """Send what is made from the client's last TLS record."""

    make: t.Callable[[bytes], bytes]

    def play(self, peer: Peer) -> None:
        peer.send(self.make(peer.hello))


@dataclass(frozen=True)
class React:
    """Send what is made, piece by piece, from the client's last TLS record, unless the client leaves before; then hold.

    The client may answer.
    """

    make: t.Callable[[bytes], t.Iterator[bytes]]

    def play(self, peer: Peer) -> None:
        end = time.monotonic() + PATIENCE
        for piece in self.make(peer.hello):
            peer.send(piece)
            if time.monotonic() > end:
                raise Fault("the client reads for ever")
        peer.ignore()


@dataclass(frozen=True)
class Hear:
    """Wait for one SMTP command with this verb."""

    verb: bytes

    def play(self, peer: Peer) -> None:
        line = peer.line()
        if line.split(b" ")[0].upper() != self.verb:
            raise Fault(f"{line[:64]!r} instead of {self.verb!r}")


@dataclass(frozen=True)
class HearHello:
    """Wait for one whole ClientHello."""

    def play(self, peer: Peer) -> None:
        peer.hello = peer.record()
        tls = peer.hello[0] == 22 and peer.hello[5] == 1
        if not tls and not (peer.hello[0] & 0x80 and peer.hello[2] == 1):
            raise Fault(f"{peer.hello[:16]!r} instead of a ClientHello")


@dataclass(frozen=True)
class Drip:
    """Send byte by byte, with a pause in seconds after each, then hold; with `again`, for ever."""

    data: bytes
    pause: float = 0.02
    again: bool = False

    def play(self, peer: Peer) -> None:
        while True:
            for position in range(len(self.data)):
                peer.send(self.data[position : position + 1])
                peer.listen(self.pause)
            if not self.again:
                Hold().play(peer)


@dataclass(frozen=True)
class Flood:
    """Send a start once, then the same again and again until the client leaves."""

    data: bytes
    start: bytes = b""

    def play(self, peer: Peer) -> None:
        end = time.monotonic() + PATIENCE
        peer.send(self.start)
        while time.monotonic() < end:
            peer.send(self.data)
        raise Fault("the client reads for ever")


@dataclass(frozen=True)
class Pour:
    """Send all of it, unless the client leaves before, and nothing more."""

    data: bytes

    def play(self, peer: Peer) -> None:
        peer.send(self.data)
        peer.listen()
        raise Fault("the client waits for ever")


@dataclass(frozen=True)
class Hold:
    """Stay silent until the client leaves."""

    def play(self, peer: Peer) -> None:
        peer.listen()
        raise Fault("the client waits for ever")


@dataclass(frozen=True)
class Close:
    """End the connection in good order."""

    def play(self, peer: Peer) -> None:
        with contextlib.suppress(OSError):
            peer.socket.shutdown(socket.SHUT_WR)


@dataclass(frozen=True)
class Reset:
    """End the connection with a TCP reset."""

    def play(self, peer: Peer) -> None:
        linger = b"\x01\0\0\0\0\0\0\0"
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


Script = tuple[Step, ...]


@dataclass
class Hosted:
    """Servers that run: where each listens, how often each was visited, and what went against its script."""

    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    unfinished: dict[str, list[str]] = field(default_factory=dict)

    def against(self, name: str) -> list[str]:
        """What went against the script of a server.

        A visit that ended before its time counts only if none was finished: on a busy machine, a client may lose its
        patience and come again.
        """
        unfinished = self.unfinished.get(name, [])
        missing = unfinished if len(unfinished) == self.visits[name] else []
        return [*self.faults.get(name, []), *missing]

    @property
    def complaints(self) -> list[str]:
        """Everything that went against the scripts, and the servers that nobody visited."""
        unvisited = [f"{name}: nobody came" for name, count in self.visits.items() if not count]
        return unvisited + [
            f"{name}: {said}" for name in self.visits for said in self.against(name)
        ]


def play(script: Script, connection: socket.socket) -> tuple[str, bool]:
    """Play the script on one connection; what went against it, and whether that is a missing step."""
    connection.settimeout(PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer = Peer(connection)
    last = len(script) - 1
    with connection:
        for number, step in enumerate(script):
            try:
                step.play(peer)
            except _Left:
                missing = number < last
                return (f"step {number + 1} is missing: {step!r:.120}" if missing else "", missing)
            except Fault as fault:
                return f"step {number + 1}: {fault}", False
        if not isinstance(script[last], Reset):
            _drain(connection)
    return "", False


def _drain(connection: socket.socket) -> None:
    """Unread bytes would turn a close into a reset."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(5)
        while connection.recv(65536):
            pass


@contextlib.contextmanager
def hosted(scripts: t.Mapping[str, Script], *, strict: bool = True) -> t.Iterator[Hosted]:
    """One server for each script, by name, on a loopback address of its own: an address has one pace for all its ports.

    At the end, an AssertionError names what went against the scripts; not `strict`, the caller looks at it.
    """
    running = Hosted()
    stopped = threading.Event()
    players: list[threading.Thread] = []

    def perform(name: str, connection: socket.socket) -> None:
        fault, missing = play(scripts[name], connection)
        if fault:
            kind = running.unfinished if missing else running.faults
            kind.setdefault(name, []).append(fault)

    def serve() -> None:
        while not stopped.is_set():
            for key, _events in selector.select(0.05):
                connection, _address = t.cast(socket.socket, key.fileobj).accept()
                running.visits[key.data] += 1
                player = threading.Thread(target=perform, args=(key.data, connection), daemon=True)
                players.append(player)
                player.start()

    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for position, name in enumerate(scripts, 1):
            listener = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            listener.bind((f"127.0.{position >> 8}.{position & 255}", 0))
            listener.listen(16)
            selector.register(listener, selectors.EVENT_READ, name)
            running.places[name] = listener.getsockname()
            running.visits[name] = 0
        server = threading.Thread(target=serve, daemon=True)
        server.start()
        try:
            yield running
        finally:
            stopped.set()
            server.join()
        for player in players:
            player.join(PATIENCE)
    assert not (strict and running.complaints), "\n".join(running.complaints)


__all__ = [
    "PATIENCE",
    "Close",
    "Drip",
    "Fault",
    "Flood",
    "Hear",
    "HearHello",
    "Hold",
    "Hosted",
    "Peer",
    "Pour",
    "React",
    "Reply",
    "Reset",
    "Say",
    "Script",
    "Step",
    "hosted",
    "play",
]
