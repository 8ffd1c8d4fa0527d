# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Puts a judged change into force: the sources are replaced, the system's own make builds, and the result must be the
judged one; otherwise every file below /etc/mail is again what it was, byte for byte.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    PostmasterTlsError,
)
from ansible_collections.postmaster.tls.plugins.module_utils._replace import (
    Original,
    Replacement,
    put_back,
    read_original,
    replace_all,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._judge import body

_LARGEST: t.Final = 16 << 20


def go_live(
    run: Runner,
    *,
    replacements: t.Sequence[Replacement],
    make: t.Sequence[str],
    cf: str,
    expected: str,
    stale: t.Sequence[str] = (),
    template: str = "",
) -> None:
    """Replace the files, run make, and compare the live sendmail.cf with the C(expected) text.

    C(stale) are the files that make shall build anew although they may be younger than their sources, C(template) what a
    file is copied from that is not there yet. Raises CommandFailed after everything is as it was before.
    """
    directories = {os.path.dirname(one.original.target) for one in replacements}
    directories |= {os.path.dirname(path) for path in (cf, *stale)}
    before = [one for path in sorted(directories) for one in _kept(path)]
    known = {one.path for one in before}
    try:
        _begin(replacements, template)
        replace_all(replacements)
        for path in filter(os.path.exists, stale):
            os.utime(path, (0, 0))
        _build(run, make, stale)
        if body(read_original(cf).text) != body(expected):
            raise CommandFailed(
                f"'{' '.join(make)}' did not make the {cf} that was checked: look at what this Makefile runs"
            )
    except PostmasterTlsError as error:
        _restore(before, known, directories)
        raise CommandFailed(f"{str(error).rstrip('.')}; every file is again as it was.") from error


def _begin(replacements: t.Sequence[Replacement], template: str) -> None:
    """Copy the template, with its time, to where a file is replaced that is not there yet."""
    for one in replacements:
        if template and not os.path.exists(one.original.path):
            shutil.copy2(template, one.original.path)


def _build(run: Runner, make: t.Sequence[str], stale: t.Sequence[str]) -> None:
    """Run make; raises CommandFailed where it fails, or leaves a file as old as it was."""
    if not make:
        return
    done = run(make)
    if done.code != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["nothing"]
        raise CommandFailed(f"'{' '.join(make)}' failed and says: {words[0]}")
    for path in stale:
        if not os.path.exists(path) or not os.stat(path).st_mtime:
            raise CommandFailed(
                f"'{' '.join(make)}' did not make {path}: look at what this Makefile runs"
            )


def _kept(directory: str) -> list[Original]:
    """Every regular file of a directory, read as it is."""
    found = []
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        with contextlib.suppress(OSError):
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST:
                found.append(read_original(path))
    return found


def _restore(
    before: t.Sequence[Original], known: t.Container[str], directories: t.Iterable[str]
) -> None:
    put_back([one for one in before if not _same(one)])
    for directory in directories:
        for new in _kept(directory):
            if new.path not in known:
                with contextlib.suppress(OSError):
                    os.unlink(new.path)


def _same(one: Original) -> bool:
    try:
        now = read_original(one.path)
    except PostmasterTlsError:
        return False
    return now.content == one.content and now.status.st_mtime_ns == one.status.st_mtime_ns


__all__ = ["go_live"]
