# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every value that a user can mistype has one sentence; what the roles have by default has none."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.postmaster.tls.plugins.plugin_utils._variables import variable_problems

ROLES = Path(__file__).resolve().parents[4] / "roles"


@pytest.mark.parametrize("role", ["postfix_tls", "sendmail_tls", "dane_rollover"])
def test_the_defaults_of_a_role_are_right(role: str) -> None:
    defaults = yaml.safe_load((ROLES / role / "defaults" / "main.yml").read_text())
    assert len(defaults) > 10
    assert variable_problems(defaults) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("mx_policy", "intermedate", "There is no policy 'intermedate'; known names: "),
        ("mx_policy", {"name": "mine"}, "Policy mine: protocols must be a list"),
        ("outbound_policy", 3, "A policy is a name or a dictionary, not a int"),
        ("timeout", "29", "29 is too short: expected 30 seconds or more"),
        ("connections", 99, "99 is out of range: expected 1 to 8"),
        ("connections", "0", "0 is out of range"),
        ("vantage", "sendr", "the inventory has no host sendr: expected the inventory name of"),
        ("vantage", "sendr", "or localhost; did you mean sender?"),
        ("parameters", "smtpd_tls_cert_file=/x", "it is not a dictionary"),
        ("access", ["Try_TLS:mx"], "it is not a dictionary"),
        ("lookup", {"resolvr": "192.0.2.1"}, "resolvr is not known: expected some of ca_file"),
        ("lookup", "resolver", "it is not a dictionary"),
        ("accept_findings", ["certificate-expird"], "did you mean certificate-expired?"),
        ("accept_findings", "x", "there is no finding x: docs/findings.md has them all."),
        ("accept_findings", "chain-incomplete,chain-incomplet", "did you mean chain-incomplete?"),
        ("accept_findings", "certificate-expired chain-incomplete", "there is no finding"),
        ("accept_findings", 5, "there is no finding 5"),
        ("accept_findings", [["chain-incomplete"]], "there is no finding ['chain-incomplete']"),
        ("timeout", None, "None is no whole number: expected seconds, 30 or more."),
        ("timeout", float("inf"), "inf is no whole number"),
        ("connections", None, "None is no whole number: expected 1 to 8."),
        ("connections", "two", "two is no whole number"),
        ("vantage", "127.0.0.2", "the inventory has no host 127.0.0.2"),
        ("vantage", None, "the inventory has no host None"),
        ("mx_name", "*.example.com", "*.example.com is no host name: expected a name as in an MX"),
        ("mx_name", "mx1;reboot", "is no host name"),
        ("mx_name", "mx1..example.com", "is no host name"),
        ("mx_name", ".example.com", "is no host name"),
        ("mx_name", ["mx1.example.com"], "is no host name"),
        ("mx_name", "192.0.2.1", "192.0.2.1 is no host name"),
        ("mx_name", "https://mx1.example.com", "is no host name: expected a name as in an MX"),
        ("mx_name", "a.example.com,b.example.com", "is no host name"),
    ],
)
def test_a_mistake(name: str, value: t.Any, said: str) -> None:
    [problem] = variable_problems({f"postfix_tls_{name}": value}, ["mx1", "sender"])
    assert problem.startswith(f"postfix_tls_{name}: ")
    assert said in problem
    assert problem[-1] in ".?"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mx_policy", None),
        ("vantage", "sender"),
        ("vantage", "localhost"),
        ("vantage", "127.0.0.1"),
        ("vantage", "::1"),
        ("mx_name", "mx1.example.com."),
        ("mx_name", "my_mx-1.EXAMPLE.com"),
        ("mx_name", "a.\N{LATIN SMALL LETTER U WITH DIAERESIS}.example"),
        ("mx_name", None),
        ("mx_name", ""),
        ("mx_name", "bücher.example"),
        ("lookup", {"validate": "self", "ca_file": "/etc/ca.pem"}),
        ("accept_findings", ["certificate-name-mismatch", "policy-unfit-certificate"]),
        ("accept_findings", "certificate-name-mismatch,policy-unfit-certificate"),
        ("accept_findings", "certificate-name-mismatch, chain-incomplete,"),
        ("accept_findings", None),
        ("accept_findings", ""),
        ("directory", 7),
    ],
)
def test_what_is_right(name: str, value: t.Any) -> None:
    assert variable_problems({f"postfix_tls_{name}": value}, ["sender"]) == []


def test_all_mistakes_are_told_at_once() -> None:
    found = variable_problems({"sendmail_tls_timeout": 1, "sendmail_tls_connections": 9})
    assert len(found) == 2
