# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few servers of `make rightness`: the probe says what one connection for each possible answer says."""

from __future__ import annotations

import os
import shutil
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.tests.integration.rightness import compare, page, servers
from ansible_collections.postmaster.tls.tests.support.server_park import Park

pytestmark = pytest.mark.lab

CONFIGURATIONS = ("loose", "server order, ChaCha first", "one curve")
SSLSCAN = shutil.which("sslscan")


@pytest.fixture(scope="module")
def park() -> t.Iterator[Park]:
    if os.geteuid():
        pytest.skip("the servers listen to port 25 and need root")
    with Park("pmtls-sample") as running:
        yield running


@pytest.fixture(scope="module")
def postfix(park: Park) -> servers.Group:
    group = next(group for group in servers.groups() if group.name == "postfix-bookworm")
    compare.start(park, group, "")
    return group


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_probe_agrees_with_the_truth(
    park: Park, postfix: servers.Group, configuration: str
) -> None:
    server = next(s for s in postfix.servers if s.name.endswith(configuration))
    programs = {"sslscan": SSLSCAN} if SSLSCAN else {}
    tree = str(Path(os.environ["ANSIBLE_COLLECTIONS_PATH"]))
    row = compare.compare(park, server, programs, tree=tree, codes="known")
    ours = [found for found in row["differences"] if found["tool"] == compare.OURS]
    assert not ours, page.brief(row)
    assert row["suites"]["TLSv1.2"] > 10
    assert not row["undetermined"]
    assert not row["cut"]


def test_a_difference_is_told() -> None:
    truth = {
        "suites": {"TLSv1.2": [0x002F, 0x0035]},
        "groups": {},
        "decides": {"TLSv1.2": "server"},
        "order": {"TLSv1.2": [0x0035, 0x002F]},
    }
    seen = compare.Seen({"TLSv1.2": [0x002F, 0x009C]}, decides={"TLSv1.2": "client"})
    found = [page.sentence(vars(d)) for d in compare.differences("nmap", seen, truth)]
    assert found == [
        "suites TLSv1.2: misses AES256-SHA; adds AES128-GCM-SHA256",
        "who decides in TLSv1.2: says client; while it is server",
    ]
    backwards = compare.Seen({"TLSv1.2": [0x002F, 0x0035]})
    [order] = [page.sentence(vars(d)) for d in compare.differences(compare.OURS, backwards, truth)]
    assert (
        order == "order in TLSv1.2: says AES128-SHA, AES256-SHA; while it is AES256-SHA, AES128-SHA"
    )
