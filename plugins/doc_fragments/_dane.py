# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  domain:
    description:
      - The domain that mail is addressed to. Where its MX records are secure, or it has none, senders accept a certificate with this
        name too, or with the one where it is an alias to, if the TLSA record is one of usage 2 (RFC 7672 section 3.2.2).
      - Whether its MX records are protected by DNSSEC is then looked up too.
    version_added: 0.3.0
    type: str
  resolver:
    description:
      - The IP addresses of the name servers to ask, each with C(:port) if that is not 53.
      - By default those of the controller's C(/etc/resolv.conf).
      - They say too which addresses the server has, and nothing is asked where they know none; at most 32 of a name are asked.
        Without this option, the machine that probes resolves the name in its own way, be it by C(/etc/hosts).
    version_added: 0.3.0
    type: list
    elements: str
  trust_resolver:
    description:
      - Whether to believe what O(resolver) says about DNSSEC, although it is not on the loopback of the controller. Whoever is on the
        way to it can change its answers.
    version_added: 0.3.0
    type: bool
    default: false
  validate:
    description:
      - V(resolver) believes the AD bit of a validating resolver on loopback, or of any with O(trust_resolver).
      - V(self) validates here, from O(trust_anchor). Then O(resolver) need not be trusted, nor validate. It has to pass signatures
        on, as nearly all do.
      - With V(self), zones that are signed with SHA-1 alone count as unsigned (RFC 9905).
    version_added: 0.3.0
    type: str
    choices: [resolver, self]
    default: resolver
  trust_anchor:
    description:
      - A file on the controller with DS or DNSKEY records as in a zone file, to validate from. The root's is on many systems as
        C(/usr/share/dns/root.ds).
      - Needed with O(validate=self).
    version_added: 0.3.0
    type: path
requirements:
  - For what is about DANE, the Python package C(dnspython) >= 2.4 on the controller.
"""

    PUBLISHED = r"""
options:
  name:
    description:
      - The name of the mail server, as its MX record has it.
    type: str
    required: true
  port:
    description:
      - The port of the service.
    type: int
    default: 25
  owner:
    description:
      - The name of the records, where it is another than C(_port._tcp.name), because that one is an alias.
    type: str
  resolver:
    description:
      - Addresses of resolvers that are asked for the zone and its servers. By default those of the controller.
    type: list
    elements: str
    default: []
attributes:
  action:
    description: Runs on the controller only, as an action plugin.
    support: full
  platform:
    description: Where it runs.
    support: full
    platforms: posix
requirements:
  - The Python package C(dnspython) >= 2.4 on the controller.
"""
