#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: config_checkpoint
short_description: Snapshot files, and have the host restore them by itself unless the change is confirmed in time
description:
  - What C(commit confirmed) is to a router. Arm a checkpoint, change the files, see whether the service still works,
    then confirm. If the confirmation does not come in time, because the change has cut the connection or the controller
    has died, the host puts every file back byte for byte and runs O(restore_command).
  - A watcher on the host waits for the deadline. Where systemd runs it is a transient timer, and a unit that restores
    before the MTA starts should the host reboot in between; O(restore_command) is not run then. Elsewhere it is a
    detached process, and an entry in C(/etc/cron.d), where there is one, that restores after a reboot and runs
    O(restore_command). After a reboot without either, the next call of this module restores.
  - The copies are staged beside the files, so that restoring them is a rename and works on a full disk. A second set
    lies in O(state_directory).
version_added: 0.1.0
author:
  - The postmaster.tls authors (@postmaster-tls)
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.actiongroup_tls
  - postmaster.tls._attributes.mail_host
attributes:
  check_mode:
    support: full
  diff_mode:
    support: partial
    details: With V(undone), the lines that change in files that everybody on the host may read. Others are not shown, as private
      keys may be among them.
  idempotent:
    support: partial
    details: All but V(armed) are. A second V(armed) is refused while a checkpoint of that name is pending.
options:
  state:
    description:
      - V(armed) takes the snapshot and starts the watcher. It fails while a checkpoint of that name is pending; one
        that is overdue is restored first, and a warning says so.
      - V(confirmed) keeps the change and removes the snapshot. Without a checkpoint it changes nothing. It fails when
        the files have been restored in the meantime, or when the deadline has passed, which restores them.
      - V(restored) puts the files back now. Without a pending checkpoint it changes nothing.
      - V(undone) takes back the newest change that was confirmed with O(undoable=true), byte for byte, and runs the
        command of its checkpoint. Without one it changes nothing. It fails when a file was edited since, and while a
        checkpoint of that name is pending.
      - V(settled) restores a checkpoint that is overdue, and a warning says so. It fails while one is pending, and
        changes nothing where there is none. To be called before a change is planned on what the files say.
      - V(pending) changes nothing. It fails unless the checkpoint of O(token) still waits for its confirmation. To be called
        right before the files are changed, as nobody takes back what is changed after the host has restored itself, and
        again before anything is built on the change. The option C(checkpoint) of M(postmaster.tls.postconf) and
        M(postmaster.tls.sendmail_config) asks the same in the moment of the writing, without a gap.
    type: str
    choices:
      - armed
      - confirmed
      - restored
      - undone
      - settled
      - pending
    required: true
  name:
    description:
      - Name of the checkpoint. Checkpoints with different names must not share files.
    type: str
    default: postfix
  paths:
    description:
      - Absolute paths of the files, with O(state=armed). A file that does not exist yet is removed when restoring.
      - Symbolic links are followed; the link itself is restored, too, should it have been replaced.
      - Directories are refused. Name their files.
    type: list
    elements: path
    default: []
  restore_command:
    description:
      - Command that is run after the files were restored, as a list of arguments, or as text that is split like a shell
        does. There is no shell. It has 120 seconds.
    type: raw
  timeout:
    description:
      - Seconds from arming to the deadline.
    type: int
    default: 300
  undoable:
    description:
      - With O(state=confirmed), keep the snapshot for O(state=undone), in place of an older one of that name.
    type: bool
    default: false
  token:
    description:
      - With O(state=confirmed), O(state=restored) or O(state=pending), the RV(token) of the arming that is meant. It fails
        when that checkpoint is there no more, so that nobody confirms the change of somebody else. With V(restored) it also
        puts back what was changed after the host had restored itself. V(pending) requires it.
    type: str
  state_directory:
    description:
      - Where snapshots and their records are kept; made with mode C(0700). It must survive a reboot.
      - It is refused where others can write to a directory above it, as root runs a program from there.
    type: path
    default: /var/lib/postmaster-tls/checkpoints
seealso:
  - module: postmaster.tls.postconf
    description: To change Postfix between arming and confirming.
"""

EXAMPLES = r"""
- name: From here on the host restores itself unless this play gets to its end within five minutes
  postmaster.tls.config_checkpoint:
    state: armed
    paths:
      - /etc/postfix/main.cf
      - /etc/postfix/master.cf
    restore_command: [postfix, reload]
    timeout: 300

  register: checkpoint

- name: Change something
  postmaster.tls.postconf:
    parameters:
      smtpd_tls_protocols: ">=TLSv1.2"
    checkpoint:
      token: "{{ checkpoint.token }}"

- name: The service still works, so keep the change
  postmaster.tls.config_checkpoint:
    state: confirmed
    token: "{{ checkpoint.token }}"
"""

RETURN = r"""
state:
  description: The state that was reached; in check mode, the one that would be.
  returned: success
  type: str
  sample: armed
deadline:
  description: When the host will restore the files. V(null) unless a checkpoint was armed, or is pending.
  returned: success
  type: str
  sample: "2026-11-21T21:05:00Z"
paths:
  description: The files of the checkpoint; empty if there was none.
  returned: success
  type: list
  elements: str
  sample:
    - /etc/postfix/main.cf
restored:
  description: The files that differed from the snapshot and were put back.
  returned: success
  type: list
  elements: str
  sample: []
watcher:
  description: What waits for the deadline, V(systemd) or V(process). V(null) unless a checkpoint was armed.
  returned: success
  type: str
  sample: systemd
token:
  description: Names this arming, for O(token). V(null) unless a checkpoint was armed, or is pending.
  returned: success
  type: str
  sample: 1f0c6a9b2d3e4f58
state_directory:
  description: Where the checkpoint lies, for the option C(checkpoint) of what writes; also when O(state_directory) comes from C(module_defaults).
  returned: success
  type: str
  sample: /var/lib/postmaster-tls/checkpoints
  version_added: 0.3.0
"""

import shlex
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._control import (
    STATE_DIRECTORY,
    Keeper,
    Result,
)
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._snapshot import Plan
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    PostmasterTlsError,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import run


def _command(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:
        raise InvalidInput(f"restore_command cannot be split into arguments: {error}.") from error
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InvalidInput("restore_command must be text or a list of texts.")
    return tuple(words)


def _reach(params: t.Mapping[str, t.Any], keeper: Keeper) -> Result:
    name = params["name"]
    if params["state"] == "confirmed":
        return keeper.confirm(name, undoable=params["undoable"], token=params["token"])
    if params["state"] == "restored":
        return keeper.restore(name, token=params["token"])
    if params["state"] == "settled":
        return keeper.settle(name)
    if params["state"] == "pending":
        return keeper.see_pending(name, token=params["token"])
    if params["state"] == "undone":
        return keeper.undo(name)
    if params["timeout"] < 1:
        raise InvalidInput("timeout must be at least one second.")
    if not params["paths"]:
        raise InvalidInput("paths must name the files that are to be restored when state is armed.")
    command = _command(params["restore_command"])
    return keeper.arm(Plan(name, tuple(params["paths"]), command, params["timeout"]))


def main() -> t.NoReturn:
    module = AnsibleModule(
        argument_spec={
            "state": {
                "type": "str",
                "choices": ["armed", "confirmed", "restored", "undone", "settled", "pending"],
                "required": True,
            },
            "name": {"type": "str", "default": "postfix"},
            "paths": {"type": "list", "elements": "path", "default": []},
            "restore_command": {"type": "raw"},
            "timeout": {"type": "int", "default": 300},
            "undoable": {"type": "bool", "default": False},
            "token": {"type": "str", "no_log": False},
            "state_directory": {"type": "path", "default": STATE_DIRECTORY},
        },
        required_if=[("state", "pending", ("token",))],
        supports_check_mode=True,
    )
    try:
        keeper = Keeper(module.params["state_directory"], run, module.check_mode)
        result = _reach(module.params, keeper)
    except PostmasterTlsError as error:
        module.fail_json(msg=str(error))
    if result.note:
        module.warn(result.note)
    module.exit_json(
        changed=result.changed,
        state=result.state,
        deadline=result.deadline,
        paths=list(result.paths),
        restored=list(result.restored),
        watcher=result.watcher,
        token=result.token,
        state_directory=module.params["state_directory"],
        **({"diff": [{"prepared": text} for text in result.diff]} if module._diff else {}),
    )


if __name__ == "__main__":
    main()
