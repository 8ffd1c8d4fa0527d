# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Drives the child that holds a libssl: a TLS server without a network, and what the library makes of strings."""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import subprocess
import time
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._interpreter import (
    framed,
    interpreter,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._linked import Linked
from ansible_collections.postmaster.tls.plugins.module_utils._records import (
    dataclass,
    replace,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

SERVER_PREFERENCE: t.Final = 1 << 22  # SSL_OP_CIPHER_SERVER_PREFERENCE
_NO_TICKET, _NO_RENEGOTIATION, _MAY_RENEGOTIATE = 1 << 14, 1 << 30, 1 << 8
_NO_TICKETS_FROM: t.Final = 3
_KINDS: t.Final = [
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1",
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ECDSA+SHA1:ed25519:ed448",
]
_OF_CERTIFICATES: t.Final = ("key", "certificate", "chain", "check")
Step = tuple[t.Any, ...]


class LibraryCipher(t.NamedTuple):
    """One suite as a library lists it: code point, the library's name, strength in bits."""

    code: int
    name: str
    bits: int


@dataclass(frozen=True)
class Settings:
    """All that a context is made of, as the MTA makes it.

    `excluded` are wire versions of protocols; `groups` are lists tried in turn; `certificates` are
    ("pair", certificate, key) or ("chain", file...); `trust` is (CAfile, CApath); `options` are SSL_OP bits.
    With `reset_minimum` and `reset_maximum` the MTA overrides MinProtocol and MaxProtocol of openssl.cnf. `dh` are the
    parameters of DHE: C(auto) or C(built-in), then a colon and a file that is preferred to it. `suites` takes the place of
    the library's own list for TLS 1.3.

    An MTA that does something else names its `steps` instead, in order: (name, whether it gives up where the step fails,
    arguments). `_steps.py` knows their names; C(options) and C(ciphers) take what the fields say.
    """

    ciphers: str
    role: str = "server"
    level: int = 0
    options: int = 0
    excluded: tuple[int, ...] = ()
    reset_minimum: bool = True
    reset_maximum: bool = True
    groups: tuple[tuple[str, ...], ...] = ()
    certificates: tuple[tuple[str, ...], ...] = ()
    trust: tuple[str, str] = ("", "")
    dh: str = "auto"
    suites: str = ""
    steps: tuple[Step, ...] = ()

    def without_certificates(self) -> Settings:
        """The same without a certificate or key of its own."""
        steps = tuple(step for step in self.steps if step[0] not in _OF_CERTIFICATES)
        return replace(self, certificates=(), steps=steps)

    def as_question(self) -> dict[str, t.Any]:
        return {
            "do": "open",
            "ciphers": self.ciphers,
            "role": self.role,
            "level": self.level,
            "options": self.options,
            "excluded": list(self.excluded),
            "reset_minimum": self.reset_minimum,
            "reset_maximum": self.reset_maximum,
            "groups": [list(names) for names in self.groups],
            "certificates": [list(files) for files in self.certificates],
            "trust": list(self.trust),
            "dh": self.dh,
            "suites": self.suites,
            "steps": [list(step) for step in self.steps],
        }


@dataclass(frozen=True)
class Refusal:
    """The library refuses: at which stage (ciphers, suites, certificate, key, mismatch, trust, dh, unreadable), for
    what, why.
    """

    stage: str
    subject: str
    error: str


@dataclass(frozen=True)
class Bounds:
    """What is in force in a context whatever the MTA asked for: the security level, the SSL_OP bits, and the wire
    versions of the oldest and newest protocol, 0 for no bound.
    """

    level: int = 0
    options: int = 0
    oldest: int = 0
    newest: int = 0

    def outside(self) -> frozenset[Protocol]:
        """The protocols that are older than the oldest or newer than the newest."""
        newest = self.newest or max(Protocol)
        return frozenset(one for one in Protocol if not self.oldest <= one <= newest)

    @property
    def tickets(self) -> bool:
        """Whether a server may issue session tickets up to TLS 1.2: SSL_CTX_set_security_level(3ssl) says from which level on
        there are none.
        """
        return self.level < _NO_TICKETS_FROM and not self.options & _NO_TICKET

    def renegotiates(self, library: int) -> bool:
        """Whether a client may begin a new handshake in a session up to TLS 1.2: SSL_CTX_set_options(3ssl) of 1.1.1 and 3.0."""
        may = library >> 28 < 3 or bool(self.options & _MAY_RENEGOTIATE)
        return may and not self.options & _NO_RENEGOTIATION


@dataclass(frozen=True)
class Context:
    """An open context of the child: its number, the suites that its cipher string stands for, in order, and the types
    of the keys that are loaded: RSA, RSA-PSS, ECDSA, Ed25519, Ed448, DSS, other. `ignored` are
    refusals that the MTA passes over.
    """

    number: int
    ciphers: tuple[LibraryCipher, ...]
    keys: tuple[str, ...] = ()
    ignored: tuple[Refusal, ...] = ()
    bounds: Bounds = Bounds()


class Library:
    """One libssl, loaded in a child process of its own; made by `start_library`. Close it.

    `version` is the library's own text, `number` its OPENSSL_VERSION_NUMBER, `directory` where it has its
    openssl.cnf. Any sign of trouble in the child (a crash, no answer within `timeout` seconds) raises
    NotSupported: the caller reports "not determined", never "no".
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        linked: Linked,
        *,
        timeout: float,
        clock: t.Callable[[], float],
    ) -> None:
        self.linked = linked
        self.version = ""
        self.number = 0
        self.directory = ""
        self._process: subprocess.Popen[bytes] | None = process
        self._timeout = timeout
        self._clock = clock

    def greet(self, config_file: str, config_name: str) -> None:
        """Let the child load the library, and learn the version."""
        reply = self._ask(
            {
                "libssl": self.linked.libssl,
                "libcrypto": self.linked.libcrypto,
                "config_file": config_file,
                "config_name": config_name,
            }
        )
        if not reply["ok"]:
            self.close()
            raise NotSupported(
                f"{self.linked.libssl} cannot be used: {reply['stage']}: {reply['error']}."
            )
        self.version, self.number = reply["version"], reply["number"]
        self.directory = reply["directory"].partition(":")[2].strip().strip('"')

    @property
    def ended(self) -> bool:
        """Whether the child has ended, or was ended: it answers nothing more."""
        return self._process is None

    def close(self) -> None:
        """End the child; safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def open(self, settings: Settings) -> Context | Refusal:
        """Make a context; the stage of a refusal tells what the library did not accept."""
        reply = self._ask(settings.as_question())
        if not reply["ok"]:
            return _refusal(reply)
        ciphers = tuple(LibraryCipher(*one) for one in reply["ciphers"])
        return Context(
            reply["context"],
            ciphers,
            tuple(reply["keys"]),
            tuple(map(_refusal, reply["ignored"])),
            Bounds(reply["level"], reply["options"], *reply["bounds"]),
        )

    def answer(self, context: Context, received: bytes) -> bytes:
        """The bytes that a server with this context sends after these bytes of a client."""
        return self._flight({"do": "answer", "context": context.number, "received": received})

    def choices(
        self, context: Context, wanted: t.Sequence[tuple[int, bytes, t.Sequence[int]]]
    ) -> list[tuple[list[int], bytes]]:
        """For each (version, hello, suites): the suites that the server chooses one after the other, in its order, and its
        answer to a hello with all of these, empty without any.
        """
        asked = [(version, hello, list(suites)) for version, hello, suites in wanted]
        return t.cast(
            "list[tuple[list[int], bytes]]", self._asked("choices", context, asked)["found"]
        )

    def chosen(self, context: Context, wanted: t.Sequence[tuple[int, bytes]]) -> list[int]:
        """For each (version, hello): the suite that the server chooses, or 0."""
        return t.cast("list[int]", self._asked("chosen", context, list(wanted))["found"])

    def talk(
        self, context: Context, hello: bytes, retries: t.Sequence[tuple[int, bytes]]
    ) -> list[bytes]:
        """What one connection of a server sends after a hello, and after that of `retries` for the group that it asks for."""
        question = {
            "do": "talk",
            "context": context.number,
            "hello": hello,
            "wanted": list(retries),
        }
        return t.cast("list[bytes]", self._answered(question)["found"])

    def offer(self, context: Context) -> bytes:
        """The first bytes that a client with this context sends."""
        return self._flight({"do": "offer", "context": context.number, "received": b""})

    def match(self, ciphers: str) -> tuple[LibraryCipher, ...] | Refusal:
        """The suites that a cipher string stands for, in order, whatever certificates there are."""
        reply = self._ask({"do": "match", "ciphers": ciphers})
        if not reply["ok"]:
            return _refusal(reply)
        return tuple(LibraryCipher(*one) for one in reply["ciphers"])

    def load(self, kind: str, files: t.Sequence[str]) -> Refusal | None:
        """Try to load a pair (certificate, key) or a list of chain files; None if all is well."""
        reply = self._ask({"do": "load", "kind": kind, "files": list(files)})
        return None if reply["ok"] else _refusal(reply)

    def rehearsed(self, context: Context, wanted: t.Sequence[tuple[int, str]]) -> list[str]:
        """For each (version, signature schemes of the client by name, with colons): the error with which the server ends a
        whole handshake, empty where there is none.
        """
        return t.cast("list[str]", self._asked("rehearse", context, list(wanted))["found"])

    def served(self, context: Context) -> list[list[str]]:
        """The chains, in PEM, that a server sends to clients of each kind of key: those of RSA, and those of ECDSA or EdDSA."""
        return t.cast("list[list[str]]", self._asked("served", context, _KINDS)["found"])

    def _asked(self, what: str, context: Context, wanted: list[t.Any]) -> dict[str, t.Any]:
        return self._answered({"do": what, "context": context.number, "wanted": wanted})

    def _flight(self, question: dict[str, t.Any]) -> bytes:
        return t.cast(bytes, self._answered(question)["sent"])

    def _answered(self, question: dict[str, t.Any]) -> dict[str, t.Any]:
        reply = self._ask(question)
        if not reply["ok"]:
            raise NotSupported(f"{self.linked.libssl} did not answer: {reply['error']}.")
        return reply

    def _ask(self, question: dict[str, t.Any]) -> dict[str, t.Any]:
        self._send(framed(question))
        deadline = self._clock() + self._timeout
        length = int.from_bytes(self._read(4, deadline), "big")
        return t.cast("dict[str, t.Any]", marshal.loads(self._read(length, deadline)))

    def _send(self, data: bytes) -> None:
        process = self._running()
        try:
            t.cast(t.IO[bytes], process.stdin).write(data)
            t.cast(t.IO[bytes], process.stdin).flush()
        except OSError as error:
            raise self._failed("ended early") from error

    def _read(self, count: int, deadline: float) -> bytes:
        stream = t.cast(t.IO[bytes], self._running().stdout)
        data = b""
        while len(data) < count:
            patience = deadline - self._clock()
            if patience <= 0 or not select.select([stream], [], [], patience)[0]:
                raise self._failed(f"did not answer within {self._timeout:g} seconds")
            part = os.read(stream.fileno(), count - len(data))
            if not part:
                raise self._failed("ended without an answer")
            data += part
        return data

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise NotSupported(f"The process that holds {self.linked.libssl} is not running.")
        return self._process

    def _failed(self, how: str) -> NotSupported:
        process = self._process
        if process is not None:
            process.kill()
            self.close()
        code = process.returncode if process is not None else None
        return NotSupported(
            f"The process that holds {self.linked.libssl} {how} (exit code {code})."
        )


def start_library(
    linked: Linked,
    *,
    config_file: str = "default",
    config_name: str = "",
    environment: tuple[tuple[str, str], ...] = (),
    timeout: float = 10.0,
    clock: t.Callable[[], float] = time.monotonic,
) -> Library:
    """Start a child with this library, initialised from an openssl.cnf as tls_config_file and tls_config_name say, or as
    the library itself does it where these variables are in the environment.

    Raises NotSupported if the child or the library does not start.
    """
    process = interpreter(environment)
    library = Library(process, linked, timeout=timeout, clock=clock)
    library.greet(config_file, config_name)
    return library


def _refusal(reply: dict[str, t.Any]) -> Refusal:
    return Refusal(reply["stage"], reply["subject"], reply["error"])


__all__ = [
    "SERVER_PREFERENCE",
    "Bounds",
    "Context",
    "Library",
    "LibraryCipher",
    "Refusal",
    "Settings",
    "Step",
    "start_library",
]
