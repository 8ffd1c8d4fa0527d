# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of TLS 1.3 alone that misbehave behind the key exchange, where only a whole handshake sees it."""

from __future__ import annotations

import itertools
import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.tests.support import paper_tls13 as paper
from ansible_collections.postmaster.tls.tests.support import server_bytes as tls
from ansible_collections.postmaster.tls.tests.support.hostile_cases import TO_TLS
from ansible_collections.postmaster.tls.tests.support.hostile_server import React, Script

Pieces = t.Iterator[bytes]
Behaviour = t.Callable[[paper.PaperServer], Pieces]
_KEY_SHARE = b"\x00\x1d\x00\x20"
_VERSIONS = b"\x00\x2b"
_EMPTY, _LEAF, _VERIFY = paper.SOUND


def alone(behaviour: Behaviour) -> Script:
    """Refuse what is older, ask for a key share, and behave so when it comes."""

    def make(hello: bytes) -> Pieces:
        if _VERSIONS + b"\x00\x03\x02\x03\x04" not in hello and b"\x03\x04" not in hello[60:]:
            yield tls.alert(70)
        elif _KEY_SHARE not in hello:
            yield tls.record(tls.hello13(hello, suite=paper.CHACHA20))
        else:
            yield from behaviour(paper.PaperServer(hello))

    return (*TO_TLS, React(make))


def _after_hello(*messages: bytes, content: int = 22) -> Behaviour:
    def behaviour(server: paper.PaperServer) -> Pieces:
        yield server.server_hello()
        yield server.sealed(*messages, content=content)

    return behaviour


def _for_ever(*first: bytes, again: bytes, content: int = 22) -> Behaviour:
    def behaviour(server: paper.PaperServer) -> Pieces:
        yield server.server_hello()
        yield server.sealed(*first)
        while True:
            yield server.sealed(again, content=content)

    return behaviour


def _in_clear(make: t.Callable[[paper.PaperServer], bytes], *, again: bool = False) -> Behaviour:
    def behaviour(server: paper.PaperServer) -> Pieces:
        yield server.server_hello()
        piece = make(server)
        yield from itertools.repeat(piece) if again else (piece,)

    return behaviour


def _second_retry(server: paper.PaperServer) -> Pieces:
    """A HelloRetryRequest for the group whose share has just come."""
    del server
    body = tls.server_hello(
        paper.CHACHA20,
        tls.extension(43, b"\x03\x04"),
        tls.extension(51, b"\x00\x1d"),
        random=tls.RETRY_RANDOM,
    )
    yield tls.record(body)


def _staple(content: bytes) -> Behaviour:
    return _after_hello(_EMPTY, paper.certificate(b"leaf", extensions=paper.extension(5, content)))


def _names(count: int) -> bytes:
    listed = paper.vector(paper.vector(b"\x30\x00", 2) * count, 2)
    return paper.message(paper.REQUEST, b"\0" + paper.vector(paper.extension(47, listed), 2))


def _sound(*, request: bytes = b"") -> Behaviour:
    def behaviour(server: paper.PaperServer) -> Pieces:
        yield server.server_hello()
        asked = [request[at : at + 8000] for at in range(0, len(request), 8000)]
        yield server.sealed(_EMPTY, *asked, _LEAF, _VERIFY)
        yield server.finished()

    return behaviour


@dataclass(frozen=True)
class Case:
    """A script, and words of the sentence that must say why no certificate is known; empty where one is."""

    script: Script
    words: str


_TICKET = paper.message(paper.TICKET, bytes(64))
_HUGE = b"\x0b\xff\xff\xff" + bytes(8000)

CASES: t.Final[dict[str, Case]] = {
    name: Case(alone(behaviour), words)
    for name, (behaviour, words) in {
        "sound": (_sound(), ""),
        "request-of-10000-names": (_sound(request=_names(10000)), ""),
        "second-retry": (_second_retry, "group"),
        "zero-share": (lambda server: iter([server.server_hello(key=bytes(32))]), "degenerate"),
        "share-of-no-bytes": (lambda server: iter([server.server_hello(key=b"")]), "bytes"),
        "garbage-for-records": (
            _in_clear(lambda _server: tls.record(bytes(range(256)) * 60, 23)),
            "authenticate",
        ),
        "flight-in-clear": (
            _in_clear(lambda _server: tls.record(b"".join(paper.SOUND))),
            "encrypted",
        ),
        "change-cipher-specs-for-ever": (
            _in_clear(lambda _server: tls.record(b"\x01", 20) * 64, again=True),
            "records",
        ),
        "empty-records-for-ever": (_for_ever(_EMPTY, again=b"", content=23), "application data"),
        "warnings-for-ever": (_for_ever(_EMPTY, again=b"\x01\x70", content=21), "records"),
        "tickets-for-ever": (_for_ever(_EMPTY, again=_TICKET), "type 4"),
        "extensions-for-ever": (_for_ever(again=_EMPTY), "type 8"),
        "message-for-ever": (
            _for_ever(_EMPTY, b"\x0b\x01\xff\xf0", again=bytes(8000)),
            "certificate",
        ),
        "certificate-of-16-mib": (_for_ever(_EMPTY, again=_HUGE), "16777215"),
        "certificates-10000": (_after_hello(_EMPTY, paper.certificate(*([b"c"] * 2700))), "64"),
        "certificates-none": (_after_hello(_EMPTY, paper.certificate()), "certificate"),
        "certificate-empty": (_after_hello(_EMPTY, paper.certificate(b"")), "certificate"),
        "staple-past-its-end": (_staple(b"\x01\xff\xff\xff\x30"), "CertificateStatus"),
        "staple-of-0-bytes": (_staple(b""), "CertificateStatus"),
        "wrong-finished": (
            _after_hello(*paper.SOUND, paper.message(paper.FINISHED, bytes(32))),
            "Finished",
        ),
        "finished-of-0-bytes": (
            _after_hello(*paper.SOUND, paper.message(paper.FINISHED, b"")),
            "Finished",
        ),
        "silence-after-the-hello": (_after_hello(), "ended"),
    }.items()
}

__all__ = ["CASES", "Case", "alone"]
