# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runner that answers only the commands of its script: an unexpected command fails the test."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed

FIXTURES: t.Final = Path(__file__).resolve().parent.parent / "fixtures" / "postfix"


class ScriptedCommands:
    """Answers by the words after the name of the command; `asked` are the commands in order."""

    def __init__(self, answers: t.Mapping[tuple[str, ...], Completed]) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, command: t.Sequence[str]) -> Completed:
        words = (command[0].rpartition("/")[2], *command[1:])
        self.asked.append(words)
        if words not in self.answers:
            raise AssertionError(f"the script has no answer to {words}")
        return self.answers[words]


def text_of(version: str, name: str) -> str:
    """What a command of a real Postfix of this version printed; the fixtures say which."""
    return (FIXTURES / version / name).read_text(encoding="utf-8")


def said(stdout: str, stderr: str = "") -> Completed:
    return Completed(0, stdout, stderr)


def postfix_answers(
    version: str, directory: str, replacing: t.Mapping[str, str] | None = None
) -> dict[tuple[str, ...], Completed]:
    """The answers of the postconf of a recorded Postfix; `replacing` puts other texts into its parameters."""
    everything, main = text_of(version, "all.txt"), text_of(version, "n.txt")
    for old, new in (replacing or {}).items():
        everything = everything.replace(old, new)
    return {
        ("postconf", "-c", directory): said(everything),
        ("postconf", "-c", directory, "-n"): said(main, text_of(version, "n.err")),
        ("postconf", "-c", directory, "-M"): said(text_of(version, "M.txt")),
        ("postconf", "-c", directory, "-T", "compile-version"): said("OpenSSL 3.6.5 2 Jun 2026\n"),
    }
