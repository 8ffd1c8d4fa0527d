# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of an instance of which only files are left."""

from __future__ import annotations

import contextlib
import errno
import functools
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    chains_among,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Libraries
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._describe import Disk
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._facts import (
    Callers,
    Describer,
    PostfixFacts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._saved import (
    Saved,
    saved_instance,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner

_SAVED: t.Final = (
    "these are saved files of another host: its library was not asked, and keys were not looked at."
)


def saved_facts(given: t.Mapping[str, t.Any], run: Runner, callers: Callers = ()) -> PostfixFacts:
    """The facts of an instance that was saved elsewhere; nothing of this host is looked at.

    Raises InvalidInput where the version is missing or master.cf has no service.
    """
    saved = Saved(**given)

    def read(path: str) -> str:
        if path not in saved.files:
            raise FileNotFoundError(errno.ENOENT, "not among the saved files", path)
        return saved.files[path]

    facts = PostfixFacts()
    disk = Disk(functools.partial(chains_among, saved.files), read)
    with contextlib.ExitStack() as stack:
        libraries = Libraries(run, stack, absent=_SAVED)
        Describer(facts, libraries, None, disk, callers).describe(saved_instance(saved))
    for instance in facts.instances:
        instance["library"]["version"] = saved.openssl or None
    return facts


__all__ = ["saved_facts"]
