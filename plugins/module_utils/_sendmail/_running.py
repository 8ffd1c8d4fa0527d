# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is in force beside the lines of sendmail.cf: options that are abbreviated there, those of a candidate, and how the
daemon that runs was started.

Options of its command line override those of its sendmail.cf; its pid file has them in the second line. There a word
belongs to the value before it that does not begin with a minus, or begins with one the name of a bit of ServerSSLOptions.
Source: log_sendmail_pid() in sendmail/util.c, main() in sendmail/main.c and setoption() in sendmail/readcf.c ("sticky").
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._records import (
    dataclass,
    field,
    replace,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import (
    ConfigurationFile,
    Option,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import (
    NAMES,
    meant_by,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._program import DEFAULT_CF
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import Sendmail
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import Build

DEFAULT_PID_FILE: t.Final = "/var/run/sendmail.pid"
_LISTENING: t.Final = ("DaemonPortOptions", "ClientPortOptions", "DontBlameSendmail")
_PID: t.Final = re.compile(r"[0-9]{1,9}")
_ARGUMENT: t.Final = re.compile(r"\s+(?=-(?!SSL_OP_|0x|\d))")
_OPTION: t.Final = re.compile(r"-O\s*(?P<name>[A-Za-z]\w*)\s*=\s*(?P<value>.*)", re.DOTALL)
_FILE: t.Final = re.compile(r"-C\s*(?P<path>/\S+)")


@dataclass(frozen=True)
class Running:
    """The options of the command line by name, and the sendmail.cf that it names, empty for the usual one."""

    options: t.Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file: str = ""


def running(
    pid_file: str | None,
    read: t.Callable[[str], str | None],
    *,
    alive: t.Callable[[int], bool] | None = None,
) -> Running:
    """What the daemon of this pid file was started with; nothing where none runs, or the file cannot be read."""
    lines = (read(pid_file or DEFAULT_PID_FILE) or "").splitlines()
    if len(lines) < 2 or not _PID.fullmatch(lines[0].strip()):
        return Running()
    if not (alive or _is_alive)(int(lines[0])):
        return Running()
    options: dict[str, tuple[str, ...]] = {}
    file = ""
    for argument in _ARGUMENT.split(lines[1].strip())[1:]:
        option, named = _OPTION.fullmatch(argument), _FILE.fullmatch(argument)
        if option:
            options[option["name"]] = (*options.get(option["name"], ()), option["value"])
        file = named["path"] if named else file
    return Running(options, file)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def with_candidate(cf: ConfigurationFile, options: t.Mapping[str, t.Any]) -> ConfigurationFile:
    """The same with other values of options in force; None takes an option away, a list gives it several times."""
    wanted = {name.lower(): (name, value) for name, value in options.items()}
    kept = [one for one in cf.options if one.name.lower() not in wanted]
    for name, value in wanted.values():
        values = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        kept += [Option(name, str(one), 0) for one in values]
    return replace(cf, options=tuple(kept))


def spelled_out(cf: ConfigurationFile, build: Build) -> ConfigurationFile:
    """The same with the whole name of every option that is abbreviated, as sendmail takes it."""
    options = [(one, meant_by(one.name, build)) for one in cf.options]
    whole = (one._replace(name=meant[0]) if len(meant) == 1 else one for one, meant in options)
    return replace(cf, options=tuple(whole))


def as_running(sendmail: Sendmail, found: Running) -> tuple[Sendmail, list[Finding]]:
    """The same with the options that the daemon was started with in force, and a finding for each."""
    where = sendmail.file
    if os.path.realpath(found.file or DEFAULT_CF) != os.path.realpath(where):
        if not found.file or os.path.realpath(where) != os.path.realpath(DEFAULT_CF):
            return sendmail, []
        evidence = (
            f"-C {found.file}: give this path as sendmail_cf to have the facts of this daemon"
        )
        return sendmail, [finding("command-line-option", where=where, evidence=evidence)]
    options = {}
    for name, values in found.options.items():
        meant = meant_by(name, sendmail.build)
        if len(meant) == 1 and meant[0] in (*NAMES, *_LISTENING):
            options[meant[0]] = values
    findings = [
        finding("command-line-option", where=where, evidence=f"-O {name}={', '.join(values)}")
        for name, values in options.items()
    ]
    cf = with_candidate(sendmail.cf, options)
    return replace(sendmail, cf=cf, overrides=options), findings


__all__ = [
    "DEFAULT_PID_FILE",
    "Running",
    "as_running",
    "running",
    "spelled_out",
    "with_candidate",
]
