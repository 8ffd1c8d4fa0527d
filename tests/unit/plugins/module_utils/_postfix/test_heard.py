# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._destinations import (
    ServerName,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._heard import chain_for

KNOWN = (
    ServerName("mx.example.test", ("/own.pem",)),
    ServerName(".example.test", ("/domain.pem",)),
)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("mx.example.test", ("/own.pem",)),
        ("MX.example.TEST", ("/own.pem",)),
        ("mx2.example.test", ("/domain.pem",)),
        ("a.b.example.test", ("/domain.pem",)),
        ("example.test", ()),
        ("mx.example.org", ()),
    ],
)
def test_a_server_name_is_looked_up_by_itself_and_by_its_parents(
    name: str, files: tuple[str, ...]
) -> None:
    assert chain_for(name, KNOWN) == files
