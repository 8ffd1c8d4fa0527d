#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: show_page
short_description: Show lines of text as they are
version_added: 0.2.0
author:
  - The postmaster.tls authors (@postmaster-tls)
description:
  - Prints lines on the terminal of the controller, without the quotes and escapes that M(ansible.builtin.debug) puts
    around them.
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.info_module
attributes:
  action:
    description: Runs on the controller only, as an action plugin.
    support: full
  platform:
    description: Where it runs.
    support: full
    platforms: posix
options:
  lines:
    description:
      - The lines, without line ends.
    type: list
    elements: str
    required: true
seealso:
  - plugin: postmaster.tls.diagnosis
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what came of a probe
  postmaster.tls.show_page:
    lines: "{{ probe | postmaster.tls.diagnosis }}"
"""

RETURN = r"""#"""
