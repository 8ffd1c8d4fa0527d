# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""SMTP replies from bytes that arrive in pieces of any size (RFC 5321 section 4.2)."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

MOST_BYTES: t.Final = 64 * 1024
_MOST_REMEMBERED: t.Final = 1024
_MOST_IN_LINE: t.Final = 8 * 1024
#: Twice the longest reply line that RFC 5321 section 4.5.3.1.5 allows.
_MOST_IN_TEXT: t.Final = 1024
#: How servers of other protocols begin to speak (RFC 4253 section 4.2, RFC 1939 section 3, RFC 9051 section 7.1, RFC 9112, RFC 8446).
_OTHERS: t.Final = (
    (b"SSH-", "This is an SSH server"),
    (b"+OK", "This is a POP3 server"),
    (b"* OK", "This is an IMAP server"),
    (b"HTTP/", "This is a web server"),
    (b"\x15\x03", "This server speaks TLS from its first byte"),
)


class MalformedReply(Exception):
    """Bytes that are no SMTP reply; the text says what is wrong with them."""


@dataclass(frozen=True)
class Reply:
    """One reply of one or more lines; C(lines) are the texts without code, separator and line end."""

    code: int
    lines: tuple[str, ...]

    @property
    def kind(self) -> int:
        """The first digit: 2 done, 3 go on, 4 not now, 5 no."""
        return self.code // 100

    @property
    def text(self) -> str:
        """The reply as people read it in a log, cut where nobody reads on."""
        text = f"{self.code} {' / '.join(self.lines)}"
        return text if len(text) <= _MOST_IN_TEXT else f"{text[:_MOST_IN_TEXT]} ..."


def printable(text: str) -> str:
    """The text with everything escaped that a terminal would obey instead of showing it."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class ReplyParser:
    """Give it what the socket gives; it returns a reply as soon as it is complete, and keeps what follows it.

    A line ends at LF, with or without CR before it, as every sending MTA reads it. Raises MalformedReply for a
    line without a three-digit code from 200 to 599, for a reply whose lines differ in their codes, and for one
    that has no end.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._code: int | None = None
        self._lines: list[str] = []
        self._size = 0

    @property
    def rest(self) -> bytes:
        """The bytes that have arrived after the last complete line."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> Reply | None:
        """Take the next bytes; the first reply that is complete now, or None."""
        if not self._buffer and self._code is None and len(data) <= _MOST_REMEMBERED:
            reply = _whole(bytes(data))
            if reply is not None:
                return reply
        self._buffer += data
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if end < 0:
                self._searched = len(self._buffer)
                self._bound(len(self._buffer))
                return None
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            self._searched = 0
            reply = self.line(line)
            if reply is not None:
                return reply

    def _bound(self, length: int) -> None:
        if length > _MOST_IN_LINE:
            raise MalformedReply(f"A reply line is over {_MOST_IN_LINE} bytes long")
        if self._size + length > MOST_BYTES:
            raise MalformedReply(f"A reply is over {MOST_BYTES} bytes long")

    def line(self, line: bytes) -> Reply | None:
        """Take one line without its end."""
        self._bound(len(line))
        code, last, text = _parts(line)
        if self._code not in (None, code):
            raise MalformedReply(f"A reply goes on with another code: {_shown(line)}")
        self._code = code
        self._size += len(line) + 1
        self._lines.append(text)
        if not last:
            return None
        reply = Reply(code, tuple(self._lines))
        self._code, self._lines, self._size = None, [], 0
        return reply


@functools.lru_cache(maxsize=64)
def _whole(data: bytes) -> Reply | None:
    """The reply that these bytes are, if they are one and no more: a server says the same on each connection."""
    parser, lines = ReplyParser(), data.split(b"\n")
    if lines.pop() or not lines:
        return None
    reply = None
    try:
        for line in lines:
            if reply is not None:
                return None
            reply = parser.line(line.rstrip(b"\r"))
    except MalformedReply:
        return None
    return reply


def _parts(line: bytes) -> tuple[int, bool, str]:
    """Code, whether it is the last line, and text."""
    digits, separator = line[:3], line[3:4]
    if len(digits) < 3 or not digits.isdigit() or not b"200" <= digits < b"600":
        raise MalformedReply(f"{_other(line)}: {_shown(line)}")
    if separator not in (b"", b" ", b"-"):
        raise MalformedReply(f"Neither a space nor a hyphen follows the code: {_shown(line)}")
    text = printable(line[4:].decode("utf-8", "backslashreplace"))
    return int(digits), separator != b"-", text


def _shown(line: bytes) -> str:
    return ascii(line[:64].decode("latin-1"))


def _other(line: bytes) -> str:
    told = next((said for start, said in _OTHERS if line.startswith(start)), None)
    return f"{told}, and no SMTP" if told else "A line does not begin with a reply code"


__all__ = ["MOST_BYTES", "MalformedReply", "Reply", "ReplyParser", "printable"]
