# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What restores an unconfirmed checkpoint on the host itself, whatever becomes of the connection.

Where systemd runs: a transient timer (systemd-run(1)), and for a reboot in between a unit that runs before the MTA
starts. A soft reboot keeps the clock and ends the timer: if the deadline is to come, that unit leaves a process that
waits. Elsewhere: a detached process, and where cron(8) reads /etc/cron.d an entry for a reboot in between, and for a
process that was killed. After a reboot without either, the next call of the module finds the checkpoint overdue.
"""

from __future__ import annotations

import contextlib
import glob
import inspect
import io
import itertools
import os
import shlex
import subprocess
import sys
import time
import typing as t
import zipfile

from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint import _record, _restorer
from ansible_collections.postmaster.tls.plugins.module_utils._errors import CommandFailed
from ansible_collections.postmaster.tls.plugins.module_utils._run import (
    Runner,
    find_command,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import start as start_command

PROGRAM: t.Final = "restorer.pyz"

_SYSTEMD_RUNNING: t.Final = "/run/systemd/system"
_UNITS: t.Final = "/etc/systemd/system"
_WANTS: t.Final = "multi-user.target.wants"
_GENERATED: t.Final = "/run/systemd/generator"
_CRON: t.Final = "/etc/cron.d"
_MTAS: t.Final = ("postfix.service", "postfix@-.service", "sendmail.service")
_START_SECONDS: t.Final = 10.0
_BOOT_UNIT: t.Final = """\
# Made by postmaster.tls.config_checkpoint, and removed by it when the checkpoint is confirmed or restored.
[Unit]
Description=Restore the checkpoint {name}, which was not confirmed before the reboot
RequiresMountsFor={root}
ConditionPathExists={root}/{name}/{manifest}
Before={mtas}

[Service]
Type=oneshot
# After a boot that leaves the kernel as it is, a process stays and waits for the deadline.
KillMode=process
ExecStart={command}

[Install]
WantedBy=multi-user.target
"""
_CRON_TABLE: t.Final = """\
# Made by postmaster.tls.config_checkpoint, and removed by it when the checkpoint {name} is confirmed or restored.
@reboot root {command} >/dev/null 2>&1
* * * * * root {command} >/dev/null 2>&1
"""


def has_systemd() -> bool:
    """True where systemd is the running init (sd_booted(3)) and systemd-run is there."""
    return os.path.isdir(_SYSTEMD_RUNNING) and find_command("systemd-run") is not None


def boot_files(name: str) -> tuple[str, ...]:
    """What restores at boot: the unit and the link that enables it, else a table for cron; empty without either."""
    if has_systemd():
        unit = f"{_unit(name)}-boot.service"
        return os.path.join(_UNITS, unit), os.path.join(_UNITS, _WANTS, unit)
    return (os.path.join(_CRON, _unit(name)),) if os.access(_CRON, os.W_OK) else ()


def start(run: Runner, root: str, manifest: _record.Manifest) -> str:
    """Start the watcher: returns `systemd` or `process`. Raises CommandFailed if neither starts."""
    systemd = has_systemd()
    try:
        if systemd:
            _prepare_boot(root, manifest)
        elif manifest.boot_files:
            _prepare_cron(root, manifest)
    except OSError as error:
        where = error.filename or _UNITS
        raise CommandFailed(
            f"{where} cannot be written: {error.strerror}; nothing was armed."
        ) from error
    if systemd and _start_timer(run, root, manifest):
        return "systemd"
    return _start_process(root, manifest)


def program() -> bytes:
    """The watcher as a program of its own: an archive that Python runs, with the few files of the collection in it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for module in (_record, _restorer):
            path = module.__name__.replace(".", "/")
            parents = itertools.accumulate(path.split("/")[:-1], "{}/{}".format)
            for parent in parents:
                if f"{parent}/" not in files.namelist():
                    files.writestr(f"{parent}/", b"")
            files.writestr(f"{path}.py", inspect.getsource(module))
        start_it = (
            f"import sys\nfrom {_restorer.__name__} import main\nsys.exit(main(sys.argv[1:]))\n"
        )
        files.writestr("__main__.py", start_it)
    return archive.getvalue()


def cancel(run: Runner, name: str) -> None:
    """End the timer. A detached watcher sees by itself that the checkpoint is over."""
    if has_systemd():
        run(["systemctl", "stop", f"{_unit(name)}.timer"])
        run(["systemctl", "reset-failed", f"{_unit(name)}.service"])


def _unit(name: str) -> str:
    return f"postmaster-tls-checkpoint-{name}"


def _command(how: str, root: str, manifest: _record.Manifest) -> list[str]:
    program = os.path.join(root, manifest.name, PROGRAM)
    return [sys.executable, "-I", program, how, root, manifest.name, manifest.token]


def _prepare_boot(root: str, manifest: _record.Manifest) -> None:
    unit, link = manifest.boot_files
    text = _BOOT_UNIT.format(
        name=manifest.name,
        root=root,
        manifest=_record.MANIFEST,
        mtas=" ".join(_mtas()),
        command=" ".join(_command("boot", root, manifest)),
    )
    _write(unit, text, mode=0o644)
    _record.make_directories(os.path.dirname(link))
    with contextlib.suppress(FileExistsError):
        os.symlink(unit, link)
    for path in (unit, link):
        _restorer.sync_directory(os.path.dirname(path))


def _prepare_cron(root: str, manifest: _record.Manifest) -> None:
    """crontab(5): a percent sign would end the command; a name with a dot, and a file that others can write, is ignored."""
    (table,) = manifest.boot_files
    command = _wherever_it_is(root, manifest).replace("%", "\\%")
    _write(table, _CRON_TABLE.format(name=manifest.name, command=command), mode=0o600)
    _restorer.sync_directory(os.path.dirname(table))


def _wherever_it_is(root: str, manifest: _record.Manifest) -> str:
    """Runs the program where the checkpoint lies, or where a confirmation that was killed has left it; else nothing."""
    parting = _record.parting_of(root, manifest.name, manifest.token)
    places = shlex.join([os.path.join(root, manifest.name), parting])
    interpreter, isolated, _program, *rest = _command("cron", root, manifest)
    program = f'"$at"/{PROGRAM}'
    command = f"{shlex.join([interpreter, isolated])} {program} {shlex.join(rest)}"
    return f"for at in {places}; do test ! -f {program} || exec {command}; done"


def _write(path: str, text: str, *, mode: int) -> None:
    """What root runs is nobody else's to write at any moment, whatever the umask is."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        os.fchmod(handle, mode)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _mtas() -> list[str]:
    """The units of MTAs, also of further instances of Postfix, which do not wait for postfix.service."""
    found = set(_MTAS)
    for directory in (_GENERATED, _UNITS):
        found.update(
            os.path.basename(path)
            for path in glob.glob(os.path.join(directory, "*.wants", "postfix@*.service"))
        )
    return sorted(found)


def _start_timer(run: Runner, root: str, manifest: _record.Manifest) -> bool:
    unit = _unit(manifest.name)
    cancel(run, manifest.name)
    done = run(
        [
            "systemd-run",
            "--quiet",
            "--collect",
            f"--unit={unit}",
            f"--description=Restore the checkpoint {manifest.name} unless it is confirmed",
            f"--on-active={manifest.timeout:.3f}s",
            "--timer-property=AccuracySec=100ms",
            "--service-type=oneshot",
            *_command("timer", root, manifest),
        ]
    )
    return done.code == 0 and run(["systemctl", "is-active", "--quiet", f"{unit}.timer"]).code == 0


def _start_process(root: str, manifest: _record.Manifest) -> str:
    command = _command("detached", root, manifest)
    process = start_command(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, new_session=True
    )
    sign_of_life = os.path.join(root, manifest.name, _restorer.PID)
    until = time.monotonic() + _START_SECONDS
    process.wait(_START_SECONDS)
    while not os.path.exists(sign_of_life):
        if time.monotonic() > until:
            raise CommandFailed(
                f"The watcher ({' '.join(command)}) did not start; nothing was armed."
            )
        time.sleep(0.05)
    return "process"


__all__ = ["PROGRAM", "boot_files", "cancel", "has_systemd", "program", "start"]
