# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Fields off the bytes of a message, one after the other."""

from __future__ import annotations


class MalformedMessage(Exception):
    """Bytes that are no message of this protocol; the text says what is wrong with them."""


class Cursor:
    """Reads fields off a message; each read past its end raises MalformedMessage.

    C(what) names the message in the text of that error.
    """

    def __init__(self, content: bytes, what: str) -> None:
        self._content = content
        self._at = 0
        self._what = what

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._content):
            raise MalformedMessage(f"The {self._what} ends within a field")
        taken = self._content[self._at : end]
        self._at = end
        return taken

    def number(self, width: int) -> int:
        start, self._at = self._at, self._at + width
        if self._at > len(self._content):
            self._at = start
            raise MalformedMessage(f"The {self._what} ends within a field")
        return int.from_bytes(self._content[start : self._at], "big")

    def vector(self, width: int) -> bytes:
        return self.take(self.number(width))

    def end(self) -> None:
        """Raises MalformedMessage if anything follows."""
        if self.left:
            raise MalformedMessage(f"The {self._what} is {self.left} bytes too long")

    @property
    def left(self) -> int:
        return len(self._content) - self._at


__all__ = ["Cursor", "MalformedMessage"]
