# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What can be wrong with what a server sent, as seen by the arithmetic."""

from __future__ import annotations


class CryptoError(Exception):
    """A record or a key that a sound server does not send; the text says what is wrong, without secrets."""


__all__ = ["CryptoError"]
