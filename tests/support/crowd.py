# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts connections where they are opened and closed, in the engine; what its servers see lags behind."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._probe._connection import Connection


class Crowd:
    """How many connections the engine has open C(now), and the C(most) that it ever had at the same time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most = self.now = 0
        begin, close = Connection.__init__, Connection.close

        def counted_begin(connection: Connection, *given: t.Any, **more: t.Any) -> None:
            self.now += 1
            self.most = max(self.most, self.now)
            begin(connection, *given, **more)

        def counted_close(connection: Connection) -> None:
            self.now -= 1
            close(connection)

        monkeypatch.setattr(Connection, "__init__", counted_begin)
        monkeypatch.setattr(Connection, "close", counted_close)


__all__ = ["Crowd"]
