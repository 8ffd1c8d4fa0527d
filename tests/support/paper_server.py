# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server on paper: answers a ClientHello from a set of suites, without any library."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

HANDSHAKE_FAILURE = Alert(2, 40)
PROTOCOL_VERSION = Alert(2, 70)


@dataclass
class PaperServer:
    """``suites`` by version in the server's order; ``server_decides`` makes that order count."""

    suites: dict[Protocol, list[int]]
    server_decides: bool = False
    groups: tuple[int, ...] = (29, 23)
    chain: tuple[bytes, ...] = (b"leaf",)
    questions: list[ClientHello] = field(default_factory=list)

    def __call__(self, hello: ClientHello) -> Answer:
        self.questions.append(hello)
        versions = [version for version in hello.versions if version in self.suites]
        if not versions:
            return PROTOCOL_VERSION
        version = max(versions)
        ours, theirs = self.suites[version], hello.suites
        order: t.Sequence[int] = ours if self.server_decides else theirs
        picked = next((code for code in order if code in ours and code in theirs), None)
        group = next((code for code in hello.groups if code in self.groups), None)
        if picked is None or group is None:
            return HANDSHAKE_FAILURE
        clear = version < Protocol.TLSv1_3
        return ServerHello(version, picked, group, not clear, self.chain if clear else ())
