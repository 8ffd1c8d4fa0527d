# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The results of many targets: kept in order, and written to a file as they come."""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import Probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report

_EVERY: t.Final = 25

Data = dict[str, t.Any]


class Batch:
    """Takes each probe as it finishes: C(told) is for C(probe_all).

    Each result is appended to C(lines), a JSON object a line, and C(say) hears a sentence now and then. Where a line cannot
    be written no other is tried, and C(fault) says so in a sentence.
    """

    def __init__(
        self, targets: int, *, lines: t.TextIO | None, say: t.Callable[[str], None] | None
    ) -> None:
        self._targets = targets
        self._lines = lines
        self._say = say
        self._results: dict[tuple[int, int], Data] = {}
        self.fault: str | None = None

    def told(self, position: int, part: int, probe: Probe) -> None:
        """The target at a position, or one address of it, is done."""
        result = report(probe)
        self._results[position, part] = result
        if self._lines is not None and self.fault is None:
            self._write(self._lines, _line(position, result))
        if self._say is not None and (len(self._results) % _EVERY == 0 or self._targets == 1):
            reached = sum(one["reached"] is True for one in self._results.values())
            self._say(
                f"{len(self._results)} results of {self._targets} targets, {reached} reached."
            )

    def close(self) -> None:
        """No more results will come."""
        if self._lines is not None:
            with contextlib.suppress(OSError):
                self._lines.close()

    def _write(self, lines: t.TextIO, line: str) -> None:
        try:
            lines.write(line)
            lines.flush()
        except OSError as error:
            self.fault = (
                f"The results_file could not be written from result {len(self._results)} on: {error.strerror}. "
                "It is incomplete; the results that the task returns are not."
            )

    def results(self) -> list[Data]:
        """In the order of the targets; each has its C(_position)."""
        return [{**self._results[place], "_position": place[0]} for place in sorted(self._results)]


def _line(position: int, result: Data) -> str:
    """One result as a line, with its raw chains: nobody else will describe them."""
    shown = {key: value for key, value in result.items() if not key.startswith("_")}
    chains = {"chains": result["_chains"], "chains_without_sni": result["_nameless_chains"]}
    return json.dumps({"target": position + 1, **shown, **chains}) + "\n"


def appended(path: str) -> t.TextIO:
    """A file to append results to. Raises InvalidInput when it cannot be written."""
    try:
        return open(path, "a", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"The results_file {path} cannot be written where the module runs: {error.strerror}."
        ) from None


__all__ = ["Batch", "appended"]
