# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Strategies: generators that ask a server questions without knowing how the questions travel.

A strategy yields a Question and is sent its Answer, or yields a Fork and is sent the results of its
branches, which a driver may run at the same time; a Width asks how many. What it returns is its result. The same strategies run
over a network and against a library in memory.
"""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import Answer
from ansible_collections.postmaster.tls.plugins.module_utils._tls._exchange import Exchange

R = t.TypeVar("R")


@dataclass(frozen=True)
class Fork:
    """Branches that do not depend on each other; the answer is the tuple of their results, in this order."""

    branches: tuple[t.Generator[t.Any, t.Any, t.Any], ...]


@dataclass(frozen=True)
class Width:
    """Asks how many questions the driver can have under way at once, which grows with the way to the server."""


USUAL_WIDTH: t.Final = 4


class Question(t.Protocol):
    """What a strategy may yield beside a Fork and a Width: a ClientHello, a FullHandshake, whatever makes an exchange."""

    def exchange(self) -> Exchange:
        """The talk that answers it, afresh at each call."""


Strategy = t.Generator[t.Union[Question, Fork, Width], t.Any, R]


def drive(strategy: t.Generator[t.Any, t.Any, R], ask: t.Callable[[t.Any], Answer]) -> R:
    """The result of a strategy, one question after the other, through a function that answers a question."""
    reply: t.Any = None
    while True:
        try:
            question = strategy.send(reply)
        except StopIteration as stop:
            return t.cast(R, stop.value)
        if isinstance(question, Width):
            reply = USUAL_WIDTH
        elif isinstance(question, Fork):
            reply = tuple(drive(branch, ask) for branch in question.branches)
        else:
            reply = ask(question)


__all__ = ["USUAL_WIDTH", "Fork", "Question", "Strategy", "Width", "drive"]
