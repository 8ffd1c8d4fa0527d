# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Postfix's own daemons judge a configuration, without a network and without touching the running Postfix.

`smtpd -S` serves one session on its standard input (src/master/single_server.c). With `-u` it starts with the rights
that it has under master(8), so that it can load keys, and it sets up TLS as in production: protocols, digest, CA and
certificate files at start, the cipher list at STARTTLS (src/smtpd/smtpd.c, src/tls/tls_server.c). `smtp -S` does the
part of the client. Both need tlsmgr(8); a private one is started with the descriptors that master(8) gives a daemon
(src/master/master_proto.h). What they complain about goes to standard error (`-V`).
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._run import ENVIRONMENT, start

SECONDS: t.Final = 15.0
_STALE: t.Final = 3600.0

_LOG_NAME: t.Final = "postmaster-tls-candidate"
_COMPLAINT: t.Final = re.compile(
    r"^[^\s:]+: (?:(?:warning|error|fatal|panic): )(?P<words>.*)$", re.MULTILINE
)
_UNRELATED: t.Final = re.compile(
    r"connect to (?:private|public)/|postmaster notify|non-SMTP command"
)
# What a session on standard input must not wait for, ask or write to.
_QUIET: t.Final[t.Mapping[str, str]] = {
    "syslog_name": _LOG_NAME,
    "smtpd_tls_wrappermode": "no",
    "smtpd_sasl_auth_enable": "no",
    "smtpd_milters": "",
    "smtpd_upstream_proxy_protocol": "",
    "smtpd_proxy_filter": "",
    "smtpd_client_restrictions": "",
    "smtpd_helo_restrictions": "",
    "smtpd_etrn_restrictions": "",
    "smtpd_discard_ehlo_keywords": "",
    "smtpd_discard_ehlo_keyword_address_maps": "",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_client_connection_rate_limit": "0",
    "smtpd_client_message_rate_limit": "0",
    "smtpd_client_recipient_rate_limit": "0",
    "smtpd_client_new_tls_session_rate_limit": "0",
    "smtpd_client_auth_rate_limit": "0",
    "smtpd_timeout": "10s",
    "smtpd_starttls_timeout": "5s",
}
# smtp(8) has nothing to say on an empty standard input but that it is ready.
_CLIENT_QUIET: t.Final[t.Mapping[str, str]] = {
    "syslog_name": _LOG_NAME,
    "smtp_sasl_auth_enable": "no",
}
# Starts a daemon of Postfix with the descriptors 3 to 6 of master(8), which no option of subprocess can place.
_AS_MASTER: t.Final = """
import os, sys
numbers = [int(text) for text in sys.argv[1].split(",")]
high = [os.dup2(number, 100 + index, inheritable=False) for index, number in enumerate(numbers)]
for index, number in enumerate(high):
    os.dup2(number, 3 + index, inheritable=True)
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True)
class Installed:
    """Where this Postfix keeps what a trial needs, and whom its daemons run as."""

    daemon_directory: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Trial:
    """One start of a daemon: C(program) is smtpd, smtp or lmtp; the overrides are those of its service and more."""

    program: str
    overrides: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Verdict:
    """What the daemon complained about, in Postfix's words; C(undetermined) says why it could not be asked."""

    complaints: tuple[str, ...]
    undetermined: str | None = None


@dataclass(frozen=True)
class Ground:
    """A private configuration directory with a queue directory and a tlsmgr(8) of its own."""

    directory: str
    config_directory: str
    installed: Installed

    @property
    def environment(self) -> dict[str, str]:
        return {**ENVIRONMENT, "MAIL_CONFIG": self.directory, "MAIL_LOGTAG": _LOG_NAME}

    def put_to_trial(self, trial: Trial) -> Verdict:
        """Start the daemon, go as far as STARTTLS with it, and collect what it complains about."""
        program = os.path.join(self.installed.daemon_directory, trial.program)
        quiet = _QUIET if trial.program == "smtpd" else _CLIENT_QUIET
        command = [program, "-S", "-n", trial.program, "-t", "unix", "-u", "-V"]
        for name, value in (*trial.overrides, *quiet.items()):
            command += ["-o", f"{name}={value.replace('proxy:', '')}"]
        try:
            return self._converse(command)
        except OSError as error:
            return Verdict((), f"{program}: {error.strerror}")

    def _converse(self, command: t.Sequence[str]) -> Verdict:
        ours, theirs = socket.socketpair()
        with ours, tempfile.TemporaryFile() as log:
            with theirs:
                process = start(
                    command,
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=log,
                    env=self.environment,
                )
            late = _dialogue(ours, time.monotonic() + SECONDS)
            ours.close()
            try:
                process.wait(2.0 if command[0].endswith("smtpd") else 0.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.seek(0)
            words = (
                log.read().decode("utf-8", "replace").replace(self.directory, self.config_directory)
            )
        late_reason = f"{command[0]} did not answer within {SECONDS:g} seconds" if late else None
        return Verdict(complaints_in(words), late_reason)


def complaints_in(words: str) -> tuple[str, ...]:
    """Warnings and errors in a daemon's standard error, without those that the trial itself causes."""
    found = (match["words"] for match in _COMPLAINT.finditer(words))
    return tuple(dict.fromkeys(text for text in found if not _UNRELATED.search(text)))


@contextlib.contextmanager
def ground(
    *,
    main: str,
    master: str,
    config_directory: str,
    installed: Installed,
    values_in: t.Callable[[str], t.Mapping[str, str]],
) -> t.Iterator[Ground]:
    """Prepare a trial of these two files; C(values_in) gives the parameters of a directory as postconf prints them.

    The directory is gone, and the tlsmgr(8) ended, when the block is left. Raises OSError when it cannot be made.
    """
    with contextlib.ExitStack() as stack:
        directory = private_directory("postmaster-tls-trial-")
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        # The owner of the mail system must reach its queue directory below; nobody can list what is here.
        os.chmod(directory, 0o711)
        link_others(config_directory, directory)
        queue = _queue(directory, installed)
        write_private(os.path.join(directory, "main.cf"), main)
        write_private(os.path.join(directory, "master.cf"), master)
        isolated = main + _isolation(queue, values_in(directory))
        write_private(os.path.join(directory, "main.cf"), isolated)
        place = Ground(directory, config_directory, installed)
        _start_tlsmgr(place, queue, stack)
        yield place


def private_directory(prefix: str) -> str:
    """A new directory for a copy of main.cf; those that killed runs left behind long ago are removed."""
    parent = tempfile.gettempdir()
    for name in os.listdir(parent):
        path = os.path.join(parent, name)
        with contextlib.suppress(OSError):
            status = os.lstat(path)
            stale = status.st_uid == os.geteuid() and status.st_mtime < time.time() - _STALE
            if name.startswith(prefix) and stat.S_ISDIR(status.st_mode) and stale:
                shutil.rmtree(path, ignore_errors=True)
    return tempfile.mkdtemp(prefix=prefix)


def link_others(source: str, destination: str) -> None:
    """Whatever else lies in a configuration directory is reachable from the private one by symbolic links."""
    for name in os.listdir(source):
        if name not in ("main.cf", "master.cf"):
            os.symlink(os.path.join(source, name), os.path.join(destination, name))


def write_private(path: str, text: str) -> None:
    """Write a file that only its owner can read, dated back: Postfix waits until a file of settings is two seconds old.

    See src/util/dict.c, dict_load_file_xt().
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))
    past = time.time() - 60
    os.utime(path, (past, past))


def _queue(directory: str, installed: Installed) -> str:
    queue = os.path.join(directory, "queue")
    for path in (
        queue,
        os.path.join(queue, "private"),
        os.path.join(queue, "public"),
        os.path.join(queue, "pid"),
    ):
        os.mkdir(path, 0o755)
        os.chown(path, installed.uid, installed.gid)
    return queue


def _isolation(queue: str, values: t.Mapping[str, str]) -> str:
    """Definitions that keep a trial away from the running Postfix: its queue, its log, its proxymap(8)."""
    own = {"queue_directory": queue, "syslog_name": _LOG_NAME, "maillog_file": ""}
    for name, value in values.items():
        if "proxy:" in value and name not in ("proxy_read_maps", "proxy_write_maps"):
            own[name] = value.replace("proxy:", "")
    return "\n" + "".join(f"{name} = {value}\n" for name, value in own.items())


def _start_tlsmgr(place: Ground, queue: str, stack: contextlib.ExitStack) -> None:
    """Start tlsmgr(8), to be ended with the stack; it ends by itself when its status channel is closed."""
    command = [os.path.join(place.installed.daemon_directory, "tlsmgr")]
    command += [
        "-l",
        "-n",
        "tlsmgr",
        "-t",
        "unix",
        "-u",
        "-o",
        "tls_random_exchange_name=prng_exch",
    ]
    for name in ("smtpd", "smtp", "lmtp"):
        command += ["-o", f"{name}_tls_session_cache_database="]
    path = os.path.join(queue, "private", "tlsmgr")
    flow = os.pipe()
    status, theirs = socket.socketpair()
    stack.enter_context(status)
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(socket.socket(socket.AF_UNIX))
        opened.enter_context(theirs)
        for number in flow:
            opened.callback(os.close, number)
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(5)
        numbers = (*flow, theirs.fileno(), listener.fileno())
        process = start(
            [sys.executable, "-I", "-c", _AS_MASTER, ",".join(map(str, numbers)), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**place.environment, "GENERATION": "0"},
            pass_fds=numbers,
        )
    stack.callback(process.wait)
    stack.callback(process.kill)


def _dialogue(stream: socket.socket, deadline: float) -> bool:
    """EHLO and STARTTLS as far as the daemon follows; true if it kept silent until the deadline.

    smtp(8) answers with the header of its own protocol, which ends the dialogue.
    """
    for line in (b"", b"EHLO localhost\r\n", b"STARTTLS\r\n"):
        with contextlib.suppress(OSError):
            stream.sendall(line)
        reply = _reply(stream, deadline)
        if reply is None:
            return True
        if not re.search(rb"(?m)^2\d\d ", reply):
            return False
        if line.startswith(b"EHLO") and not re.search(rb"(?mi)^250[- ]STARTTLS\r?$", reply):
            return False
    return False


def _reply(stream: socket.socket, deadline: float) -> bytes | None:
    """Bytes up to the end of an SMTP reply, or of the stream, or of the first chunk of something else; None if late."""
    received = b""
    while not re.search(rb"(?m)^\d{3} .*\n\Z", received):
        readable, _writable, _failed = select.select(
            [stream], [], [], max(0.0, deadline - time.monotonic())
        )
        if not readable:
            return None
        try:
            chunk = stream.recv(4096)
        except OSError:
            return received
        received += chunk
        if not chunk or not received[:1].isdigit():
            return received
    return received


__all__ = [
    "Ground",
    "Installed",
    "Trial",
    "Verdict",
    "complaints_in",
    "ground",
    "link_others",
    "private_directory",
    "write_private",
]
