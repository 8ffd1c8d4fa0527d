# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads roles/*/meta/argument_specs.yml and defaults/main.yml."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml

Option = dict[str, t.Any]


@dataclass(frozen=True)
class Role:
    """One role: its entry points with their options, and its defaults."""

    name: str
    directory: Path
    entry_points: dict[str, dict[str, t.Any]]
    defaults: dict[str, t.Any]

    def options(self, entry_point: str) -> dict[str, Option]:
        """Return the options of an entry point by name."""
        return self.entry_points[entry_point].get("options") or {}


def roles(root: Path = Path("roles")) -> list[Role]:
    """Return every role of the collection; a role without argument specs has no entry points."""
    return [_read(path) for path in sorted(root.iterdir()) if path.is_dir()]


def paragraphs(text: str | list[str] | None) -> list[str]:
    """Return a description, which Ansible allows as one string or several, as several."""
    return [text] if isinstance(text, str) else list(text or [])


def _read(directory: Path) -> Role:
    specs = _load(directory / "meta" / "argument_specs.yml").get("argument_specs") or {}
    return Role(directory.name, directory, specs, _load(directory / "defaults" / "main.yml"))


def _load(path: Path) -> dict[str, t.Any]:
    return (yaml.safe_load(path.read_text()) or {}) if path.is_file() else {}
