# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A saved file that cannot be understood has one sentence with its name, and nothing of its text."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.postmaster.tls.plugins.plugin_utils._saved_file import saved_problems

WHOLE = {
    "version": "2.6.6",
    "main": "relay_password = Tiger\n",
    "master": "smtp inet n - n - - smtpd\n",
    "complete": True,
}


@pytest.mark.parametrize(
    "whole",
    [
        WHOLE,
        {**WHOLE, "version": 3.1, "parameters": None, "files": {"/etc/mx.pem": "x"}},
        {"sendmail_cf": "V10/Berkeley\n", "sendmail_build": "Version 8.17.1\n"},
    ],
)
def test_what_can_be_understood_has_no_problem(whole: dict[str, object]) -> None:
    assert saved_problems(yaml.safe_dump(whole), "mx.yml") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("secret Tiger", "it is plain text"),
        ("- Tiger\n", "it is a list"),
        ("# nothing\n", "it is empty"),
        ("main: Tiger\nnot: [Tiger\n", "it is not YAML, see line 3"),
        ("main: Tiger\0\n", "it is not YAML"),
        ("when: 2026-99-99\n", "it is not YAML"),
        (
            "relay_password = Tiger\nbiff = no\nmyhostname = mx\n",
            "it looks like a main.cf or the output of postconf alone",
        ),
        ("main: Tiger = x\n", "it has no master, so it may be cut off"),
        ("main: Tiger = x\nmaster:\n", "it has no master, so it may be cut off"),
        ("sendmail_build: Tiger\n", "it has no sendmail_cf, so it may be cut off"),
        ("version: '3.7'\n", "it has nothing of a mail server in it"),
        ("{a: Tiger, b: 1, c: 1, d: 1, e: 1}", "it has a, b, c and 2 more, which nobody"),
        ("main: [Tiger]\nmaster: x\n", "its main is of another kind"),
        ("main: x\nmaster: x\nfiles: Tiger\n", "its files is of another kind"),
    ],
)
def test_what_cannot_be_understood_is_told_by_its_name_and_without_its_text(
    text: str, said: str
) -> None:
    (problem,) = saved_problems(text, "/home/me/mx.yml")
    assert problem.startswith(f"/home/me/mx.yml: {said}")
    assert "docs/offline.md" in problem
    assert "Tiger" not in problem
