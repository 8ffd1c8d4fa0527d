# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._run import (
    Ahead,
    Completed,
    json_text,
    run,
    showable,
)


def test_what_a_command_prints_can_be_sent_as_json_whatever_its_bytes() -> None:
    done = run(["/usr/bin/printf", r"gr\303\274n \377"])
    shown = showable({"out": [done.stdout], "pair": (done.stdout, None, 1, True)})
    assert shown == {"out": ["grün \\xff"], "pair": ["grün \\xff", None, 1, True]}
    json.dumps(shown, ensure_ascii=False).encode("utf-8")


def test_the_text_of_all_facts_is_json_whatever_their_bytes() -> None:
    plain, odd = {"name": "grün", "more": [1, None]}, ["\udcff"]
    assert json.loads(json_text(plain)) == plain
    assert json.loads(json_text(odd)) == ["\\xff"]


def test_a_command_that_was_begun_runs_once_and_its_answer_is_given_once() -> None:
    asked: list[list[str]] = []

    def noting(command: t.Sequence[str]) -> Completed:
        asked.append(list(command))
        return Completed(0, f"{len(asked)}", "")

    ahead = Ahead(noting)
    ahead.begin([["one"]])
    assert ahead(["other"]).code == 0
    assert ahead(["one"]).stdout in ("1", "2")
    assert sorted(asked) == [["one"], ["other"]]
    assert ahead(["one"]).stdout == "3"
