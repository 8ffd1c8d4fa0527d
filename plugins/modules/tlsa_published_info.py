#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tlsa_published_info
short_description: See whether every server of the zone has certain TLSA records, and wait until it is so
version_added: 0.3.0
author:
  - The postmaster.tls authors (@postmaster-tls)
description:
  - Asks each server of the zone itself, past every cache, and says which of them has the records.
  - With O(timeout) it asks again until all have them, and shows how far it is.
  - A server that does not answer is not counted as one that has them, nor as one that has not.
  - Says nothing about DNSSEC. Runs on the controller, which needs the Python package dnspython.
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.info_module
  - postmaster.tls._attributes.actiongroup_tls
  - postmaster.tls._dane.published
options:
  records:
    description:
      - The records that each server shall have, such as V(3 1 1 0123…), among others. A record that senders pass over,
        because one with a stronger digest stands beside it (RFC 7671 section 9), does not count.
    type: list
    elements: str
    default: []
  servers:
    description:
      - Addresses of the servers of the zone, each with a port if it is not 53. By default those that its NS records
        name, of which every address must answer.
      - An address that no way leads to from the controller, as one of IPv6 where there is only IPv4, is not asked for a
        server that has others.
    type: list
    elements: str
    default: []
  timeout:
    description:
      - Seconds to wait until every server has O(records). V(0) looks once.
    type: int
    default: 0
  until:
    description:
      - A time, such as V(2026-11-22T05:00:00Z), until which to wait, too, because caches may hold an older set until
        then. The servers are asked when it has come.
    type: str
  previous_ttl:
    description:
      - Seconds that caches may keep the set of before, for RV(wait_until). By default RV(ttl). More than a week counts as a week, with a
        warning, since caches keep nothing for longer and a server may be impersonated.
    type: int
seealso:
  - module: postmaster.tls.tlsa_update
"""

EXAMPLES = r"""
- name: Wait up to ten minutes until every server has the next record
  postmaster.tls.tlsa_published_info:
    name: mx1.example.com
    records:
      - 3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3
    timeout: 600
  register: published
  failed_when: not published.everywhere
"""

RETURN = r"""
owner:
  description: The name of the records.
  returned: success
  type: str
  sample: _25._tcp.mx1.example.com.
everywhere:
  description: Whether every server has the records; V(null) when one did not answer and the others have them.
  returned: success
  type: bool
  sample: true
reason:
  description: Which server lacks what, or did not answer; V(null) when every server has the records.
  returned: success
  type: str
  sample: "ns2.example.com. (192.0.2.54): it does not have 3 1 1 0b9f…"
ttl:
  description: The longest time, in seconds, that a cache may keep what a server answers now; 0 without records.
  returned: success
  type: int
  sample: 3600
now:
  description: When the servers were asked last.
  returned: success
  type: str
  sample: "2026-11-22T05:00:00Z"
wait_until:
  description: From when on no cache can hold the set of before, if every server has had this one since RV(now).
  returned: success
  type: str
  sample: "2026-11-22T06:00:01Z"
records:
  description: Every record that some server has.
  returned: success
  type: list
  elements: str
  sample: ["3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3"]
servers:
  description: What each server answered.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name, or the address that was given.
      type: str
      returned: always
    address:
      description: The address that was asked.
      type: str
      returned: always
    records:
      description: Its records; V(null) when it did not answer.
      type: list
      elements: str
      returned: always
    ttl:
      description: Seconds that caches may keep them.
      type: int
      returned: always
    complete:
      description: Whether it has the wanted records; V(null) when it did not answer.
      type: bool
      returned: always
    reason:
      description: What it lacks, or why it did not answer.
      type: str
      returned: always
"""
