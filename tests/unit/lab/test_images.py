# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

from mtalab.aptsources import Mirrors
from mtalab.images import RECIPES

MIRRORS = Mirrors("http://a.example.test/debian", "http://s.example.test/debian-security")


def test_sid_has_one_line_of_sources_and_stable_has_three() -> None:
    assert RECIPES["sid"].sources(MIRRORS) == "deb http://a.example.test/debian sid main\n"
    assert RECIPES["trixie"].sources(MIRRORS).splitlines() == [
        "deb http://a.example.test/debian trixie main",
        "deb http://a.example.test/debian trixie-updates main",
        "deb http://s.example.test/debian-security trixie-security main",
    ]


def test_another_package_is_another_image() -> None:
    recipe = RECIPES["trixie"]
    assert replace(recipe, packages=(*recipe.packages, "swaks")).digest != recipe.digest
    assert replace(recipe).digest == recipe.digest
