# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation changes nothing.
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: Changes nothing, in any mode.
  diff_mode:
    support: N/A
    details: Changes nothing, so there is nothing to show.
  idempotent:
    support: full
    details: Changes nothing.
"""

    FACTS_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: Changes nothing, in any mode.
  diff_mode:
    support: N/A
    details: Changes nothing, so there is nothing to show.
  idempotent:
    support: full
    details: Changes nothing.
  facts:
    description: Action returns an C(ansible_facts) dictionary that updates existing host facts.
    support: full
"""

    ACTIONGROUP_TLS = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/postmaster.tls.tls) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - postmaster.tls.tls
"""

    MAIL_HOST = r"""
options: {}
requirements:
  - Python >= 3.9 where the module runs; nothing else is installed there.
"""
