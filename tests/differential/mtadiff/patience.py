# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits that a busy machine keeps too: whoever waits here waits for an answer that comes, not for a verdict."""

from __future__ import annotations

import contextlib
import functools
import typing as t
from unittest import mock

from ansible_collections.postmaster.tls.plugins.module_utils import _run
from ansible_collections.postmaster.tls.plugins.module_utils._openssl import _oracle
from ansible_collections.postmaster.tls.plugins.module_utils._probe import _session

#: For a daemon to start, a command to end, and a server to answer.
SECONDS = 120.0
WHOLE_PROBE = 10 * SECONDS
run = functools.partial(_run.run, timeout=SECONDS)


@contextlib.contextmanager
def patient() -> t.Iterator[None]:
    """Let the library that is asked for the facts, and the servers that are probed, take as long."""
    asked = functools.partial(_oracle.start_library, timeout=SECONDS)
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(_oracle, "start_library", asked))
        for name in ("_CONNECT", "_BANNER", "_ANSWER", "_WHOLE"):
            stack.enter_context(mock.patch.object(_session, name, SECONDS))
        yield
