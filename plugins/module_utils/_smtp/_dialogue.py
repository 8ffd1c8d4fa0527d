# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The dialogue of an SMTP client up to the reply to STARTTLS (RFC 5321, RFC 3207), without a socket."""

from __future__ import annotations

import re
import typing as t
from enum import Enum

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._reply import (
    MalformedReply,
    Reply,
    ReplyParser,
)

_MOST_IN_TRANSCRIPT: t.Final = 100
#: How a 4xx other than 421 says that it is about a limit, as Postfix's 454 to STARTTLS does (smtpd.c, starttls_cmd).
_LIMIT: t.Final = re.compile(r"too many|rate limit|too fast|too frequent", re.IGNORECASE)


class State(Enum):
    """What the client waits for."""

    BANNER = "banner"
    EHLO = "reply to EHLO"
    HELO = "reply to HELO"
    STARTTLS = "reply to STARTTLS"
    READY = "handshake"
    STOPPED = "nothing"


@dataclass(frozen=True)
class Stop:
    """Why there will be no handshake on this connection.

    C(reason) is one of C(throttled), C(rejected), C(ehlo-refused), C(no-starttls), C(starttls-unavailable),
    C(starttls-refused), C(malformed). C(temporary) says whether the server asked to come back.
    """

    reason: str
    detail: str
    temporary: bool = False


class Dialogue:
    """One connection's talk: bytes in, bytes out; it never speaks before its turn.

    C(lmtp) greets with LHLO (RFC 2033 section 4.1). C(injection) sends a command behind STARTTLS in the same write,
    which a server must forget (CVE-2011-0411). C(stop) is set when the talk ended without STARTTLS; C(ready) when the
    server's next bytes belong to TLS, and then C(early) has what the server sent in plaintext after that reply, which
    nobody may send there.
    """

    def __init__(self, ehlo_name: str, *, lmtp: bool = False, injection: bool = False) -> None:
        self._name = ehlo_name
        self._lmtp = lmtp
        self._injection = injection
        self._parser = ReplyParser()
        self._state = State.BANNER
        self.stop: Stop | None = None
        self.early = b""
        self.banner: str | None = None
        self.ehlo: tuple[str, ...] = ()
        self.starttls: bool | None = None
        self.transcript: list[str] = []

    @property
    def state(self) -> State:
        """What the client waits for."""
        return self._state

    @property
    def ready(self) -> bool:
        """Whether the handshake may begin."""
        return self._state is State.READY

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the server; the bytes to send now, perhaps none."""
        if self._state is State.STOPPED:
            return b""
        try:
            reply = self._parser.feed(data)
        except MalformedReply as error:
            self._end("malformed", f"{error}.")
            return b""
        if reply is None:
            return b""
        self._note(reply)
        answer = self._reply(reply)
        if self._state is State.READY:
            self.early = self._parser.rest
        elif self._parser.rest and self.stop is None:
            self._end("malformed", "The server sent a second reply before its turn.")
            return b""
        self.transcript += [f"C: {line}" for line in answer.decode("ascii").splitlines()]
        return answer

    def farewell(self) -> bytes:
        """C(QUIT), where the server still listens to commands; otherwise nothing."""
        if self.stop is None or self.stop.reason in ("malformed", "throttled"):
            return b""
        return b"QUIT\r\n"

    def _note(self, reply: Reply) -> None:
        room = _MOST_IN_TRANSCRIPT - len(self.transcript)
        last = len(reply.lines) - 1
        for number, line in enumerate(reply.lines[: max(room, 0)]):
            separator = " " if number == last else "-"
            self.transcript.append(f"S: {reply.code}{separator}{line}")

    def _reply(self, reply: Reply) -> bytes:
        if reply.code == 421 or (reply.kind == 4 and _LIMIT.search(reply.text)):
            return self._end("throttled", f"The server answered {reply.text}", temporary=True)
        handlers: dict[State, t.Callable[[Reply], bytes]] = {
            State.BANNER: self._on_banner,
            State.EHLO: self._on_ehlo,
            State.HELO: self._on_helo,
            State.STARTTLS: self._on_starttls,
        }
        return handlers[self._state](reply)

    def _on_banner(self, reply: Reply) -> bytes:
        self.banner = reply.text
        if reply.code == 220:
            self._state = State.EHLO
            return f"{'LHLO' if self._lmtp else 'EHLO'} {self._name}\r\n".encode("ascii")
        if reply.kind == 4:
            return self._end("throttled", f"The server greeted with {reply.text}", temporary=True)
        return self._end("rejected", f"The server greeted with {reply.text}")

    def _on_ehlo(self, reply: Reply) -> bytes:
        if reply.code == 250:
            self.ehlo = reply.lines
            keywords = {line.split(" ", 1)[0].upper() for line in reply.lines[1:]}
            self.starttls = "STARTTLS" in keywords
            if self.starttls:
                self._state = State.STARTTLS
                return b"STARTTLS\r\nNOOP\r\n" if self._injection else b"STARTTLS\r\n"
            return self._end("no-starttls", "The server does not offer STARTTLS")
        if reply.kind == 5 and not self._lmtp:
            self._state = State.HELO
            return f"HELO {self._name}\r\n".encode("ascii")
        temporary, verb = reply.kind == 4, "LHLO" if self._lmtp else "EHLO"
        return self._end(
            "ehlo-refused", f"The server answered {verb} with {reply.text}", temporary=temporary
        )

    def _on_helo(self, reply: Reply) -> bytes:
        if reply.code == 250:
            self.starttls = False
            return self._end("no-starttls", "The server knows no EHLO, and so no STARTTLS")
        detail = f"The server answered EHLO and HELO with {reply.text}"
        return self._end("ehlo-refused", detail, temporary=reply.kind == 4)

    def _on_starttls(self, reply: Reply) -> bytes:
        if reply.code == 220:
            self._state = State.READY
            return b""
        detail = f"The server offers STARTTLS and answered it with {reply.text}"
        if reply.kind == 4:
            return self._end("starttls-unavailable", detail, temporary=True)
        return self._end("starttls-refused", detail)

    def _end(self, reason: str, detail: str, *, temporary: bool = False) -> bytes:
        self._state = State.STOPPED
        self.stop = Stop(reason, detail if detail.endswith(".") else f"{detail}.", temporary)
        return b""


__all__ = ["Dialogue", "State", "Stop"]
