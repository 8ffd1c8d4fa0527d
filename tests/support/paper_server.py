# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server on paper: answers questions from a set of suites, without any library."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    ServerHello,
    SSLv2ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sslv2 import SSLv2Hello

HANDSHAKE_FAILURE = Alert(2, 40)
PROTOCOL_VERSION = Alert(2, 70)


@dataclass
class PaperServer:
    """``suites`` by version in the server's order; ``server_decides`` makes that order count.

    ``schemes`` are what it signs with, in the client's order; ``spoils`` are suites that end every hello with an
    internal error.
    """

    suites: dict[Protocol, list[int]]
    server_decides: bool = False
    groups: tuple[int, ...] = (29, 23)
    chain: tuple[bytes, ...] = (b"leaf",)
    schemes: tuple[int, ...] = (0x0804, 0x0401)
    spoils: dict[Protocol, frozenset[int]] = field(default_factory=dict)
    questions: list[t.Any] = field(default_factory=list)

    def __call__(self, question: t.Any) -> t.Any:
        self.questions.append(question)
        if isinstance(question, SSLv2Hello):
            listed = self.suites.get(Protocol.SSLv2)
            return SSLv2ServerHello(tuple(listed), b"old") if listed else PROTOCOL_VERSION
        if isinstance(question, FullHandshake):
            return self._whole(question)
        return self._clear(question)

    def _whole(self, question: FullHandshake) -> Answer:
        scheme = self._scheme(question.signature_algorithms)
        if question.version not in self.suites:
            return PROTOCOL_VERSION
        if scheme is None:
            return HANDSHAKE_FAILURE
        suite = self.suites[question.version][0]
        return ServerHello(question.version, suite, certificates=self.chain, signature=scheme)

    def _scheme(self, offered: t.Iterable[int]) -> int | None:
        return next((scheme for scheme in offered if scheme in self.schemes), None)

    def _clear(self, hello: ClientHello) -> Answer:
        versions = [version for version in hello.versions if version in self.suites]
        if not versions:
            return PROTOCOL_VERSION
        version = max(versions)
        if self.spoils.get(version, frozenset()).intersection(hello.suites):
            return Alert(2, 80)
        ours, theirs = self.suites[version], hello.suites
        order: t.Sequence[int] = ours if self.server_decides else theirs
        group = next((code for code in hello.groups if code in self.groups), None)
        usable = [code for code in order if code in ours and code in theirs]
        picked = next((c for c in usable if group is not None or not _curve(version, c)), None)
        if picked is None:
            return HANDSHAKE_FAILURE
        chosen = group if _curve(version, picked) else None
        if version >= Protocol.TLSv1_3:
            return ServerHello(version, picked, chosen, True)
        scheme = self._scheme(hello.signature_algorithms) if version == Protocol.TLSv1_2 else None
        if version == Protocol.TLSv1_2 and scheme is None:
            return HANDSHAKE_FAILURE
        return ServerHello(version, picked, chosen, False, self.chain, signature=scheme)


def _curve(version: Protocol, code: int) -> bool:
    suite = _suites.by_code(code)
    return version >= Protocol.TLSv1_3 or (suite is not None and suite.key_exchange == "ECDHE")
