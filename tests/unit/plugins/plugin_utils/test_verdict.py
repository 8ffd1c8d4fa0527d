# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils import _verdict
from ansible_collections.postmaster.tls.plugins.plugin_utils._verdict import probe_verdict

TARGET = {"label": "smtp/inet at 198.51.100.11 port 25", "service": {"name": "smtp/inet"}}


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    answer: dict[str, Any] = {"agrees": True, "disagreements": [], "not_determined": []}
    monkeypatch.setattr(_verdict, "agreement", lambda *_args, **_more: answer)
    return answer


@pytest.mark.usefixtures("compared")
def test_agreement_is_proof() -> None:
    verdict = probe_verdict({"reached": True}, TARGET)
    assert verdict == {"label": TARGET["label"], "agrees": True, "message": ""}


def test_what_was_not_determined_is_no_proof(compared: dict[str, Any]) -> None:
    compared.update(agrees=None, not_determined=["ciphers of TLSv1.2: throttled"])
    verdict = probe_verdict({"reached": True}, TARGET)
    assert verdict["agrees"] is False
    assert verdict["message"].endswith("port 25: not determined: ciphers of TLSv1.2: throttled")


def test_a_disagreement_is_named(compared: dict[str, Any]) -> None:
    compared.update(
        agrees=False, disagreements=[{"message": "TLSv1 is accepted and was not predicted"}]
    )
    assert "TLSv1 is accepted" in probe_verdict({"reached": True}, TARGET)["message"]


def test_a_host_that_is_not_reached_is_no_proof_whatever_is_expected() -> None:
    for expect in ("agreement", "reached"):
        verdict = probe_verdict({"reached": False, "reason": "refused"}, TARGET, expect=expect)
        assert verdict["agrees"] is False
        assert "not reached: refused" in verdict["message"]


@pytest.mark.parametrize("reached", [False, None])
def test_a_host_that_was_not_reached_for_no_known_reason_is_no_proof(reached: bool | None) -> None:
    verdict = probe_verdict({"reached": reached, "reason": None}, TARGET)
    assert verdict["agrees"] is False
    assert verdict["message"].endswith("not reached: no reason was given")


def test_reached_is_enough_when_nothing_more_is_expected() -> None:
    assert probe_verdict({"reached": True}, TARGET, expect="reached")["agrees"] is True


def test_a_probe_that_did_not_run_says_why() -> None:
    verdict = probe_verdict({"failed": True, "msg": "no such option"}, TARGET)
    assert verdict["agrees"] is False
    assert "no such option" in verdict["message"]


def test_the_target_is_taken_from_the_loop_item() -> None:
    result = {"reached": False, "reason": "timeout", "ansible_loop_var": "item", "item": TARGET}
    assert probe_verdict(result)["label"] == TARGET["label"]
