#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_bundle
short_description: Put a private key and its certificate chain into one file that never mismatches
version_added: 0.3.0
author:
  - The postmaster.tls authors (@postmaster-tls)
description:
  - Writes the key, then the chain, into one new file on the mail host, readable by its owner only. Its name carries the
    digest of the certificate, so a file that is in use is never written to, and key and chain cannot be of two minds
    while an MTA reads them.
  - OpenSSL checks before that the key is that of the first certificate.
  - A private key in any option but O(key) is refused, or taken out, on the controller, before a host could log it.
  - Nothing uses the new file until the configuration of the MTA names it.
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.actiongroup_tls
  - postmaster.tls._attributes.mail_host
attributes:
  action:
    description: Has an action plugin of the same name, which lets no private key pass but as O(key).
    support: full
  check_mode:
    support: full
    details: Key and certificate are checked; only the file is not left there.
  diff_mode:
    support: none
    details: The content is not shown, as it has a private key in it.
  idempotent:
    support: full
options:
  directory:
    description:
      - Directory of the file; made with mode C(0700) if it is missing.
    type: path
    required: true
  name:
    description:
      - First part of the name of the file, such as the name of the mail server.
    type: str
    required: true
  certificate:
    description:
      - The chain in PEM form, the server's own certificate first.
      - Whatever else the text holds, such as the key, is left out on the controller already, since a host logs this option.
    type: str
  certificate_path:
    description:
      - File on the mail host with the chain, in place of O(certificate).
    type: path
  key:
    description:
      - The private key in PEM form, without a passphrase.
    type: str
  key_path:
    description:
      - File on the mail host with the key, in place of O(key).
    type: path
seealso:
  - module: postmaster.tls.postconf
    description: To name the file in C(smtpd_tls_chain_files), or in C(smtpd_tls_cert_file) and C(smtpd_tls_key_file).
"""

EXAMPLES = r"""
- name: Lay the renewed certificate beside the one in use
  postmaster.tls.certificate_bundle:
    directory: /etc/postfix/tls
    name: mx1.example.com
    certificate_path: /etc/letsencrypt/live/mx1.example.com/fullchain.pem
    key_path: /etc/letsencrypt/live/mx1.example.com/privkey.pem
  register: bundle
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: /etc/postfix/tls/mx1.example.com-9f86d081884c7d65.pem
chain:
  description: The certificates in PEM form, without anything else that O(certificate) or O(certificate_path) held.
  returned: success
  type: str
sha256:
  description: Digest of the first certificate.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
certificates:
  description: How many certificates the chain has.
  returned: success
  type: int
  sample: 2
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postmaster.tls.plugins.module_utils._bundle import (
    lay_down,
    parts_of,
    read_pem,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError


def main() -> t.NoReturn:
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "name": {"type": "str", "required": True},
            "certificate": {"type": "str"},
            "certificate_path": {"type": "path"},
            "key": {"type": "str", "no_log": True},
            "key_path": {"type": "path", "no_log": False},
        },
        required_one_of=[["certificate", "certificate_path"], ["key", "key_path"]],
        mutually_exclusive=[["certificate", "certificate_path"], ["key", "key_path"]],
        supports_check_mode=True,
    )
    options = module.params
    try:
        bundle = parts_of(
            chain=options["certificate"] or read_pem(options["certificate_path"]),
            key=options["key"] or read_pem(options["key_path"]),
        )
        path, changed = lay_down(
            bundle,
            directory=options["directory"],
            name=options["name"],
            dry=module.check_mode,
        )
    except PostmasterTlsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=changed,
        path=path,
        chain=bundle.chain,
        sha256=bundle.sha256,
        certificates=bundle.certificates,
    )


if __name__ == "__main__":
    main()
