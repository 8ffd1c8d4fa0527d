# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The record of a checkpoint: what was there, when it is due, and what a restoration did.

    manifest.json   what was there (written once)       restorer.pyz   the watcher's program
    files/N         second copies of the files          outcome.json   blank until restored; its room is reserved
    arming          there until the watcher runs; removing it works on a full disk

The watcher runs this file on the host by itself: it imports the standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import typing as t
from dataclasses import asdict, dataclass

MANIFEST: t.Final = "manifest.json"
OUTCOME: t.Final = "outcome.json"
ARMING: t.Final = "arming"
PARTING: t.Final = ".confirmed"
#: Longer than a restoration, whose command has 120 seconds, and than what builds a configuration.
LOCK_SECONDS: t.Final = 180.0


class RestorerError(Exception):
    """What could not be read or restored, in one sentence."""


class Busy(RestorerError):
    """Another process works on the checkpoint."""


@dataclass(frozen=True)
class Entry:
    """One path as it was. `target` is where its symbolic links lead; `link` is its own text if it is one.

    `present` is false for a file that did not exist; then nothing below it is meaningful. Times in nanoseconds.
    """

    path: str
    target: str
    link: str | None
    present: bool
    sha256: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    staged: str = ""
    copy: str = ""


@dataclass(frozen=True)
class Manifest:
    """A checkpoint: `armed_clock` and `timeout` in seconds of the monotonic clock of the boot named by `boot`.

    `boot_files` make the host restore at its next boot; they go when the checkpoint is over.
    """

    name: str
    token: str
    boot: str
    armed_clock: float
    armed_at: float
    timeout: float
    command: tuple[str, ...]
    boot_files: tuple[str, ...]
    entries: tuple[Entry, ...]

    @property
    def deadline(self) -> float:
        """Seconds since the epoch, for people; the watcher goes by the monotonic clock."""
        return self.armed_at + self.timeout


@dataclass(frozen=True)
class Outcome:
    """What a restoration did: why and when, which files differed, how the command ended (None: it was not run).

    Of several attempts it says what all of them did; `unrestored` are the paths that are left for the next one.
    """

    reason: str
    restored_at: float
    differed: tuple[str, ...]
    failures: tuple[str, ...]
    command_status: int | None
    command_output: str
    attempts: int = 1
    unrestored: tuple[str, ...] = ()


@contextlib.contextmanager
def locked(root: str, name: str, seconds: float | None = LOCK_SECONDS) -> t.Iterator[None]:
    """One process at a time arms, confirms or restores a checkpoint. Raises Busy after so many seconds, without them never."""
    handle = os.open(os.path.join(root, f".{name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if seconds is None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        else:
            _lock_within(seconds, handle, name)
        yield
    finally:
        os.close(handle)


def _lock_within(seconds: float, handle: int, name: str) -> None:
    until = time.monotonic() + seconds
    while not _locks(handle):
        if time.monotonic() >= until:
            raise Busy(f"the checkpoint {name} is being worked on by another process")
        time.sleep(0.1)


def _locks(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def parting_of(root: str, name: str, token: str) -> str:
    """Where a checkpoint goes when it is confirmed, for as long as it takes to keep or to remove it."""
    return os.path.join(root, f".{name}.{token}{PARTING}")


def make_directories(path: str, mode: int = 0o755) -> None:
    """Make a directory with this mode, and those above it that are missing with 0755, whatever the umask is."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    if parent != path:
        make_directories(parent)
    os.mkdir(path, 0o700)
    os.chmod(path, mode)


def boot_identity() -> str:
    """Changes with every boot, of a container too: the kernel's boot id and the start of process 1."""
    parts = []
    with (
        contextlib.suppress(OSError),
        open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream,
    ):
        parts.append(stream.read().strip())
    with (
        contextlib.suppress(OSError, IndexError),
        open("/proc/1/stat", encoding="utf-8", errors="replace") as stream,
    ):
        parts.append(stream.read().rpartition(")")[2].split()[19])
    return ":".join(parts)


def clock() -> float:
    """Seconds of a clock that no administrator sets, and that counts while the host is suspended where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def load_manifest(directory: str) -> Manifest | None:
    """The manifest of a checkpoint; None if there is none. Raises RestorerError for one that cannot be read."""
    path = os.path.join(directory, MANIFEST)
    try:
        with open(path, encoding="utf-8") as stream:
            data = json.load(stream)
        data["entries"] = tuple(Entry(**entry) for entry in data["entries"])
        data["command"], data["boot_files"] = tuple(data["command"]), tuple(data["boot_files"])
        return Manifest(**data)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RestorerError(f"{path} cannot be read: {error}") from error


def dump(manifest: Manifest) -> str:
    return json.dumps(asdict(manifest), indent=1)


def outcome_of(directory: str) -> Outcome | None:
    """How the checkpoint was restored; None while it is pending."""
    try:
        with open(os.path.join(directory, OUTCOME), encoding="utf-8") as stream:
            text = stream.read().strip()
        data = json.loads(text) if text else None
    except (OSError, ValueError):
        return None
    if data is None:
        return None
    for field in ("differed", "failures", "unrestored"):
        data[field] = tuple(data[field])
    return Outcome(**data)


def outcome_room(paths: t.Sequence[str]) -> int:
    """Bytes to reserve, so that the outcome can be written on a full disk."""
    return 8192 + 6 * sum(len(os.fsencode(path)) + 128 for path in paths)


def is_overdue(manifest: Manifest) -> bool:
    """True past the deadline, and after a reboot: nobody can confirm over a connection that a reboot has cut.

    Where no identity of a boot is known (FreeBSD without /proc), the clock tells, which begins anew with every boot.
    """
    now = clock()
    in_time = manifest.armed_clock <= now < manifest.armed_clock + manifest.timeout
    return manifest.boot != boot_identity() or not in_time


def is_unfinished(directory: str) -> bool:
    """True where arming never came to its end, so that nothing was changed on its account."""
    return os.path.exists(os.path.join(directory, ARMING))


def is_pending(outcome: Outcome | None) -> bool:
    """True before a restoration, and after one that could not restore every file."""
    return outcome is None or bool(outcome.failures)


def write_outcome(directory: str, outcome: Outcome) -> None:
    """Written over the reserved blanks, in place: this works on a full disk."""
    path = os.path.join(directory, OUTCOME)
    text = json.dumps(asdict(outcome)).encode("ascii")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        room = os.fstat(handle).st_size
        os.write(handle, text.ljust(room))
        os.fsync(handle)
    finally:
        os.close(handle)


__all__ = [
    "ARMING",
    "LOCK_SECONDS",
    "MANIFEST",
    "OUTCOME",
    "PARTING",
    "Busy",
    "Entry",
    "Manifest",
    "Outcome",
    "RestorerError",
    "boot_identity",
    "clock",
    "dump",
    "is_overdue",
    "is_pending",
    "is_unfinished",
    "load_manifest",
    "locked",
    "make_directories",
    "outcome_of",
    "outcome_room",
    "parting_of",
    "write_outcome",
]
