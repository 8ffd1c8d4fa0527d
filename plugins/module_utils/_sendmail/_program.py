# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Whether a host has sendmail itself, and where."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._command import read_text

DEFAULT_CF: t.Final = "/etc/mail/sendmail.cf"
_MAILER_CONF: t.Final = ("/usr/local/etc/mail/mailer.conf", "/etc/mail/mailer.conf")
_OPTION_OF_ITS_OWN: t.Final = b"DaemonPortOptions"


def program_of(sendmail: str, read: t.Callable[[str], str | None] = read_text) -> str:
    """The program behind the command: a link is followed, and mailer.conf(5) where a mailwrapper(8) is in its place."""
    program = os.path.realpath(sendmail)
    if os.path.basename(program) == "mailwrapper":
        for path in _MAILER_CONF:
            for line in (read(path) or "").splitlines():
                words = line.split()
                if words[:1] == ["sendmail"] and len(words) > 1:
                    return os.path.realpath(words[1])
    return program


def is_sendmail(sendmail: str) -> bool:
    """Whether the command is sendmail itself, not the command of that name that every other MTA has as well.

    A program that this user cannot read counts as sendmail: it is asked then.
    """
    try:
        with open(program_of(sendmail), "rb") as stream:
            return _OPTION_OF_ITS_OWN in stream.read()
    except OSError:
        return os.path.exists(DEFAULT_CF)


__all__ = ["DEFAULT_CF", "is_sendmail", "program_of"]
