# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Puts a judged change into force: the sources are replaced, the system's own make builds, and the result must be the
judged one; otherwise every file that this writes is again what it was, byte for byte. What others do meanwhile stays.
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    PostmasterTlsError,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._replace import (
    Original,
    Replacement,
    put_back,
    read_original,
    replace_all,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._judge import body

#: What makes of Debian, Red Hat and FreeBSD write beside a file that they build, by what stands behind its name.
_BESIDE: t.Final = (".new", ".errors", ".old", ".bak")
_STOPPED: t.Final = re.compile(
    r"WARNING: |Stop\.$|\*\*\* Error code \d+|\w*make(?:\[\d+\])?: stopped in "
)


@dataclass(frozen=True)
class _Kept:
    """One file that a change may write, as it was: C(original) is None if there was none, C(link) where it pointed to."""

    path: str
    original: Original | None
    link: str


def go_live(
    run: Runner,
    *,
    replacements: t.Sequence[Replacement],
    make: t.Sequence[str],
    cf: str,
    expected: str,
    stale: t.Sequence[str] = (),
    rewritten: t.Sequence[str] = (),
) -> None:
    """Replace the files, run make, and compare the live sendmail.cf with the C(expected) text.

    C(stale) are the files that make shall build anew although they may be younger than their sources, C(rewritten) what
    make writes besides. Raises CommandFailed after every file that was written is as it was before.
    """
    sources = [_kept(one.original.path) for one in replacements]
    built = [_kept(path) for path in _written_by_make((cf, *stale, *rewritten))]
    try:
        put_back([one.original for one in replacements if not os.path.exists(one.original.path)])
        replace_all(replacements)
        for path in filter(os.path.exists, stale):
            os.utime(path, (0, 0))
        _build(run, make, stale)
        if body(read_original(cf).text) != body(expected):
            raise CommandFailed(
                f"'{' '.join(make)}' did not make the {cf} that was checked: look at what this Makefile runs"
            )
    except (PostmasterTlsError, OSError) as error:
        others = [
            one for one, wanted in zip(sources, replacements) if not _is_ours(one.path, wanted)
        ]
        _restore([one for one in (*sources, *built) if one not in others])
        but = "".join(f", but {one.path}, which somebody else changed meanwhile" for one in others)
        raise CommandFailed(f"{_said(error)}; every file is again as it was{but}.") from error


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'} cannot be written: {error.strerror}"
    return str(error).rstrip(".")


def _build(run: Runner, make: t.Sequence[str], stale: t.Sequence[str]) -> None:
    """Run make; raises CommandFailed where it fails, or leaves a file as old as it was."""
    if not make:
        return
    done = run(make)
    if done.code != 0:
        words = _last_words(done.stderr) or _last_words(done.stdout) or "nothing"
        raise CommandFailed(f"'{' '.join(make)}' failed and says: {words}")
    for path in stale:
        if not os.path.exists(path) or not os.stat(path).st_mtime:
            raise CommandFailed(
                f"'{' '.join(make)}' did not make {path}: look at what this Makefile runs"
            )


def _last_words(printed: str) -> str:
    """The last line that is not make's own about having stopped; BSD make prints the command that failed before it."""
    lines = [line.strip() for line in printed.splitlines()]
    return next((one for one in reversed(lines) if one and not _STOPPED.match(one)), "")


def _written_by_make(paths: t.Iterable[str]) -> list[str]:
    """The files that make builds, and what it writes on the way: access.new.db for access.db, too."""
    found: list[str] = []
    for path in paths:
        stem, suffix = os.path.splitext(path)
        found += [path, f"{stem}.new{suffix}", *(path + behind for behind in _BESIDE)]
        found += [f"{stem}.pag"] if suffix == ".dir" else []
    return list(dict.fromkeys(found))


def _kept(path: str) -> _Kept:
    link = os.readlink(path) if os.path.islink(path) else ""
    return _Kept(path, read_original(path) if os.path.isfile(path) else None, link)


def _is_ours(path: str, replacement: Replacement) -> bool:
    """Whether a source has what was read or written here; one that has gone counts, as it is put back."""
    if not os.path.lexists(path):
        return True
    try:
        now = read_original(path)
    except PostmasterTlsError:
        return False
    return now.content in (replacement.content, replacement.original.content)


def _restore(files: t.Iterable[_Kept]) -> None:
    for one in files:
        with contextlib.suppress(OSError):
            linked = os.readlink(one.path) if os.path.islink(one.path) else ""
            if linked != one.link or (one.original is None and os.path.isfile(one.path)):
                os.unlink(one.path)
            if one.link and linked != one.link:
                os.symlink(one.link, one.path)
        if one.original and not _same(one.original):
            put_back([one.original])


def _same(one: Original) -> bool:
    try:
        now = read_original(one.path)
    except PostmasterTlsError:
        return False
    return now.content == one.content and now.status.st_mtime_ns == one.status.st_mtime_ns


__all__ = ["go_live"]
