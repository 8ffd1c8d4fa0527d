# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._program import (
    is_sendmail,
    program_of,
)


def test_the_command_of_another_mta_is_not_sendmail(tmp_path: Path) -> None:
    other, own = tmp_path / "postfix", tmp_path / "sendmail"
    other.write_bytes(b"\x7fELF mail_params")
    own.write_bytes(b"\x7fELF ... DaemonPortOptions ...")
    assert not is_sendmail(str(other))
    assert is_sendmail(str(own))


def test_a_mailwrapper_is_looked_through(tmp_path: Path) -> None:
    wrapper = tmp_path / "mailwrapper"
    wrapper.write_bytes(b"")
    link = tmp_path / "sendmail"
    link.symlink_to(wrapper)
    conf = "# mailer.conf\nsendmail\t/usr/libexec/sendmail/sendmail\nmailq x\n"
    read = {"/etc/mail/mailer.conf": conf}.get
    assert program_of(str(link), read) == "/usr/libexec/sendmail/sendmail"
