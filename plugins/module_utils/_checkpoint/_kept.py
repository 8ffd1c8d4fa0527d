# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The snapshot of a confirmed change, kept so that the change can be undone later: one for each name, the newest."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import stat
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._changed_lines import changed_lines
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint import _record, _restorer
from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._record import (
    Entry,
    Manifest,
    Outcome,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import CommandFailed

CONFIRMED: t.Final = "confirmed.json"


def directory_of(root: str, name: str) -> str:
    """Where the kept snapshot of a name lies; a name cannot begin with a dot, so this is no checkpoint."""
    return os.path.join(root, f".{name}.kept")


def finish(root: str, name: str) -> None:
    """Bring to its end what a confirmation that was killed has left. To be called with the lock held and nothing pending."""
    for entry in sorted(os.listdir(root)) if os.path.isdir(root) else ():
        directory = os.path.join(root, entry)
        if not (entry.startswith(f".{name}.") and entry.endswith(_record.PARTING)):
            continue
        manifest = _record.load_manifest(directory)
        if manifest is not None:
            _restorer.remove_waiting(manifest)
        if os.path.exists(os.path.join(directory, CONFIRMED)):
            _replace(root, directory, name)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def keep(root: str, directory: str, manifest: Manifest) -> None:
    """Turn a checkpoint that was just confirmed into the kept snapshot of its name, in place of an older one."""
    digests = {entry.path: _restorer.file_digest(entry.path) for entry in manifest.entries}
    record = os.path.join(directory, CONFIRMED)
    handle = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
        json.dump(digests, stream)
        stream.flush()
        os.fsync(stream.fileno())
    _restorer.remove_waiting(manifest)
    _replace(root, directory, manifest.name)


def _replace(root: str, directory: str, name: str) -> None:
    kept = directory_of(root, name)
    shutil.rmtree(kept, ignore_errors=True)
    os.rename(directory, kept)


def load_kept(root: str, name: str) -> Manifest | None:
    """The manifest of the kept snapshot; None if no change of that name was kept, or it was undone already."""
    return _record.load_manifest(directory_of(root, name))


def edited_since(root: str, manifest: Manifest) -> tuple[str, ...]:
    """The files that somebody changed after the change was confirmed: to undo it would take their edits back, too."""
    path = os.path.join(directory_of(root, manifest.name), CONFIRMED)
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            digests = json.load(stream)
    except (OSError, ValueError) as error:
        raise CommandFailed(f"{path} cannot be read: {error}; nothing was undone.") from error
    return tuple(entry.path for entry in manifest.entries if _is_edited(entry, digests))


def _is_edited(entry: Entry, digests: t.Mapping[str, str | None]) -> bool:
    """A file that is already as it was before was put back by an undoing that did not come to its end."""
    before = entry.sha256 if entry.present else None
    return _restorer.file_digest(entry.path) not in (before, digests.get(entry.path))


def comparison(root: str, manifest: Manifest, paths: t.Collection[str]) -> str:
    """Commands that show what these files have that those of before have not, and the reverse."""
    directory = directory_of(root, manifest.name)
    return "; ".join(
        shlex.join(("diff", "-u", os.path.join(directory, entry.copy), entry.path))
        if entry.present
        else f"{entry.path} was not there"
        for entry in manifest.entries
        if entry.path in paths
    )


def differences(root: str, manifest: Manifest) -> tuple[str, ...]:
    """The lines that undoing would change, of each file that differs; of one that not everybody may read, how to see them."""
    return tuple(
        _difference(root, manifest, entry) for entry in manifest.entries if _restorer.differs(entry)
    )


def _difference(root: str, manifest: Manifest, entry: Entry) -> str:
    copy = os.path.join(directory_of(root, manifest.name), entry.copy)
    try:
        public = bool(os.stat(entry.path).st_mode & entry.mode & stat.S_IROTH)
        texts = [_text(path) for path in (entry.path, copy)] if public and entry.present else []
    except OSError:
        texts = []
    if not texts or "\0" in "".join(texts):
        return f"{entry.path} differs; to see how: {comparison(root, manifest, {entry.path})}\n"
    return changed_lines(entry.path, *texts)


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def undo(root: str, manifest: Manifest) -> Outcome:
    """Put the files back as they were before the change and run its command. To be called with the lock held.

    The kept snapshot is used up when every file is back.
    """
    directory = directory_of(root, manifest.name)
    outcome = _restorer.restore(directory, manifest, reason="undo", run_command=True)
    if not outcome.failures:
        shutil.rmtree(directory, ignore_errors=True)
    return outcome


__all__ = [
    "comparison",
    "differences",
    "directory_of",
    "edited_since",
    "finish",
    "keep",
    "load_kept",
    "undo",
]
