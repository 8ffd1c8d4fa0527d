# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error of the lab: a sentence for the person who runs it."""

from __future__ import annotations


class LabError(Exception):
    """Something outside the lab's control failed; the message says what, where and what to do."""
