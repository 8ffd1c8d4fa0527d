# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three proofs on one host: prediction and probe, settings undone, and sslscan."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from mtadiff import compare, scanner, undo, undo_postfix
from mtadiff.configuration import FIRST_PORT, Configuration, Told
from mtadiff.host import Host

AT_ONCE = 60


@dataclass(frozen=True)
class Judged:
    """A configuration, what facts and probe say of it, and where they disagree with what is expected."""

    configuration: Configuration
    told: Told
    complaints: list[str]


def compared(
    host: Host, configurations: t.Sequence[Configuration], *, deep: bool = True
) -> t.Iterator[list[Judged]]:
    """Load the configurations, a part of them at a time, and compare."""
    options = {} if deep else {"deep": False}
    for start in range(0, len(configurations), AT_ONCE):
        batch = configurations[start : start + AT_ONCE]
        yield [
            Judged(one, told, compare.disagreements(told))
            for one, told in zip(batch, host.judge(batch, **options), strict=True)
        ]


def undone(
    host: Host,
    judged: t.Sequence[Judged],
    *,
    count: int,
    most: int | None = None,
    trials_of: t.Callable[..., list[t.Any]] = undo_postfix.trials,
) -> t.Iterator[Judged]:
    """Undo what the facts blame, in the first configurations that have TLS; `most` trials of each, by default all."""
    suitable = [one for one in judged if compare.seen_suites(one.told["seen"])]
    for start in range(0, min(count, len(suitable)), 5):
        before: list[dict[str, list[str]]] = []
        trials: list[t.Any] = []
        for one in suitable[start : min(start + 5, count)]:
            made = trials_of(one.configuration, one.told["predicted"], most=most)
            trials += made
            before += [compare.seen_suites(one.told["seen"])] * len(made)
        results = (
            one
            for batch in compared(host, [trial.configuration for trial in trials], deep=False)
            for one in batch
        )
        for trial, old, result in zip(trials, before, results, strict=True):
            new = compare.seen_suites(result.told["seen"])
            found = [*result.complaints, *undo.complaints(trial, old, new)]
            yield Judged(result.configuration, result.told, found)


def scanned(host: Host, judged: t.Sequence[Judged], *, count: int) -> t.Iterator[Judged]:
    """Let sslscan look at the first configurations whose suites it can see."""
    suitable = [one for one in judged if scanner.can_see(one.told)][:count]
    if not suitable:
        return
    host.load([one.configuration for one in suitable])
    for port, one in enumerate(suitable, FIRST_PORT):
        found = scanner.scan(host, port, implicit=one.configuration.implicit)
        complaints = (
            ["sslscan gives up"]
            if found is None
            else scanner.disagreements(one.told["predicted"], found)
        )
        yield Judged(one.configuration, one.told, complaints)
