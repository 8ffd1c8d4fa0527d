# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits for something that happens elsewhere or may never end, and fails the test when it does not come."""

from __future__ import annotations

import contextlib
import signal
import time
import typing as t

import pytest


def until(
    condition: t.Callable[[], t.Any], *, what: str, seconds: float = 180, pause: float = 0.2
) -> t.Any:
    """What the condition says as soon as it says anything but no; fails with what was waited for after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(pause)
    return found


@contextlib.contextmanager
def at_most(seconds: int) -> t.Iterator[None]:
    """TimeoutError where the test is after so many seconds."""

    def late(*_rest: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


__all__ = ["at_most", "until"]
