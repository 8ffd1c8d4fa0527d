#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postconf
short_description: Change many Postfix parameters in one transaction that Postfix itself has judged
description:
  - Sets and removes parameters of C(main.cf) and C(-o) overrides of services in C(master.cf). Comments, order,
    continued lines and everything that is not named stay as they are.
  - The changed files are first written to a private directory, where Postfix judges them. C(postconf) names parameters
    that this version does not have, and the daemons themselves, started on a private queue without a network, say what
    they make of protocol lists, cipher lists, security levels, certificates and keys. Only when there is no new
    complaint do the changed files replace the live ones, each by a rename. Complaints that Postfix already has today
    do not count.
  - Nothing is reloaded. Run C(postfix reload) afterwards.
version_added: 0.1.0
author:
  - The postmaster.tls authors (@postmaster-tls)
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.actiongroup_tls
  - postmaster.tls._attributes.mail_host
  - postmaster.tls._checkpoint
attributes:
  check_mode:
    support: full
    details: The candidate is made and judged as in a real run; only the replacement is left out.
  diff_mode:
    support: full
    details: Only the lines that change are shown, as passwords may stand beside them.
  idempotent:
    support: full
options:
  config_directory:
    description:
      - The configuration directory of the Postfix instance. Without it, the default one of C(postconf).
    type: path
  parameters:
    description:
      - Parameters of C(main.cf) and their values; V(null) removes a parameter, so that its default is in force.
      - Booleans are written as V(yes) and V(no). A value is a single line.
    type: dict
    default: {}
  services:
    description:
      - Overrides by service, and in each of them by parameter; V(null) removes an override.
      - Services are named as C(postconf -P) names them, for example V(submission/inet). They must exist.
      - A value with blanks is written as C(-o { name = value }), which needs Postfix 3.0 or later.
    type: dict
    default: {}
  backup:
    description:
      - Keep a copy of each changed file beside it, with the time in its name.
    type: bool
    default: false
  postconf_command:
    description:
      - The C(postconf) to ask, as a path, or as a name to look for in the usual directories.
    type: str
    default: postconf
notes:
  - Run it as root. Another user who owns the files can change them, but cannot start the daemons that judge TLS
    settings, and a warning says so.
  - A file that is changed by somebody else while it is being judged is not replaced; the module fails.
  - Where C(main.cf) defines a parameter more than once, the last definition counts and is edited; a warning says so.
seealso:
  - module: postmaster.tls.config_checkpoint
    description: To have the files restored by the host itself unless the change is confirmed in time.
  - module: postmaster.tls.mta_tls_facts
    description: To see what a change will mean before it is made.
"""

EXAMPLES = r"""
- name: Modern TLS on port 25, mandatory TLS on submission
  postmaster.tls.postconf:
    parameters:
      smtpd_tls_security_level: may
      smtpd_tls_protocols: ">=TLSv1.2"
      smtpd_tls_exclude_ciphers: null
    services:
      submission/inet:
        smtpd_tls_security_level: encrypt
        smtpd_tls_mandatory_ciphers: high
    backup: true
  notify: Reload Postfix

- name: Apply what a plan asks for
  postmaster.tls.postconf:
    parameters: "{{ plan.parameters }}"
    services: "{{ plan.services }}"
"""

RETURN = r"""
changes:
  description: What differs, in effective values; empty when everything was in force already.
  returned: success
  type: list
  elements: dict
  contains:
    file:
      description: V(main.cf) or V(master.cf).
      type: str
    service:
      description: The service of an override; V(null) in C(main.cf).
      type: str
    parameter:
      description: The name.
      type: str
    before:
      description: The value that was set in the file, V(null) if none was.
      type: str
    after:
      description: The value that is set now, V(null) if it was removed.
      type: str
  sample:
    - file: main.cf
      service: null
      parameter: smtpd_tls_protocols
      before: TLSv1.2, TLSv1.1, !TLSv1
      after: ">=TLSv1.2"
backup_files:
  description: The copies that O(backup) made.
  returned: success
  type: list
  elements: str
  sample:
    - /etc/postfix/main.cf.20261121T210500Z
config_directory:
  description: The configuration directory that was used.
  returned: success
  type: str
  sample: /etc/postfix
version:
  description: The version of Postfix.
  returned: success
  type: str
  sample: 3.10.13
"""

import datetime
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postmaster.tls.plugins.module_utils._changed_lines import (
    changed_lines,
)
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._control import (
    CHECKPOINT_OPTION,
    while_pending,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    PostmasterTlsError,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix import _candidate, _edit
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import (
    PostfixVersion,
)
from ansible_collections.postmaster.tls.plugins.module_utils._replace import (
    Original,
    Replacement,
    read_original,
    refuse_unwritable,
    replace_all,
    write_backup,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import run, showable


def _value(where: str, value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, str)):
        return str(value)
    if value is None:
        return None
    raise InvalidInput(
        f"The value of {where} is a {type(value).__name__}: give a single line of text, or null to remove it."
    )


def _overrides(service: str, overrides: object) -> dict[str, str | None]:
    if not isinstance(overrides, dict):
        raise InvalidInput(f"services.{service} must be a dictionary of parameters and values.")
    return {str(name): _value(f"{service}/{name}", value) for name, value in overrides.items()}


def _edited(
    params: t.Mapping[str, t.Any], main: Original, master: Original, version: PostfixVersion
) -> tuple[_edit.Edited, _edit.Edited]:
    parameters = {
        str(name): _value(str(name), value) for name, value in params["parameters"].items()
    }
    services = {
        str(name): _overrides(str(name), value) for name, value in params["services"].items()
    }
    return (
        _edit.edit_main(main.text, parameters),
        _edit.edit_master(master.text, services, braces=version >= PostfixVersion(3, 0)),
    )


def _judge(
    postfix: _candidate.Postfix,
    originals: tuple[Original, Original],
    edits: tuple[_edit.Edited, _edit.Edited],
) -> tuple[str, ...]:
    """Raise InvalidInput with Postfix's own words, or return what Postfix could not be asked."""
    live, candidate = (
        _candidate.Texts(*(item.text for item in pair)) for pair in (originals, edits)
    )
    changes = (*edits[0].changes, *edits[1].changes)
    judgement = _candidate.judge(run, postfix, live=live, candidate=candidate, changes=changes)
    if judgement.complaints:
        raise InvalidInput(_candidate.explain(judgement, postfix))
    return judgement.undetermined


def _described(file: str, change: _edit.Change) -> dict[str, str | None]:
    return {
        "file": file,
        "service": change.service,
        "parameter": change.parameter,
        "before": change.before,
        "after": change.after,
    }


def _apply(
    replacements: t.Sequence[Replacement], *, backup: bool, now: datetime.datetime
) -> list[str]:
    suffix = now.strftime("%Y%m%dT%H%M%SZ")
    copies = [write_backup(item.original, suffix) for item in replacements] if backup else []
    replace_all(replacements)
    return copies


def _transaction(module: AnsibleModule) -> dict[str, t.Any]:
    params = module.params
    postfix = _candidate.locate(
        run, postconf=params["postconf_command"], config_directory=params["config_directory"]
    )
    names = ("main.cf", "master.cf")
    main, master = (read_original(os.path.join(postfix.config_directory, name)) for name in names)
    edits = _edited(params, main, master, postfix.version)
    pairs = [(original, edit) for original, edit in zip((main, master), edits) if edit.changes]
    backup_files: list[str] = []
    for note in (*edits[0].notes, *edits[1].notes):
        module.warn(note)
    if pairs:
        for reason in _judge(postfix, (main, master), edits):
            module.warn(showable(f"Postfix could not judge everything: {reason}."))
        for original, _edit_of_it in pairs:
            refuse_unwritable(original)
        if not module.check_mode:
            replacements = [
                Replacement(item, edit.text.encode("utf-8", "surrogateescape"))
                for item, edit in pairs
            ]
            now = datetime.datetime.now(datetime.timezone.utc)
            with while_pending(params["checkpoint"], run):
                backup_files = _apply(replacements, backup=params["backup"], now=now)
    return {
        "changed": bool(pairs),
        "changes": [
            _described(name, change) for name, edit in zip(names, edits) for change in edit.changes
        ],
        "backup_files": backup_files,
        "config_directory": postfix.config_directory,
        "version": str(postfix.version),
        "diff": [
            {"prepared": changed_lines(original.path, original.text, edit.text)}
            for original, edit in pairs
        ],
    }


def main() -> t.NoReturn:
    module = AnsibleModule(
        argument_spec={
            "config_directory": {"type": "path"},
            "parameters": {"type": "dict", "default": {}},
            "services": {"type": "dict", "default": {}},
            "backup": {"type": "bool", "default": False},
            "postconf_command": {"type": "str", "default": "postconf"},
            "checkpoint": CHECKPOINT_OPTION,
        },
        supports_check_mode=True,
    )
    try:
        result = _transaction(module)
    except PostmasterTlsError as error:
        module.fail_json(msg=showable(str(error)))
    module.exit_json(**showable(result))


if __name__ == "__main__":
    main()
