# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Whether this controller has the Python package cryptography, which the modules beside this one import if they can."""

from __future__ import annotations

import importlib.util

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported


def require_cryptography() -> None:
    """Raise NotSupported on a controller without the package; called before any certificate is looked at."""
    if importlib.util.find_spec("cryptography") is None:
        raise NotSupported(
            "The controller's Python has no package cryptography, which is needed to understand certificates: "
            "install it where ansible-core is installed."
        )


__all__ = ["require_cryptography"]
