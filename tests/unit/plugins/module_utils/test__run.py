# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.postmaster.tls.plugins.module_utils._run import run, showable


def test_what_a_command_prints_can_be_sent_as_json_whatever_its_bytes() -> None:
    done = run(["/usr/bin/printf", r"gr\303\274n \377"])
    shown = showable({"out": [done.stdout], "pair": (done.stdout, None, 1, True)})
    assert shown == {"out": ["grün \\xff"], "pair": ["grün \\xff", None, 1, True]}
    json.dumps(shown, ensure_ascii=False).encode("utf-8")
