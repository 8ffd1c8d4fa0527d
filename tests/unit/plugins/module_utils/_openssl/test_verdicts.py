# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import Cause, Dropped
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._verdicts import weak_keys
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

ECDHE_RSA, ECDHE_ECDSA = 0xC02F, 0xC02B


@pytest.mark.parametrize("kind", ["ECDSA", "Ed25519", "Ed448"])
def test_a_key_below_the_level_is_named_by_its_own_type(kind: str) -> None:
    cause = Cause("security level 4", "tls_medium_cipherlist", "security-level", "4")
    dropped = Dropped(ECDHE_ECDSA, "ECDHE-ECDSA-AES128-GCM-SHA256", (cause,))
    result = Effective({Protocol.TLSv1_2: (ECDHE_RSA,)}, keys=("RSA", kind))
    assert weak_keys(result, [dropped]) == {kind: "security level 4"}
