# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One configuration of a sendmail: the lines about TLS of its sendmail.cf."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

import mtadiff.configuration
from mtadiff.sendmail.spelling import Spelling

DIRECTORY = "/etc/mail/diff"
#: Another program than the installed one has no group of its own, so that OpenSSL heeds its environment.
PROGRAMS = {"installed": "/usr/sbin/sendmail", "plain": f"{DIRECTORY}/sendmail"}
FIRST_PORT = 2501
ADDRESS = "127.0.0.1"
SUFFIX = "-sendmail"
RELEASES = tuple(f"{release}{SUFFIX}" for release in mtadiff.configuration.RELEASES)


def _option_of(line: str) -> str:
    return line[2:].partition("=")[0] if line.startswith("O ") else ""


@dataclass(frozen=True)
class Configuration:
    """A name that leads back to how it was made, the lines, which program reads them, and whether TLS begins at once.

    `features` is what the access map says for everybody, `spelling` the seed of how the lines are written; without one
    they are written as they are. `address` is 127.0.0.1, or another name of it.
    """

    name: str
    lines: tuple[str, ...]
    program: str = "installed"
    implicit: bool = False
    features: str = ""
    spelling: str = ""
    address: str = ADDRESS

    @property
    def overrides(self) -> dict[str, str]:
        """The lines, numbered, and what else matters."""
        told = {str(number): line for number, line in enumerate(self.lines)}
        more = {"features": self.features, "spelling": self.spelling, "address": self.address}
        return {**told, "program": self.program, "implicit": str(self.implicit), **more}

    def with_changes(self, name: str, options: t.Mapping[str, t.Sequence[str]]) -> Configuration:
        """Return the same with other values of these options; without values an option is gone."""
        kept = [line for line in self.lines if _option_of(line) not in options]
        added = [f"O {option}={value}" for option, values in options.items() for value in values]
        return replace(self, name=name, lines=(*kept, *added))

    def values(self, option: str) -> list[str]:
        """Return the values of an option, in order."""
        return [line.partition("=")[2] for line in self.lines if _option_of(line) == option]

    def task(self, port: int) -> dict[str, t.Any]:
        """Return what the host has to be told."""
        modifiers = ", M=s" if self.implicit else ""
        daemon = f"O DaemonPortOptions=Name=D{port}, Addr={self.address}, Port={port}{modifiers}"
        lines, ends = (*self.lines, daemon), "\n"
        if self.spelling:
            spelling = Spelling(self.spelling)
            lines, ends = tuple(spelling.line(one) for one in lines), spelling.ends
        return {
            "port": port,
            "lines": list(lines),
            "ends": ends,
            "program": PROGRAMS[self.program],
            "implicit": self.implicit,
            "features": self.features,
        }
