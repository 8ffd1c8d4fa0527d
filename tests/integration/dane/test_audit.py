# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 2 in an audit: the certificate was rotated, its TLSA records were not."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.support.dane_audit import audited, stale
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab

pytestmark = pytest.mark.lab


def test_an_audit_names_the_record_and_the_certificate(lab: DaneLab, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    report, page = audited(lab, tmp_path / "before")
    assert report["probes"][0]["message"] == "ok"
    assert "stale-tlsa" not in page
    published = lab.digest("/etc/postfix/tls/first/mx1.crt")
    serving = lab.digest("/etc/postfix/tls/next/mx1.crt").rpartition(" ")[2]
    lab.reset("case2")
    try:
        report, page = audited(lab, tmp_path / "after")
    finally:
        lab.reset()
    on_disk = stale(report["mta_tls"]["findings"])
    served = stale(report["probes"][0]["findings"])
    assert (len(on_disk), len(served)) == (2, 4)
    assert any(published in one and serving in one and "/etc/postfix/tls" in one for one in on_disk)
    assert any(published in one and serving in one and ":25 shows" in one for one in served)
    assert report["counts"]["critical"] == 1
    assert "stale-tlsa" in page
    assert serving in page
    assert "Mail from everybody else flows, so nobody notices" in " ".join(page.split())
