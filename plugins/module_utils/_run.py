# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Commands of the host: run without a shell, bounded in time, in a plain locale."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import typing as t

ENVIRONMENT: t.Final = {
    "LC_ALL": "C",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/opt/local/sbin",
}


_LAST_SECONDS: t.Final = 10.0


class Completed(t.NamedTuple):
    """How a command ended; `code` is None if it could not be started or did not end in time (`stderr` says why)."""

    code: int | None
    stdout: str
    stderr: str


Runner = t.Callable[[t.Sequence[str]], Completed]


def run(command: t.Sequence[str], *, timeout: float = 20.0) -> Completed:
    """Run one command to its end; never raises: a command that is missing or too slow has no code, and nothing that a slow one
    started in its own session is left running.
    """
    try:
        process = start(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            new_session=True,
            cwd=None,
        )
    except OSError as error:
        return Completed(None, "", f"{command[0]}: {error.strerror}")
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return Completed(None, "", f"{command[0]} did not end within {timeout:g} seconds")
    finally:
        _end(process)
    return Completed(
        process.returncode,
        stdout.decode("utf-8", "surrogateescape"),
        stderr.decode("utf-8", "surrogateescape"),
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a command that was given up, with what it started, and wait until nobody can write for it any more."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_LAST_SECONDS)
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def run_all(commands: t.Sequence[t.Sequence[str]], run: Runner) -> list[Completed]:
    """Run commands that do not depend on each other at the same time; how each ended, in this order."""
    ended: dict[int, Completed] = {}

    def one(position: int) -> None:
        ended[position] = run(commands[position])

    threads = [threading.Thread(target=one, args=(position,)) for position in range(len(commands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lost = Completed(None, "", "the command could not be run")
    return [ended.get(position, lost) for position in range(len(commands))]


class Ahead:
    """A runner that can begin commands before they are asked for; the answer to each of them is given once."""

    def __init__(self, run: Runner) -> None:
        self._run = run
        self._begun: dict[tuple[str, ...], threading.Thread] = {}
        self._ended: dict[tuple[str, ...], Completed] = {}

    def begin(self, commands: t.Iterable[t.Sequence[str]]) -> None:
        """Start commands, all at the same time."""
        for command in map(tuple, commands):
            thread = threading.Thread(target=self._keep, args=(command,))
            self._begun[command] = thread
            thread.start()

    def _keep(self, command: tuple[str, ...]) -> None:
        self._ended[command] = self._run(command)

    def __call__(self, command: t.Sequence[str]) -> Completed:
        begun = self._begun.pop(tuple(command), None)
        if begun:
            begun.join()
        return self._ended.pop(tuple(command), None) or self._run(command)


def showable(value: t.Any) -> t.Any:
    """The same data with every byte that is not UTF-8 escaped, which JSON could not carry to the controller."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {showable(key): showable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [showable(item) for item in value]
    return value


def json_text(value: t.Any) -> str:
    """JSON of any data, with what is not UTF-8 escaped as C(showable) does it. As one text, it passes through Ansible's
    own encoders at no cost.
    """
    try:
        text = json.dumps(value, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(showable(value))
    return text


def start(
    command: t.Sequence[str],
    *,
    stdin: int,
    stdout: int,
    stderr: int | t.IO[bytes] = subprocess.DEVNULL,
    env: t.Mapping[str, str] | None = None,
    new_session: bool = False,
    pass_fds: t.Sequence[int] = (),
    cwd: str | None = "/",
) -> subprocess.Popen[bytes]:
    """Start one command and leave it running, below / unless C(cwd) says otherwise. Raises OSError if it cannot be started."""
    return subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with  # the caller ends it
        list(command),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=dict(ENVIRONMENT if env is None else env),
        cwd=cwd,
        start_new_session=new_session,
        pass_fds=tuple(pass_fds),
    )


def find_command(name: str) -> str | None:
    """The full path of a command, looked for in the usual places for administrators' commands."""
    directories = ENVIRONMENT["PATH"].split(":")
    for path in (os.path.join(directory, name) for directory in directories):
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return None


__all__ = [
    "ENVIRONMENT",
    "Ahead",
    "Completed",
    "Runner",
    "find_command",
    "json_text",
    "run",
    "run_all",
    "showable",
    "start",
]
