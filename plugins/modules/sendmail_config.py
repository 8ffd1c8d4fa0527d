#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sendmail_config
short_description: Change sendmail.mc and the access map in one transaction that sendmail itself has judged
description:
  - Sets and removes options, m4 definitions and features of C(sendmail.mc), and entries of the access map. Comments,
    order and everything that is not named stay as they are.
  - The changed C(sendmail.mc) is first built in a private directory, where sendmail judges what comes of it. C(-bC) names
    options and values that this version does not have, with which it would not start. C(-bs) sets up TLS without a
    network and says what it makes of cipher lists, certificates and keys; a cipher list that OpenSSL refuses would
    otherwise only be logged, and the default list be in force. What sendmail complains about today does not count.
  - Only when there is no new complaint are the files replaced, each by a rename, and built by the system's own C(make)
    in C(/etc/mail). If that does not make the C(sendmail.cf) that was judged, every file that was written is again what it
    was; what others did in C(/etc/mail) meanwhile stays.
  - Nothing is reloaded. Run RV(reload_command) afterwards.
version_added: 0.3.0
author:
  - The postmaster.tls authors (@postmaster-tls)
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.actiongroup_tls
  - postmaster.tls._attributes.mail_host
  - postmaster.tls._checkpoint
attributes:
  action:
    description: Has an action plugin of the same name, which keeps the passwords of the access map out of logs.
    support: full
  check_mode:
    support: full
    details: The candidate is made and judged as in a real run; only the replacement is left out.
  diff_mode:
    support: full
    details: Only the lines that change are shown, in the sources and in C(sendmail.cf).
  idempotent:
    support: full
options:
  options:
    description:
      - Options of C(sendmail.cf) by their names there, for example C(CipherList); V(null) removes an option, so that its
        default is in force.
      - An option is set by the m4 macro that sendmail's own C(proto.m4) has for it, and in C(LOCAL_CONFIG) where it has
        none, as for C(CipherSuites).
    type: dict
    default: {}
  defines:
    description:
      - m4 macros and their values; V(null) removes the definition.
      - On Debian, a definition of C(/etc/mail/tls/starttls.m4) is overridden in C(sendmail.mc), as Debian's own tools
        write that file anew and keep no more than the ten macros that they know.
    type: dict
    default: {}
  features:
    description:
      - Features by name, with a list of their arguments; V([]) for a feature without any, V(null) removes the feature.
    type: dict
    default: {}
  access:
    description:
      - Entries of the access map by key, for example C(Srv_Features:192.0.2.1); V(null) removes an entry.
      - With an entry C(AuthInfo), which has a password, the host does not log the task, and the map is not shown.
      - Needs C(FEATURE(access_db)) in C(sendmail.mc), or in O(features).
    type: dict
    default: {}
  drift:
    description:
      - What to do where C(sendmail.cf) is not what C(sendmail.mc) builds, as somebody edited it by hand or did not build
        it.
    type: str
    choices:
      refuse: Change nothing and say which line differs.
      rebuild: Build it from C(sendmail.mc); what was edited by hand is lost.
    default: refuse
  mc:
    description:
      - The mc file that C(make) builds the configuration of. Without it, the one of this system.
    type: path
  backup:
    description:
      - Keep a copy of each changed source and of C(sendmail.cf) beside it, with the time in its name.
    type: bool
    default: false
  sendmail_command:
    description:
      - The C(sendmail) to ask, as a path, or as a name to look for in the usual directories.
    type: str
    default: sendmail
notes:
  - Run it as root. Another user who owns the files can change them, but cannot let sendmail set up TLS, and a warning says
    so.
  - Killed after the files were replaced and before C(make) has ended, it leaves sources that are new and were judged, and the
    old C(sendmail.cf), dated 1970 so that the next C(make) builds it. The same task with O(drift=rebuild) finishes the change.
  - The layouts of Debian, Red Hat and FreeBSD are known, and told by C(/etc/mail/Makefile).
  - A value is text. What C(m4) would carry out in it is refused before C(m4) is run. That is a quote, a word with a bracket
    right behind it, an argument such as C($1), or a built-in macro that needs no bracket, such as C(divert). A macro of the
    mc file without a bracket may stand in a value, for example C(CERT_DIR/ca.pem) in O(defines).
seealso:
  - module: postmaster.tls.config_checkpoint
    description: To have the files restored by the host itself unless the change is confirmed in time.
  - module: postmaster.tls.mta_tls_facts
    description: To see what a change will mean before it is made.
"""

EXAMPLES = r"""
- name: Forward secrecy and no old protocols
  postmaster.tls.sendmail_config:
    options:
      CipherList: ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256
      ServerSSLOptions: +SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1
      DHParameters: null
    backup: true
  notify: Reload sendmail

- name: Ask no client for a certificate, and offer one peer no TLS
  postmaster.tls.sendmail_config:
    options:
      TLSSrvOptions: V
    access:
      "Srv_Features:192.0.2.1": S
"""

RETURN = r"""
changes:
  description: What differs; empty when everything was in force already.
  returned: success
  type: list
  elements: dict
  contains:
    file:
      description: The file that is edited.
      type: str
    kind:
      description: V(option), V(define), V(feature) or V(access).
      type: str
    name:
      description: The name of the option, macro or feature, or the key.
      type: str
    before:
      description: The value that was set in the file, V(null) if none was.
      type: str
    after:
      description: The value that is set now, V(null) if it was removed.
      type: str
  sample:
    - file: /etc/mail/sendmail.mc
      kind: define
      name: confCIPHER_LIST
      before: null
      after: ECDHE-RSA-AES128-GCM-SHA256
rebuilt:
  description: Whether C(sendmail.cf) changes, which it also does when only O(drift) made it.
  returned: success
  type: bool
  sample: true
files:
  description: Every file that this change can write; what a checkpoint must hold.
  returned: success
  type: list
  elements: str
  sample:
    - /etc/mail/sendmail.mc
    - /etc/mail/sendmail.cf
backup_files:
  description: The copies that O(backup) made.
  returned: success
  type: list
  elements: str
  sample:
    - /etc/mail/sendmail.mc.20261121T210500Z
reload_command:
  description: A command that lets the daemon read the configuration again, or starts it where that left none.
  returned: success
  type: list
  elements: str
  sample:
    - /bin/sh
    - -c
    - '{ kill -HUP "$(head -n 1 "$0")" && ...; } || { service sendmail restart && ...; }'
    - /var/run/sendmail.pid
layout:
  description: The system whose paths and C(make) were used, V(debian), V(redhat) or V(freebsd).
  returned: success
  type: str
  sample: debian
version:
  description: The version of sendmail.
  returned: success
  type: str
  sample: 8.18.1
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._control import (
    CHECKPOINT_OPTION,
    while_pending,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.module_utils._run import run, showable
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail import _change


def main() -> t.NoReturn:
    module = AnsibleModule(
        argument_spec={
            "options": {"type": "dict", "default": {}},
            "defines": {"type": "dict", "default": {}},
            "features": {"type": "dict", "default": {}},
            "access": {"type": "dict", "default": {}},
            "drift": {"type": "str", "default": "refuse", "choices": ["refuse", "rebuild"]},
            "mc": {"type": "path"},
            "backup": {"type": "bool", "default": False},
            "sendmail_command": {"type": "str", "default": "sendmail"},
            "checkpoint": CHECKPOINT_OPTION,
        },
        supports_check_mode=True,
    )
    try:
        writing = while_pending(module.params["checkpoint"], run)
        result, warnings = _change.change(
            module.params, check_mode=module.check_mode, writing=writing
        )
    except PostmasterTlsError as error:
        module.fail_json(msg=showable(str(error)))
    for warning in warnings:
        module.warn(showable(warning))
    module.exit_json(**showable(result))


if __name__ == "__main__":
    main()
