# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._history import (
    PARAMETERS,
    default_of,
    exists,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.tests.support.postfix_host import HISTORY

ROOT = Path(__file__).resolve().parents[5]


@pytest.mark.parametrize("parameter", sorted(HISTORY["parameters"]))
def test_the_table_says_what_the_recorded_history_says(parameter: str) -> None:
    for first, default in HISTORY["parameters"][parameter]:
        version = PostfixVersion.parse(first)
        assert exists(parameter, version) is (default is not None)
        literal = default is not None and not default.startswith("(")
        assert default_of(parameter, version) == (default if literal else None)


def test_the_table_is_made_from_the_recorded_history() -> None:
    tool = ROOT / "tests/tools/make_history.py"
    assert subprocess.run([sys.executable, str(tool), "check"], check=False).returncode == 0


@pytest.mark.parametrize(
    ("parameter", "version", "default"),
    [
        ("smtpd_tls_protocols", "2.6.6", ""),
        ("smtpd_tls_protocols", "2.9.13", ""),
        ("smtpd_tls_protocols", "2.9.14", "!SSLv2, !SSLv3"),
        ("smtpd_tls_protocols", "2.10.7", ""),
        ("smtpd_tls_protocols", "3.5.27", "!SSLv2, !SSLv3"),
        ("smtpd_tls_protocols", "3.6.0", ">=TLSv1"),
        ("smtpd_tls_ciphers", "3.0.1", "export"),
        ("smtpd_tls_ciphers", "3.0.2", "medium"),
        ("smtpd_tls_wrappermode", "3.11.6", "no"),
        ("tlsproxy_tls_ciphers", "3.10.13", "$smtpd_tls_ciphers"),
        ("tls_eecdh_auto_curves", "3.10.13", None),
        ("no_such_parameter", "3.10.13", None),
    ],
)
def test_defaults_known_from_the_release_notes(
    parameter: str, version: str, default: str | None
) -> None:
    assert default_of(parameter, PostfixVersion.parse(version)) == default


@pytest.mark.parametrize(
    ("parameter", "before", "first"),
    [
        ("smtpd_tls_protocols", "2.5.17", "2.6.0"),
        ("tls_preempt_cipherlist", "2.7.16", "2.8.0"),
        ("tls_eecdh_auto_curves", "3.1.15", "3.2.0"),
        ("smtpd_tls_chain_files", "3.3.22", "3.4.0"),
        ("tls_config_file", "3.5.19", "3.5.20"),
        ("tls_config_file", "3.8.0", "3.8.1"),
        ("tls_ffdhe_auto_groups", "3.7.22", "3.8.0"),
        ("smtp_tls_enforce_sts_mx_patterns", "3.10.4", "3.10.5"),
        ("tls_trust_server_ccerts", "3.11.6", "3.12-20260821"),
    ],
)
def test_when_a_parameter_arrived(parameter: str, before: str, first: str) -> None:
    assert not exists(parameter, PostfixVersion.parse(before))
    assert exists(parameter, PostfixVersion.parse(first))


def test_a_name_that_nobody_knows_does_not_exist() -> None:
    assert "no_such_parameter" not in PARAMETERS
    assert not exists("no_such_parameter", PostfixVersion.parse("3.11.6"))
