# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Whether this controller has the Python package dnspython, which the modules of the room _dane import if they can."""

from __future__ import annotations

import importlib.util

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported


def require_dnspython() -> None:
    """Raise NotSupported on a controller without the package; called before anything is looked up."""
    if importlib.util.find_spec("dns") is None:
        raise NotSupported(
            "The controller's Python has no package dnspython, which is needed to look up TLSA records: "
            "install it where ansible-core is installed."
        )


__all__ = ["require_dnspython"]
