# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from check_imports import PREFIX, complaint, imported

ALLOWED = [
    ("modules/postconf.py", PREFIX + "module_utils._postfix._edit"),
    ("modules/postconf.py", "ansible.module_utils.basic"),
    ("module_utils/_postfix/_edit.py", PREFIX + "module_utils._openssl._offer"),
    ("module_utils/_smtp/_reply.py", "socket"),
    ("module_utils/_tls/_scan.py", PREFIX + "module_utils._errors"),
    ("module_utils/_replace.py", PREFIX + "module_utils._checkpoint._restorer"),
    ("filter/policy_plan.py", PREFIX + "plugin_utils._plan"),
    ("plugin_utils/_chain.py", "cryptography.x509"),
]
REFUSED = [
    ("modules/postconf.py", PREFIX + "plugin_utils._plan"),
    ("modules/postconf.py", "cryptography.x509"),
    ("modules/postconf.py", "ansible.errors"),
    ("module_utils/_tls/_scan.py", PREFIX + "module_utils._smtp._reply"),
    ("module_utils/_tls/_scan.py", PREFIX + "module_utils._findings"),
    ("module_utils/_tls/_scan.py", "ansible.module_utils.basic"),
    ("module_utils/_postfix/_edit.py", "ansible.module_utils.basic"),
    ("module_utils/_checkpoint/_restorer.py", PREFIX + "module_utils._postfix._edit"),
    ("module_utils/_checkpoint/_restorer.py", PREFIX + "module_utils._replace"),
    ("module_utils/_errors.py", PREFIX + "module_utils._run"),
    ("module_utils/_new_room/_file.py", PREFIX + "module_utils._errors"),
    ("module_utils/_postfix/_edit.py", PREFIX + "module_utils._maillog._line"),
    ("module_utils/_run.py", PREFIX + "plugin_utils._plan"),
    ("module_utils/_run.py", "dns.resolver"),
    ("filter/policy_plan.py", "..plugin_utils._plan"),
    ("plugin_utils/_plan.py", "requests"),
]


@pytest.mark.parametrize(("path", "name"), ALLOWED)
def test_an_import_that_runs_the_right_way(path: str, name: str) -> None:
    assert complaint(Path("plugins") / path, name) is None


@pytest.mark.parametrize(("path", "name"), REFUSED)
def test_an_import_that_runs_the_wrong_way(path: str, name: str) -> None:
    assert complaint(Path("plugins") / path, name) is not None


def test_what_is_taken_from_a_room_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.py"
    path.write_text(f"from {PREFIX}module_utils import _errors, _run\nfrom os import path\n")
    assert [name for _line, name in imported(path)] == [
        PREFIX + "module_utils._errors",
        PREFIX + "module_utils._run",
        "os",
    ]
