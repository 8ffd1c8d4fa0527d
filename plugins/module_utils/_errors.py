# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The root of what this collection raises: each error is one sentence that a postmaster can act on."""

from __future__ import annotations


class PostmasterTlsError(Exception):
    """What is wrong, where, what was expected and what to do, in one sentence without secrets."""


class InvalidInput(PostmasterTlsError):
    """The caller's option, file or policy is not usable; nothing was changed."""


class CommandFailed(PostmasterTlsError):
    """A command of the host did not run, or ended with an error that the caller must see."""


class NotSupported(PostmasterTlsError):
    """The host, its MTA or its Python cannot do what was asked."""


__all__ = ["CommandFailed", "InvalidInput", "NotSupported", "PostmasterTlsError"]
