# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the generators draw lots."""

from __future__ import annotations

import random
import typing as t


class Drawing:
    """The same lots from the same seed."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _pick(self, weights: t.Mapping[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]

    def _some(self, pool: t.Sequence[str], least: int, most: int) -> list[str]:
        return self._random.sample(pool, min(len(pool), self._random.randint(least, most)))
