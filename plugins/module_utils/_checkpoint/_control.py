# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A checkpoint is armed, and then confirmed or restored: by a call, or by its watcher on the host."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import secrets
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint import (
    _kept,
    _record,
    _restorer,
    _snapshot,
    _watcher,
)
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._record import (
    Manifest,
    Outcome,
)
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._snapshot import Plan
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner

STATE_DIRECTORY: t.Final = "/var/lib/postmaster-tls/checkpoints"

_NAME: t.Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Result:
    """How a call ended. C(restored) are the files that differed and were put back; C(note) is for the user."""

    changed: bool
    state: str
    deadline: str | None = None
    paths: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    watcher: str | None = None
    token: str | None = None
    note: str | None = None
    diff: tuple[str, ...] = ()


@dataclass(frozen=True)
class Keeper:
    """Works on the checkpoints below one private directory; with C(check) it only says what it would do."""

    root: str
    run: Runner
    check: bool = False

    def arm(self, plan: Plan) -> Result:
        """Snapshot, and start the watcher. Raises CommandFailed while another checkpoint of that name is pending."""
        entries = _snapshot.examine(plan.paths)
        paths = tuple(entry.path for entry in entries)
        with self._locked(plan.name):
            note = self._clear_way(plan.name)
            if self.check:
                return Result(True, "armed", paths=paths, note=note)
            manifest = _snapshot.take(self.root, plan, token=secrets.token_hex(8))
            try:
                watcher = _watcher.start(self.run, self.root, manifest)
                _snapshot.finish(self._directory(plan.name))
            except BaseException:
                _snapshot.discard(self._directory(plan.name), manifest)
                raise
        deadline = when(manifest.deadline)
        return Result(
            True, "armed", deadline, paths, watcher=watcher, token=manifest.token, note=note
        )

    def settle(self, name: str) -> Result:
        """Restore what is overdue, so that nobody plans on it. Raises CommandFailed while a checkpoint is pending."""
        with self._locked(name):
            note = self._clear_way(name)
        return Result(note is not None, "settled", note=note)

    def see_pending(self, name: str, *, token: str) -> Result:
        """Raises CommandFailed unless the checkpoint of that arming still waits for its confirmation, and is not overdue."""
        with self._locked(name):
            return self._pending(name, token)

    @contextlib.contextmanager
    def while_pending(self, name: str, *, token: str) -> t.Iterator[None]:
        """Keeps the host from restoring itself while the caller writes. Raises CommandFailed like see_pending, before that."""
        with contextlib.ExitStack() as held:
            try:
                with self._told():
                    held.enter_context(self._lock_of(name))
                    self._pending(name, token)
            except CommandFailed as error:
                why = str(error).rstrip(".")
                raise CommandFailed(f"{why}, so nothing was written: run again.") from error
            yield

    def _pending(self, name: str, token: str) -> Result:
        manifest, outcome = self._read(name)
        if manifest is None or manifest.token != token:
            raise CommandFailed(f"{_gone(name)}.")
        if outcome is not None:
            raise CommandFailed(_too_late(manifest, outcome))
        if _record.is_overdue(manifest):
            raise CommandFailed(_overdue(name))
        return Result(False, "pending", when(manifest.deadline), _paths(manifest), token=token)

    def confirm(self, name: str, *, undoable: bool = False, token: str | None = None) -> Result:
        """Keep the change. Raises CommandFailed when the files have been restored already, or were due to be.

        With C(undoable) the snapshot is kept for C(undo), in place of an older one of that name. With the C(token) of
        an arming no other is confirmed.
        """
        note = None
        with self._locked(name):
            confirmed = token is not None and self._is_confirmed(name, token)
            manifest, outcome = self._read(name)
            if confirmed:
                return Result(False, "confirmed")
            if token and (manifest is None or manifest.token != token):
                raise CommandFailed(f"{_gone(name)}; nothing was done.")
            if manifest is None:
                return Result(False, "confirmed")
            if _record.is_pending(outcome) and _record.is_overdue(manifest):
                if self.check:
                    raise CommandFailed(_overdue(name))
                outcome = self._restore(manifest, reason="overdue", earlier=outcome)
            if outcome is not None:
                raise CommandFailed(_too_late(manifest, outcome))
            if not self.check:
                note = self._forget(manifest, undoable=undoable)
        return Result(True, "confirmed", paths=_paths(manifest), note=note)

    def restore(self, name: str, *, token: str | None = None) -> Result:
        """Put the files back now. Raises CommandFailed when a file cannot be restored or the command fails.

        With the C(token) of an arming, raises it also when that checkpoint is there no more, and puts back what was changed
        after the host had restored itself.
        """
        with self._locked(name):
            confirmed = token is not None and self._is_confirmed(name, token)
            manifest, outcome = self._read(name)
            if confirmed:
                raise CommandFailed(
                    f"The checkpoint {name} that was armed here was confirmed, and nothing was restored."
                )
            if token and (manifest is None or manifest.token != token):
                raise CommandFailed(f"{_gone(name)}; nothing was done.")
            if manifest is None:
                return Result(False, "restored", note=self._absent(name))
            differing = tuple(item.path for item in manifest.entries if _restorer.differs(item))
            if not _record.is_pending(outcome) and not (token and differing):
                done = outcome.differed if outcome else ()
                return Result(False, "restored", paths=_paths(manifest), restored=done)
            if self.check:
                return Result(True, "restored", paths=_paths(manifest), restored=differing)
            outcome = self._restore(manifest, reason="request")
        _raise_on_broken_files(manifest, outcome)
        if outcome.command_status:
            raise CommandFailed(
                f"The files of the checkpoint {name} were restored. {_command_failure(manifest, outcome)}"
            )
        return Result(True, "restored", paths=_paths(manifest), restored=outcome.differed)

    def undo(self, name: str) -> Result:
        """Take back the newest confirmed change that was kept. Raises CommandFailed if a file was edited since.

        Raises it, too, while a checkpoint of that name is pending; one that is overdue is restored first.
        """
        with self._locked(name):
            note = self._clear_way(name)
            manifest = _kept.load_kept(self.root, name)
            if manifest is None:
                return Result(note is not None, "undone", note=note)
            edited = _kept.edited_since(self.root, manifest)
            if edited:
                raise CommandFailed(
                    f"{', '.join(edited)} was edited after the change was confirmed, and nothing was undone: take those"
                    f" edits back first. To see them: {_kept.comparison(self.root, manifest, edited)}."
                )
            differing = tuple(item.path for item in manifest.entries if _restorer.differs(item))
            shown = _kept.differences(self.root, manifest)
            done = Result(True, "undone", None, _paths(manifest), differing, note=note, diff=shown)
            if self.check:
                return done
            outcome = _kept.undo(self.root, manifest)
        _raise_on_broken_files(manifest, outcome)
        if outcome.command_status:
            raise CommandFailed(
                f"The change {name} was undone. {_command_failure(manifest, outcome)}"
            )
        return replace(done, restored=outcome.differed)

    def _clear_way(self, name: str) -> str | None:
        """Restore what is overdue, and say so; refuse what is pending."""
        manifest, outcome = self._read(name)
        if manifest is None or not _record.is_pending(outcome):
            if manifest is not None and not self.check:
                _restorer.remove_waiting(manifest)
            return None
        if not _record.is_overdue(manifest):
            raise CommandFailed(
                f"The checkpoint {name} is already armed until {when(manifest.deadline)}: "
                "confirm or restore it first, or wait until the host has restored itself."
            )
        armed = when(manifest.armed_at)
        if self.check:
            return (
                f"The checkpoint {name}, armed at {armed}, is overdue and would be restored first."
            )
        outcome = self._restore(manifest, reason="overdue", earlier=outcome)
        _raise_on_broken_files(manifest, outcome)
        what = ", ".join(outcome.differed) or "no file differed"
        note = (
            f"The checkpoint {name}, armed at {armed}, was overdue and was restored first: {what}."
        )
        return f"{note} {_command_failure(manifest, outcome)}" if outcome.command_status else note

    def _restore(
        self, manifest: Manifest, *, reason: str, earlier: Outcome | None = None
    ) -> Outcome:
        directory = self._directory(manifest.name)
        outcome = _restorer.restore(
            directory, manifest, reason=reason, run_command=True, earlier=earlier
        )
        _watcher.cancel(self.run, manifest.name)
        return outcome

    def _forget(self, manifest: Manifest, *, undoable: bool) -> str | None:
        """The rename decides: from then on nothing restores, and what fails is but a note."""
        parting = _record.parting_of(self.root, manifest.name, manifest.token)
        os.rename(self._directory(manifest.name), parting)
        try:
            _restorer.sync_directory(self.root)
            _watcher.cancel(self.run, manifest.name)
            if undoable:
                _kept.keep(self.root, parting, manifest)
                return None
        except OSError as error:
            _snapshot.discard(parting, manifest)
            return (
                f"The change {manifest.name} is confirmed, but its snapshot could not be kept, so that it cannot be"
                f" undone: {error.strerror}."
            )
        _snapshot.discard(parting, manifest)
        return None

    def _is_confirmed(self, name: str, token: str) -> bool:
        """Whether that arming was the newest to be confirmed, even if the confirmation was killed after it had decided."""
        kept = _kept.load_kept(self.root, name)
        parting = _record.parting_of(self.root, name, token)
        return os.path.isdir(parting) or (kept is not None and kept.token == token)

    def _directory(self, name: str) -> str:
        return os.path.join(self.root, name)

    def _absent(self, name: str) -> str:
        """Said of a name without a checkpoint, so that a mistyped one is noticed."""
        there = os.listdir(self.root) if os.path.isdir(self.root) else []
        others = [one for one in sorted(there) if _NAME.fullmatch(one)]
        known = f"there is {', '.join(others)}" if others else "there is no other either"
        return f"There is no checkpoint {name} on this host, and nothing was restored; {known}."

    def _read(self, name: str) -> tuple[Manifest | None, Outcome | None]:
        """What there is; an arming that was killed is cleared away, since nobody changed anything on its account.

        A confirmation that was killed is brought to its end.
        """
        directory = self._directory(name)
        manifest = _record.load_manifest(directory)
        if manifest is None and not self.check:
            _kept.finish(self.root, name)
        if manifest is not None and _record.is_unfinished(directory):
            if not self.check:
                _snapshot.discard(directory, manifest)
            return None, None
        return manifest, _record.outcome_of(directory)

    @contextlib.contextmanager
    def _locked(self, name: str) -> t.Iterator[None]:
        with self._told(), self._lock_of(name):
            yield

    def _lock_of(self, name: str) -> contextlib.AbstractContextManager[None]:
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"'{name}' cannot be the name of a checkpoint: use letters, digits, '-' and '_', at most 64 of them."
            )
        if self.check and not os.path.isdir(self.root):
            return contextlib.nullcontext()
        _snapshot.private_directory(self.root)
        return _record.locked(self.root, name)

    @contextlib.contextmanager
    def _told(self) -> t.Iterator[None]:
        try:
            yield
        except _record.RestorerError as error:
            raise CommandFailed(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
        except OSError as error:
            where = error.filename or self.root
            advice = "; run with become" if isinstance(error, PermissionError) else ""
            raise CommandFailed(f"{where}: {error.strerror}{advice}.") from error


#: The option of a module by which it writes only while a checkpoint waits.
CHECKPOINT_OPTION: t.Final = {
    "type": "dict",
    "options": {
        "token": {"type": "str", "required": True, "no_log": False},
        "name": {"type": "str", "required": True},
        "state_directory": {"type": "path", "default": STATE_DIRECTORY},
    },
}


def while_pending(
    checkpoint: t.Mapping[str, str] | None, run: Runner
) -> contextlib.AbstractContextManager[None]:
    """What a module writes in: the lock of the checkpoint that CHECKPOINT_OPTION names, or nothing where it names none."""
    if checkpoint is None:
        return contextlib.nullcontext()
    keeper = Keeper(checkpoint["state_directory"], run)
    return keeper.while_pending(checkpoint["name"], token=checkpoint["token"])


def when(seconds: float) -> str:
    """ISO 8601 in UTC, to the second."""
    moment = datetime.datetime.fromtimestamp(seconds, tz=datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _paths(manifest: Manifest) -> tuple[str, ...]:
    return tuple(entry.path for entry in manifest.entries)


def _too_late(manifest: Manifest, outcome: Outcome) -> str:
    what = ", ".join(outcome.differed) or "no file differed"
    broken = f"; not restored: {'; '.join(outcome.failures)}" if outcome.failures else ""
    return (
        f"The checkpoint {manifest.name} can no longer be confirmed: its files were restored at "
        f"{when(outcome.restored_at)} ({outcome.reason}): {what}{broken}."
    )


def _overdue(name: str) -> str:
    return f"The checkpoint {name} can no longer be confirmed: it is overdue."


def _gone(name: str) -> str:
    return (
        f"The checkpoint {name} that was armed here is there no more: it was confirmed, or restored and another one was"
        " armed since"
    )


def _raise_on_broken_files(manifest: Manifest, outcome: Outcome) -> None:
    if outcome.failures:
        raise CommandFailed(
            f"The checkpoint {manifest.name} could not be restored completely: {'; '.join(outcome.failures)}."
        )


def _command_failure(manifest: Manifest, outcome: Outcome) -> str:
    first, _end, more = " ".join(manifest.command).partition("\n")
    command = f"{first} ..." if more else first
    return f"The command '{command}' ended with status {outcome.command_status}: {outcome.command_output}"


__all__ = ["CHECKPOINT_OPTION", "STATE_DIRECTORY", "Keeper", "Result", "when", "while_pending"]
