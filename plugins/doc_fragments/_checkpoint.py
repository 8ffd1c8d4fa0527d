# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  checkpoint:
    description:
      - The checkpoint of M(postmaster.tls.config_checkpoint) that takes this change back unless it is confirmed.
      - With it, nothing is written when that checkpoint does not wait any more, because the host has restored itself
        meanwhile, or the deadline has passed; and the host does not restore itself in the middle of the writing.
    type: dict
    version_added: 0.3.0
    suboptions:
      token:
        description:
          - The token that arming it returned.
        type: str
        required: true
      name:
        description:
          - Its name.
        type: str
        required: true
      state_directory:
        description:
          - Where it is kept.
        type: path
        default: /var/lib/postmaster-tls/checkpoints
"""
