# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes this checkout importable as `ansible_collections.postmaster.tls`, wherever it lies."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from hypothesis import Phase, settings
from mtalab.paths import cache_dir

CHECKOUT = Path(__file__).resolve().parent.parent


def collection_tree(checkout: Path = CHECKOUT) -> Path:
    """Return the directory that holds `ansible_collections`, made as tests/tools/venv.sh makes it."""
    key = hashlib.sha256(str(checkout).encode()).hexdigest()[:12]
    tree = cache_dir() / "trees" / key
    link = tree / "ansible_collections" / "postmaster" / "tls"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(checkout)
    return tree


TREE = str(collection_tree())
sys.path.insert(0, TREE)
os.environ["ANSIBLE_COLLECTIONS_PATH"] = TREE

SEARCH = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target)
settings.register_profile("full", deadline=None, print_blob=True, phases=(*SEARCH, Phase.shrink))
settings.register_profile("quick", deadline=None, print_blob=True, phases=SEARCH)
settings.load_profile("full")
