# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How people write the lines of a sendmail.cf: blanks, comments, lines that go on in the next one, and the ends of lines.

Not every spelling means the same to sendmail; what it makes of one is for the facts to know.
"""

from __future__ import annotations

import random
import re

_SEPARATOR = re.compile(r"[,: ]+")
_COMMENTS = ("# text", "   # text", "\t#text", " # O CipherList=NULL")


class Spelling:
    """One way of writing: the same lines are written alike from the same seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self.ends = "\r\n" if random.Random(seed).random() < 0.5 else "\n"

    def line(self, line: str) -> str:
        """Write a line of another kind than O as it is."""
        name, equals, value = line.removeprefix("O ").partition("=")
        if not (line.startswith("O ") and equals):
            return line
        lots = random.Random(f"{self._seed} {line}")
        if lots.random() < 0.2:
            name = lots.choice((name.lower(), name.upper()))
        if lots.random() < 0.3:
            equals = lots.choice((" =", "= ", "  =  "))
        value = self._value(value, lots)
        comment = lots.choice(_COMMENTS) if lots.random() < 0.25 else ""
        return f"O {name}{equals}{value}{comment}"

    @staticmethod
    def _value(value: str, lots: random.Random) -> str:
        places = [found.end() for found in _SEPARATOR.finditer(value)]
        if not places or lots.random() > 0.3:
            return value
        place = lots.choice(places)
        comment = lots.choice(("", "", " # text"))
        return f"{value[:place]}{comment}\n{lots.choice((' ', chr(9), '    '))}{value[place:]}"
