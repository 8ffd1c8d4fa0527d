# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of the configurations, which each release's own openssl(1) makes once; they stay in the cache of the lab."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from mtalab import images
from mtalab.engine import Podman
from mtalab.paths import cache_dir

from mtadiff.materials import KEYS_SCRIPT


def kept(podman: Podman, release: str) -> Path:
    """Return the directory with the keys, certificates and DH parameters of a release, made if missing.

    Whatever changes the script makes them anew. Processes that make them at the same time do not disturb each other.
    """
    digest = hashlib.sha256(KEYS_SCRIPT.encode()).hexdigest()[:12]
    place = cache_dir() / "differential" / f"{release}-{digest}"
    if not place.is_dir():
        place.parent.mkdir(exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=place.parent) as own:
            made = Path(own, "made")
            made.mkdir(mode=0o755)
            run = ("run", "--rm", "--network=none", f"--volume={made}:/made", "--workdir=/made")
            podman(*run, images.recipe_of(release).image, "sh", "-euc", KEYS_SCRIPT)
            try:
                made.rename(place)
            except OSError:
                if not place.is_dir():
                    raise
    return place
