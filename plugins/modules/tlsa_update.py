#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tlsa_update
short_description: Publish TLSA records by dynamic update, unless somebody else changed them meanwhile
version_added: 0.3.0
author:
  - The postmaster.tls authors (@postmaster-tls)
description:
  - Reads the set of TLSA records of a port from the server of the zone, and makes it the wanted one by a dynamic update
    (RFC 2136), signed with a TSIG key (RFC 8945).
  - The update names the set that was read as its prerequisite (RFC 2136 section 2.4.2). When somebody else has changed
    it in between, the server refuses, and nothing is changed.
  - Runs on the controller, which needs the Python package dnspython.
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.actiongroup_tls
  - postmaster.tls._dane.published
attributes:
  check_mode:
    support: full
    details: The set is read; only the update is left out.
  diff_mode:
    support: full
    details: Shows the set as lines of a zone file.
  idempotent:
    support: full
options:
  records:
    description:
      - The wanted records, such as V(3 1 1 0123…).
    type: list
    elements: str
    required: true
  state:
    description:
      - With V(present), these records are added, and others stay.
      - With V(exact), the set is these records and no others. An empty list removes it.
    type: str
    choices:
      - present
      - exact
    default: present
  ttl:
    description:
      - Seconds that caches may keep the set. By default those of the set that is there, but no more than a week, else 3600.
    type: int
  server:
    description:
      - Address of the server that takes updates, with a port if it is not 53, as V(192.0.2.1), V(192.0.2.1:5353) or
        V([2001:db8::1]:5353). By default the server that the SOA record of the zone names.
    type: str
  zone:
    description:
      - The zone, if O(server) is given. By default the one that the resolver finds the name in.
    type: str
  key_file:
    description:
      - File on the controller with the TSIG key, as nsupdate(1) reads it with C(-k).
    type: path
  key_name:
    description:
      - Name of the TSIG key, in place of O(key_file). Without any key the update is not signed.
    type: str
  key_secret:
    description:
      - Secret of the key O(key_name), in base 64.
    type: str
  key_algorithm:
    description:
      - Algorithm of the key O(key_name).
    type: str
    default: hmac-sha256
    choices:
      - hmac-sha256
      - hmac-sha384
      - hmac-sha512
      - hmac-sha224
      - hmac-sha1
seealso:
  - module: postmaster.tls.tlsa_published_info
    description: To see when every server of the zone has the set.
"""

EXAMPLES = r"""
- name: Publish the record of the next certificate beside the one of today
  postmaster.tls.tlsa_update:
    name: mx1.example.com
    records:
      - 3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3
    key_file: /etc/postmaster/tsig.key
"""

RETURN = r"""
owner:
  description: The name of the records.
  returned: success
  type: str
  sample: _25._tcp.mx1.example.com.
zone:
  description: The zone that was updated, or would be.
  returned: success
  type: str
  sample: example.com.
server:
  description: The server that was asked.
  returned: success
  type: str
  sample: 192.0.2.53
before:
  description: The records that were there.
  returned: success
  type: list
  elements: str
  sample: ["3 1 1 f1c8a2d4e7b35096f1c8a2d4e7b35096f1c8a2d4e7b35096f1c8a2d4e7b35096"]
before_ttl:
  description: Seconds that caches may keep the set that was there; 0 if there was none.
  returned: success
  type: int
  sample: 3600
after:
  description: The records that are there now; in check mode, that would be.
  returned: success
  type: list
  elements: str
  sample: ["3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3"]
lines:
  description: The same as lines of a zone file.
  returned: success
  type: list
  elements: str
  sample: ["_25._tcp.mx1.example.com. 3600 IN TLSA 3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3"]
"""
