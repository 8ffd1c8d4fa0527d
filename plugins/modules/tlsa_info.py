#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tlsa_info
short_description: Whether senders that validate DANE can deliver to a mail server
version_added: 0.3.0
author:
  - The postmaster.tls authors (@postmaster-tls)
description:
  - Looks up the TLSA records of a mail server with their DNSSEC status, and compares them with a certificate, or with every
    certificate that the server shows at every address, as RFC 7671 and RFC 7672 tell a sender to do it.
  - Tells the state of the name, and what to publish before another certificate is served.
  - The look-up and the comparison are done on the controller. The server is asked where the task runs, by
    M(postmaster.tls.starttls_probe).
  - What could not be found out is V(null) with its reason, and never a verdict.
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.info_module
  - postmaster.tls._attributes.actiongroup_tls
  - postmaster.tls._dane
attributes:
  action:
    description: Runs on the controller as an action plugin; only the question to the server itself is a module.
    support: full
  platform:
    description: Where it runs.
    support: full
    platforms: posix
options:
  name:
    description:
      - The name of the mail server, as the MX record has it.
    type: str
    required: true
  port:
    description:
      - The TCP port.
    type: int
    default: 25
  certificate:
    description:
      - The chain that is served, or is going to be, as PEM text, the server's own certificate first.
      - Without it and without O(certificate_path) the server is asked.
    type: str
  certificate_path:
    description:
      - A PEM file with the chain on the controller.
    type: path
  next_certificate:
    description:
      - The chain that is going to be served next, as PEM text. RV(state) is V(rollover-safe) when the published records fit both.
    type: str
  next_public_key:
    description:
      - The key of the next certificate, as C(openssl pkey -pubout) prints it, when there is no certificate yet.
    type: str
  addresses:
    description:
      - The addresses to ask, when they are not those of the name.
    type: list
    elements: str
    default: []
  tls_mode:
    description:
      - V(starttls) for SMTP with STARTTLS, V(implicit) for TLS from the first byte.
    type: str
    choices: [starttls, implicit]
    default: starttls
  timeout:
    description:
      - The seconds after which the question to the server ends.
    type: float
    default: 60
  published_at:
    description:
      - Since when every authoritative server has the records as they are now, in ISO 8601. RV(state) is V(wait) until caches
        cannot hold the records of before.
    type: str
  previous_ttl:
    description:
      - The time to live in seconds of the records that were there before O(published_at). By default that of those that are there now.
    type: int
seealso:
  - module: postmaster.tls.starttls_probe
notes:
  - Records of usage 0 and 1 are not usable for mail (RFC 7672 section 3.1.3), on any port.
  - A chain for a record of usage 2 is followed as OpenSSL does it for Postfix. Name constraints and revocation are not looked at.
"""

EXAMPLES = r"""
- name: See whether senders that validate DANE can deliver
  postmaster.tls.tlsa_info:
    name: mx1.example.com
  delegate_to: localhost
  register: dane
  failed_when: dane.state not in ['ok', 'rollover-safe']

- name: Refuse a certificate that the published records do not fit
  postmaster.tls.tlsa_info:
    name: mx1.example.com
    next_certificate: "{{ lookup('ansible.builtin.file', 'new/fullchain.pem') }}"
  delegate_to: localhost
  register: dane
  failed_when: dane.state != 'rollover-safe'

- name: Show the lines to publish for what is served
  ansible.builtin.debug:
    var: dane.publish

- name: Validate here, through a resolver that is not trusted
  postmaster.tls.tlsa_info:
    name: mx1.example.com
    resolver: [192.0.2.53]
    validate: self
    trust_anchor: /usr/share/dns/root.ds
  delegate_to: localhost
"""

RETURN = r"""
name:
  description: The O(name) option.
  returned: success
  type: str
port:
  description: The O(port) option.
  returned: success
  type: int
records:
  description: The TLSA records. An answer with more than a hundred different ones is not read.
  returned: success
  type: list
  elements: dict
  contains:
    usage:
      description: The certificate usage. V(null) for a record that is too short to have one, as are the next two.
      type: int
      returned: always
    selector:
      description: The selector.
      type: int
      returned: always
    matching_type:
      description: The matching type.
      type: int
      returned: always
    data:
      description: The certificate association data in hexadecimal.
      type: str
      returned: always
    ttl:
      description: For how many seconds caches may keep it.
      type: int
      returned: always
    record:
      description: The record as in a zone file.
      type: str
      returned: always
      sample: 3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3
    usable:
      description: Whether a sender of mail can use it.
      type: bool
      returned: always
    reason:
      description: Why it cannot.
      type: str
      returned: always
secure:
  description:
    - Whether DNSSEC protects the records, or their absence, and the addresses of the server.
    - V(null) when nobody who can be trusted said so.
  returned: success
  type: bool
state:
  description:
    - V(absent), there are no records. V(insecure), they are not protected by DNSSEC, so senders ignore them. V(bogus), DNSSEC
      validation fails, so validating senders keep their mail.
    - V(ok), every chain fits. V(rollover-safe), and so does the next one, be it O(next_certificate) or, without such an option, any
      other that there is a record for; or every chain fits by its issuer too. V(wait), all fit, and caches may hold older records.
    - V(stale), a chain has no record at all, as after a rotation. V(broken), a record is for a chain that it does not authenticate, or
      no record is usable.
    - V(null), it is not determined, or there is no such server; RV(reason) says why. So it is where all chains that were seen fit, and not all were seen,
      because an address showed none, a look-up of addresses failed, or there are more than 32 and O(addresses) is not set.
  returned: success
  type: str
  sample: stale
reason:
  description: What RV(state) follows from, where that is not plain.
  returned: success
  type: str
wait_until:
  description: Until when caches may hold the records of before O(published_at), with RV(state) V(wait).
  returned: success
  type: str
  sample: "2026-11-22T05:00:00Z"
covers_next:
  description: Whether the records fit O(next_certificate) or O(next_public_key). V(null) without them, and where it is not determined.
  returned: success
  type: bool
matches:
  description:
    - For each record the certificates that it is for, and one entry without a certificate for a record that is for none.
    - Each has C(record), C(usage), C(selector), C(matching_type), C(authenticates), which tells whether a sender lets the server in by
      it, and C(reason), which says why not.
    - C(certificate) has C(source), the address and port where it was seen, or the option or file that it is from; C(depth), its
      place in the chain from 0; C(subject), C(sha256) and C(spki_sha256).
  returned: success
  type: list
  elements: dict
chains:
  description:
    - The chains that were seen, one for each address and kind of key, each with C(source), C(subject), C(sha256), C(spki_sha256),
      C(status) (V(match), V(mismatch) or V(unusable)) and C(reason).
  returned: success
  type: list
  elements: dict
publish:
  description: Zone-file lines with a record 3 1 1 for every key that was seen, and for the next one.
  returned: success
  type: list
  elements: str
  sample:
    - _25._tcp.mx1.example.com. 3600 IN TLSA 3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3
lookup:
  description:
    - How the records were found. C(status) is one of V(found), V(nodata), V(nxdomain), V(bogus), V(servfail), V(refused), V(timeout),
      V(unreachable) and V(malformed), and C(reason) says more.
    - C(name) is where aliases led to, C(base) the name that the certificate is asked for by, C(names) are those that it may show,
      C(addresses) are those of the server.
    - With O(domain), C(mx) has C(status), C(secure) and C(hosts) of its MX records.
  returned: success
  type: dict
findings:
  description:
    - What was found wrong.
    - Each has C(code), C(severity), C(where), C(message), C(evidence) and C(remedy).
  returned: success
  type: list
  elements: dict
"""
