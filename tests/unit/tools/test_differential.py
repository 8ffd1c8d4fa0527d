# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import contextlib
import json
import sys
import typing as t
from pathlib import Path

import differential
import pytest
from differential import Tally, main, prove
from mtadiff.configuration import Configuration
from mtadiff.proofs import Judged

SOUND = Judged(Configuration("sound", {}), {}, [])
WRONG = Judged(Configuration("wrong", {}), {}, ["predicted but not seen: TLSv1.3"])


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Judged]]:
    """What each proof yields, without a host."""
    found: dict[str, list[Judged]] = {"compared": [SOUND], "undone": [SOUND], "scanned": [SOUND]}
    monkeypatch.setattr(differential, "compared", lambda *_all: iter([found["compared"]]))
    for name in ("undone", "scanned"):
        monkeypatch.setattr(differential, name, lambda *_all, of=name, **_more: iter(found[of]))
    return found


def tally(**asked: int) -> Tally:
    options = {"count": 1, "seed": 1, "undo": 1, "sslscan": 1, **asked}
    return prove(None, "trixie", argparse.Namespace(**options))


def test_what_is_tried_and_equal_is_proved(results: dict[str, list[Judged]]) -> None:
    found = tally()
    assert found.proved
    assert str(found) == "1 of 1 predictions, 1 of 1 undone settings, 1 of 1 sslscans"
    assert results


@pytest.mark.parametrize("proof", ["compared", "undone", "scanned"])
def test_a_disagreement_of_any_proof_is_no_success(
    results: dict[str, list[Judged]], proof: str
) -> None:
    results[proof].append(WRONG)
    assert not tally().proved


@pytest.mark.parametrize("proof", ["compared", "undone", "scanned"])
def test_what_was_asked_for_and_not_tried_is_no_success(
    results: dict[str, list[Judged]], proof: str
) -> None:
    results[proof].clear()
    found = tally()
    assert not found.proved
    assert "0 of 0" in str(found)


def test_what_was_not_asked_for_is_not_missed(results: dict[str, list[Judged]]) -> None:
    results["undone"].clear()
    results["scanned"].clear()
    assert tally(undo=0, sslscan=0).proved


def test_nothing_at_all_proves_nothing() -> None:
    assert not Tally().proved


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The whole program, without containers."""

    @contextlib.contextmanager
    def no_host(*_all: t.Any, **_more: t.Any) -> t.Iterator[None]:
        yield None

    monkeypatch.setattr(differential.postfix_host, "podman_for", lambda _releases: None)
    monkeypatch.setattr(differential.postfix_host, "host_of", no_host)
    monkeypatch.setattr(differential.sendmail_host, "host_of", no_host)
    monkeypatch.setattr(sys, "argv", ["differential.py", *words])
    return main()


def test_the_report_is_whole_and_closed_when_the_program_ends(
    results: dict[str, list[Judged]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that is never closed is a ResourceWarning, which is an error in these tests."""
    results["compared"].append(WRONG)
    report = tmp_path / "report.json"
    assert run(monkeypatch, "--report", str(report), "trixie", "sid-sendmail") == 1
    names = [json.loads(line)["name"] for line in report.read_text().splitlines()]
    assert names == ["sound", "wrong"] * 2


def test_one_release_that_is_not_proved_makes_the_status(
    results: dict[str, list[Judged]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, "trixie", "trixie-sendmail") == 0
    assert capsys.readouterr().out.count("as predicted 1 of 1 predictions") == 2
    results["scanned"].clear()
    assert run(monkeypatch, "trixie", "trixie-sendmail") == 1
